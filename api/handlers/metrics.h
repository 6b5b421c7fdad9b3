// Numbers of the HTTP side, and /metrics: those and the engine's in Prometheus' text format.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/histogram.h"
#include "engine/runtime/engine.h"

namespace fermata {

// Of the deliveries to webhooks; what is counted is so since the server has started.
struct WebhookStats {
  std::uint64_t delivered = 0, failed_tries = 0, given_up = 0, disabled = 0;
  std::vector<DeliveryCount> deliveries{};  // as they are now
  std::int64_t failing = 0;                 // webhooks: enabled ones whose last try failed
  std::int64_t failing_since_us = 0;        // of the one that fails longest; 0 = none fails
};

class HttpMetrics {
 public:
  // One answered request. `route` is the pattern ("/v1/instances/{id}"), never the path.
  void Count(const std::string& method, const std::string& route, int status, double seconds);

  // The whole of /metrics.
  std::string Text(const EngineStats& stats, bool ready, const std::vector<JobCount>& jobs,
                   const std::vector<IncidentCount>& incidents, const std::optional<WebhookStats>& webhooks = {}) const;

 private:
  // Upper bounds in seconds; a long poll may take a minute.
  inline static const std::vector<double> kBuckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                      0.05,   0.1,   0.5,    1,     10,   60};

  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, std::map<int, std::uint64_t>>> requests_;  // route, method, status
  std::map<std::string, Histogram> latencies_;                                           // by route
};

}  // namespace fermata
