// Whether a database is the benchmark's own: it takes part in what runs there, so nothing else may.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace fermata {

// No host is called so: benchmarks that share a database tell each other from servers by it.
inline constexpr std::string_view kBenchNodePrefix = "_bench:";

// What else is there, as "the process 'orders'" or "the server 'db1:8080'"; empty if nothing is. Looks only. `process`: the benchmark's.
Result<std::string> OtherUseOf(const std::string& connection, const std::string& process);

}  // namespace fermata
