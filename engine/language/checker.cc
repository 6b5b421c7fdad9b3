#include "engine/language/checker.h"

namespace fermata {

void CheckDefinition(const ParsedDefinition&, const std::vector<std::string>&, Report&) {}

}  // namespace fermata
