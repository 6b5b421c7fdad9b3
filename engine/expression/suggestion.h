// "Did you mean …": the nearest of some names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fermata {

// The candidate that a slip of the fingers would turn into `name`; nullopt if none is near. The first of equally near ones.
std::optional<std::string> NearestName(std::string_view name, const std::vector<std::string>& candidates);

// "did you mean 'refund'?", or empty.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace fermata
