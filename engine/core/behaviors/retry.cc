// Which failed tries are repeated, and when. language.md 11.6.
#include <algorithm>
#include <cmath>

#include "engine/core/behaviors/behaviors.h"

namespace fermata {
namespace {

bool IsRetried(const RetryPolicy& policy, const RaisedError& error) {
  if (policy.on.empty()) return error.error_class == ErrorClass::kTechnical;
  for (const std::string& name : policy.on) {
    if (name == error.error.name) return true;
    if (name == "technical" && error.error_class == ErrorClass::kTechnical) return true;
    if (name == "any" && error.error_class == ErrorClass::kBusiness) return true;
  }
  return false;
}

}  // namespace

bool BeginsAnew(const Machine& machine, const std::string& operation, const std::string& began_under,
                bool by_operator) {
  return by_operator && !began_under.empty() && FindOperation(machine.definition().manifests, operation) != nullptr;
}

RaisedError ToError(const Outcome& outcome) {
  if (const auto* business = std::get_if<BusinessFailure>(&outcome))
    return {{business->name, business->message, business->data}, ErrorClass::kBusiness, false};
  const auto* technical = std::get_if<TechnicalFailure>(&outcome);
  FERMATA_ASSERT(technical != nullptr);
  return {{std::string(TechnicalErrorName(technical->error)), technical->message, technical->data},
          ErrorClass::kTechnical,
          false};
}

RetryChoice ChooseRetry(const RetryPolicy& policy, const Outcome& outcome, std::int64_t tries, std::uint64_t random) {
  if (policy.attempts != 0 && tries >= policy.attempts) return {};
  if (!IsRetried(policy, ToError(outcome))) return {};
  const double most = static_cast<double>(policy.max_ms);
  double wait = static_cast<double>(policy.first_ms) * std::pow(policy.factor, static_cast<double>(tries - 1));
  if (!(wait < most)) wait = most;
  const double share = static_cast<double>(random >> 11) / static_cast<double>(std::uint64_t{1} << 53);
  wait *= 1 - std::clamp(policy.jitter, 0.0, 1.0) * share;
  std::int64_t wait_us = static_cast<std::int64_t>(wait * 1000);
  if (const auto* technical = std::get_if<TechnicalFailure>(&outcome))
    wait_us = std::max(wait_us, std::min(technical->retry_after_ms, kRetryMaxDefaultMs) * 1000);
  return {true, wait_us};
}

}  // namespace fermata
