// The command line of `fermata test` and `fermata new`.
#pragma once

#include "api/cli/new.h"
#include "api/cli/test.h"

namespace CLI {
class App;
}

namespace fermata {

// `options` must outlive `command`.
void DescribeTest(CLI::App& command, TestOptions& options);
void DescribeNew(CLI::App& command, NewOptions& options);

// As `options` says: once, or again after each change until the process is ended.
int RunTestOrWatch(const TestOptions& options);

}  // namespace fermata
