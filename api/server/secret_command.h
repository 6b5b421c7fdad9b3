// `fermata secret`: makes encryption keys, and keeps secrets in a file that is encrypted by them.
#pragma once

#include "api/cli/command_line.h"

namespace fermata {

// Gives the exit code. The value of `set` comes from stdin, so that no process list and no history of a shell has it.
int RunSecret(const SecretOptions& options);

}  // namespace fermata
