// `fermata verify`, `backup`, `export` and `import`.
#pragma once

#include "api/cli/store_commands.h"

namespace fermata {

// Gives the exit code. What was found or done goes to stdout, how far it has got to a terminal on stderr.
int RunStore(const StoreCommand& command);

}  // namespace fermata
