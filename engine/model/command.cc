#include "engine/model/command.h"

namespace fermata {

std::string JobId::ToString() const { return std::to_string(activation) + (undo ? "-undo" : ""); }

}  // namespace fermata
