#include "engine/base/error_code.h"

namespace fermata {

std::string FormatErrorCode(ErrorCode code) {
  std::string digits = std::to_string(static_cast<int>(code));
  return "FM-" + std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

}  // namespace fermata
