// templates/process.schema.json as part of the binary.
#pragma once

#include <string_view>

namespace fermata {

std::string_view ProcessSchemaText();

}  // namespace fermata
