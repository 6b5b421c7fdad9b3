// `fermata bench chain5`: how many processes of five calls this machine carries.
#pragma once

#include "api/cli/command_line.h"

namespace fermata {

// Prints one JSON object (docs/cli.md explains its fields) and gives the exit code.
int RunBench(const BenchOptions& options);

}  // namespace fermata
