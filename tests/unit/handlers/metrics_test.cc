// What is measured, and that dashboard and alerts ask for nothing else.
#include "api/handlers/metrics.h"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace fermata {
namespace {

std::set<std::string> NamesIn(const std::string& text) {
  std::set<std::string> names;
  static const std::regex kName("fermata_[a-z_]+");
  for (std::sregex_iterator at(text.begin(), text.end(), kName), end; at != end; ++at) names.insert(at->str());
  return names;
}

std::string Everything() {
  EngineStats stats;
  Histogram histogram({0.5, 1});
  histogram.Observe(0.7);
  stats.commit_seconds = stats.commit_decisions = stats.timer_lag_seconds = histogram.Read();
  HttpMetrics metrics;
  metrics.Count("GET", "/v1/instances", 200, 0.002);
  return metrics.Text(
      stats, true, {{"default", "store.pack", 1, 2, 3}}, {{"default", "order", "pay", 4}},
      WebhookStats{1, 2, 3, 4, {{"wh-1", "failed", 5, 6}, {"wh-1", "pending", 7, 8'000'000}}, 2, 9'000'000});
}

TEST(Metrics, DashboardAndAlertsAskForWhatIsMeasured) {
  const std::set<std::string> measured = NamesIn(Everything());
  for (const char* file : {"grafana-dashboard.json", "alerts.yml"}) {
    std::ifstream stream(std::string(FERMATA_SOURCE_DIR "/examples/monitoring/") + file);
    std::stringstream text;
    text << stream.rdbuf();
    const std::set<std::string> asked = NamesIn(text.str());
    EXPECT_GE(asked.size(), 8u) << file;
    for (const std::string& name : asked) EXPECT_TRUE(measured.count(name)) << file << ": " << name;
  }
}

TEST(Metrics, OpenIncidentsAreToldByProcessAndState) {
  EXPECT_NE(Everything().find(R"(fermata_open_incidents{tenant="default",process="order",state="pay"} 4)"),
            std::string::npos)
      << Everything();
}

TEST(Metrics, DeliveriesToWebhooksAreToldByWhatBecameOfThem) {
  const std::string text = Everything();
  for (const char* line :
       {"fermata_webhook_delivered_total 1", "fermata_webhook_failed_tries_total 2", "fermata_webhook_given_up_total 3",
        "fermata_webhook_disabled_total 4", "fermata_webhook_pending 7", "fermata_webhook_failed 5",
        "fermata_webhook_oldest_pending_timestamp_seconds 8\n", "fermata_webhook_failing 2",
        "fermata_webhook_failing_since_timestamp_seconds 9\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
}

TEST(Metrics, BucketsAreCumulative) {
  const std::string text = Everything();
  EXPECT_NE(text.find("fermata_commit_seconds_bucket{le=\"0.5\"} 0"), std::string::npos) << text;
  EXPECT_NE(text.find("fermata_commit_seconds_bucket{le=\"1\"} 1"), std::string::npos);
  EXPECT_NE(text.find("fermata_commit_seconds_bucket{le=\"+Inf\"} 1"), std::string::npos);
}

}  // namespace
}  // namespace fermata
