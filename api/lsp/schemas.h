// templates/process.schema.json and templates/scenarios.schema.json as parts of the binary.
#pragma once

#include <string_view>

namespace fermata {

std::string_view ProcessSchemaText();
std::string_view ScenarioSchemaText();

}  // namespace fermata
