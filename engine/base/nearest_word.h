// "did you mean": the known word that a mistyped one was probably meant to be. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fermata {

// The candidate with the fewest edits (inserting, deleting, replacing, swapping neighbours), if they are few for the word's length;
// of equals the first. "" if nothing is near. Case counts as no edit.
std::string NearestWord(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace fermata
