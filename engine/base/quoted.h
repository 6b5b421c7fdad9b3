// Names in sentences. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fermata {

// 'a'
std::string Quoted(std::string_view name);
// 'a', 'b'; "" if there is none.
std::string QuotedList(const std::vector<std::string>& names);
// 'a', 'b' and 'c'; "" if there is none.
std::string QuotedTogether(const std::vector<std::string>& names);

}  // namespace fermata
