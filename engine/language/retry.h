// Parses `retry`, in states and in manifests.
#pragma once

#include <optional>

#include "engine/language/report.h"
#include "engine/model/manifest.h"

namespace fermata {

// none, forever or {attempts, first, factor, max, jitter, on}. `base` is the manifest's policy (null if there is none), which `forever` takes over.
std::optional<RetryPolicy> ReadRetry(const Node& node, const RetryPolicy* base, Report& report);

}  // namespace fermata
