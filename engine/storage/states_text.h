// How the list of active states stands in one column: "\nouter\ninner\n", so that "\nname\n" finds a name. Names have no line ends.
//
// Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fermata {

std::string JoinStates(const std::vector<std::string>& states);
std::vector<std::string> SplitStates(std::string_view text);

}  // namespace fermata
