#include "engine/language/retry.h"

#include "engine/language/codes.h"
#include "engine/language/fields.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr std::int64_t kAttemptsMax = 1'000'000;
constexpr double kFactorMax = 1'000;

}  // namespace

std::optional<RetryPolicy> ReadRetry(const Node& node, const RetryPolicy* base, Report& report) {
  if (node.is_string() && node.text == "none") return RetryPolicy{};
  if (node.is_string() && node.text == "forever") {
    RetryPolicy policy = base ? *base : RetryPolicy{};
    policy.attempts = 0;
    return policy;
  }
  if (!node.is_map()) {
    report.Error(
        kWrongKind, node,
        "Expected none, forever or {attempts, first, factor, max, jitter, on}, but there is " + node.Describe() + ".");
    return std::nullopt;
  }
  CheckKeys(node, {"attempts", "first", "factor", "max", "jitter", "on"}, "'retry'", report);
  RetryPolicy policy;
  policy.first_ms = kRetryFirstDefaultMs;
  policy.max_ms = kRetryMaxDefaultMs;
  if (!node.Find("attempts"))
    report.Error(kMissingKey, node, "Expected 'attempts' in 'retry', but it is missing.",
                 "attempts counts all tries; for no end write: retry: forever");
  for (const NodeEntry& entry : node.entries) {
    if (entry.key == "attempts")
      policy.attempts = ReadInteger(entry.value, 1, kAttemptsMax, "a number of tries", report).value_or(1);
    if (entry.key == "first") policy.first_ms = ReadSpan(entry.value, report).value_or(0);
    if (entry.key == "factor")
      policy.factor = ReadNumber(entry.value, 1, kFactorMax, "a factor of at least 1", report).value_or(1);
    if (entry.key == "max") policy.max_ms = ReadSpan(entry.value, report).value_or(0);
    if (entry.key == "jitter") policy.jitter = ReadNumber(entry.value, 0, 1, "a share from 0 to 1", report).value_or(0);
    if (entry.key != "on") continue;
    if (!entry.value.is_list())
      report.Error(kWrongKind, entry.value, "Expected a list of errors, but there is " + entry.value.Describe() + ".");
    for (const Node& item : entry.value.items)
      if (auto name = ReadName(item, "the name of an error", report)) policy.on.push_back(std::move(*name));
  }
  return policy;
}

}  // namespace fermata
