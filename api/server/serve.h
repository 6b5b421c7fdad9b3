// `fermata serve`: puts the server together, runs it until SIGTERM or SIGINT, and takes it apart in order.
#pragma once

#include <string>

#include "api/cli/command_line.h"

namespace fermata {

// Gives the exit code. To be called from main: it takes the process's signals.
int Serve(const ServeOptions& options, const std::string& version);

}  // namespace fermata
