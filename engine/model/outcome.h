// What came of one outside call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "engine/model/value.h"

namespace fermata {

struct JobSuccess {
  Value output;
  friend bool operator==(const JobSuccess&, const JobSuccess&) = default;
};

// A refusal that the process knows by name: one of the manifest's `errors`. Never retried unless the process says so.
struct BusinessFailure {
  std::string name;
  std::string message;
  Value data;
  friend bool operator==(const BusinessFailure&, const BusinessFailure&) = default;
};

enum class TechnicalError { kUnavailable, kTimeout, kInvalidResponse, kInternal };

// Something broke: the engine retries by policy, then raises an incident. The message must hold no secret.
struct TechnicalFailure {
  TechnicalError error = TechnicalError::kInternal;
  std::string message;
  std::int64_t retry_after_ms = 0;  // the service's own wish (Retry-After); 0 = none
  Value data{};                     // what `error.data` shows
  friend bool operator==(const TechnicalFailure&, const TechnicalFailure&) = default;
};

using Outcome = std::variant<JobSuccess, BusinessFailure, TechnicalFailure>;

// "unavailable", "timeout", "invalid-response", "internal".
std::string_view TechnicalErrorName(TechnicalError error);

}  // namespace fermata
