// What an editor asks of a place in a scenario file. Positions are bytes of its text.
//
// Reads what was understood last of the processes beside the file, so it answers while one of them is being typed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "api/lsp/answers.h"

namespace fermata {

Suggestions CompleteScenario(const OpenFile& file, std::size_t offset, Workspace& workspace);
std::optional<std::string> HoverScenario(const OpenFile& file, std::size_t offset, Workspace& workspace);

}  // namespace fermata
