#include "engine/model/outcome.h"

namespace fermata {

std::string_view TechnicalErrorName(TechnicalError error) {
  switch (error) {
    case TechnicalError::kUnavailable:
      return "unavailable";
    case TechnicalError::kTimeout:
      return "timeout";
    case TechnicalError::kInvalidResponse:
      return "invalid-response";
    case TechnicalError::kInternal:
      return "internal";
  }
  return "internal";
}

}  // namespace fermata
