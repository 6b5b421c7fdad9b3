// How a command ended, for scripts. docs/cli.md lists them.
#pragma once

namespace fermata {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed =
    1;  // the thing asked about is wrong: errors in files, failed scenarios, a server that could not start
inline constexpr int kExitUsage = 2;        // the command line is wrong, or names a file that cannot be read
inline constexpr int kExitUnreachable = 3;  // no server answers
inline constexpr int kExitRefused = 4;      // the server refused the request

}  // namespace fermata
