#include "api/handlers/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace fermata {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily Counter(const std::string& name, const std::string& help, std::uint64_t value) {
  ClientMetric metric;
  metric.counter.value = static_cast<double>(value);
  return {name, help, MetricType::Counter, {metric}};
}

MetricFamily Gauge(const std::string& name, const std::string& help, double value) {
  ClientMetric metric;
  metric.gauge.value = value;
  return {name, help, MetricType::Gauge, {metric}};
}

ClientMetric MetricOf(const Histogram::Reading& reading) {
  ClientMetric metric;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < reading.counts.size(); ++i) {
    sum += reading.counts[i];
    metric.histogram.bucket.push_back(
        {sum, i < reading.bounds.size() ? reading.bounds[i] : std::numeric_limits<double>::infinity()});
  }
  metric.histogram.sample_count = sum;
  metric.histogram.sample_sum = reading.sum;
  return metric;
}

MetricFamily Distribution(const std::string& name, const std::string& help, const Histogram::Reading& reading) {
  return {name, help, MetricType::Histogram, {MetricOf(reading)}};
}

std::vector<MetricFamily> EngineFamilies(const EngineStats& stats, bool ready) {
  return {
      Gauge("fermata_ready", "1 while the engine takes commands.", ready ? 1 : 0),
      Counter("fermata_instances_started_total", "Instances started.", stats.started),
      Counter("fermata_instances_completed_total", "Instances completed.", stats.completed),
      Counter("fermata_instances_failed_total", "Instances failed.", stats.failed),
      Counter("fermata_instances_cancelled_total", "Instances cancelled.", stats.cancelled),
      Counter("fermata_decisions_total", "Decisions taken.", stats.decisions),
      Counter("fermata_commits_total", "Transactions committed.", stats.commits),
      Counter("fermata_commit_failures_total", "Transactions that failed or whose outcome is unknown.",
              stats.commit_failures),
      Counter("fermata_refused_full_total", "Commands refused because an inbox was full.", stats.refused_full),
      Counter("fermata_events_accepted_total", "Events accepted.", stats.events_accepted),
      Counter("fermata_jobs_dispatched_total", "Outside calls handed out, each try.", stats.jobs_dispatched),
      Counter("fermata_timers_fired_total", "Timers fired.", stats.timers_fired),
      Counter("fermata_incidents_opened_total", "Incidents opened.", stats.incidents_opened),
      Counter("fermata_losses_found_total", "Timers, jobs, subscriptions and children that the auditor found missing.",
              stats.losses_found),
      Gauge("fermata_instances_held", "Instances with calls that wait for the end of a pause.",
            static_cast<double>(stats.instances_held)),
      Distribution("fermata_commit_seconds", "From handing a batch to storage until it is durable, or failed.",
                   stats.commit_seconds),
      Distribution("fermata_commit_decisions", "Decisions in one transaction.", stats.commit_decisions),
      Distribution("fermata_timer_lag_seconds", "How late timers fire.", stats.timer_lag_seconds),
      Gauge("fermata_inbox_depth", "Commands waiting for a shard.", static_cast<double>(stats.inbox_depth)),
      Gauge("fermata_jobs_in_flight", "Outside calls queued or running.", static_cast<double>(stats.jobs_in_flight)),
      Gauge("fermata_timers_armed", "Timers in memory.", static_cast<double>(stats.timers_armed)),
      Gauge("fermata_instances_cached", "Instances in memory.", static_cast<double>(stats.instances_cached)),
      Gauge("fermata_nodes", "Servers that share the storage.", static_cast<double>(stats.nodes)),
      Gauge("fermata_shards_owned", "Shards that this server owns.", static_cast<double>(stats.shards_owned)),
      Gauge("fermata_beat_age_seconds", "Since the database took this server's last beat.", stats.beat_age_seconds),
      Counter("fermata_shards_taken_total", "Shards taken from others, or that were free.", stats.shards_taken),
      Counter("fermata_shards_given_total", "Shards given to others.", stats.shards_given),
      Counter("fermata_nodes_ended_total", "Other servers that were silent for too long.", stats.nodes_ended),
      Counter("fermata_node_rejoined_total", "How often this server was given up and has joined again.",
              stats.node_rejoined),
  };
}

MetricFamily IncidentFamily(const std::vector<IncidentCount>& incidents) {
  MetricFamily family{"fermata_open_incidents", "Incidents that wait for an operator.", MetricType::Gauge, {}};
  for (const IncidentCount& count : incidents) {
    ClientMetric metric;
    metric.label = {{"tenant", count.tenant}, {"process", count.process}, {"state", count.state}};
    metric.gauge.value = static_cast<double>(count.count);
    family.metric.push_back(std::move(metric));
  }
  return family;
}

std::vector<MetricFamily> JobFamilies(const std::vector<JobCount>& jobs) {
  std::vector<MetricFamily> families = {
      {"fermata_worker_jobs_available", "Jobs that a worker may fetch.", MetricType::Gauge, {}},
      {"fermata_worker_jobs_leased", "Jobs that a worker holds.", MetricType::Gauge, {}},
      {"fermata_worker_job_oldest_timestamp_seconds", "When the oldest of them was made.", MetricType::Gauge, {}}};
  for (const JobCount& count : jobs) {
    const double values[] = {static_cast<double>(count.available), static_cast<double>(count.leased),
                             static_cast<double>(count.oldest_us) / 1e6};
    for (std::size_t i = 0; i < families.size(); ++i) {
      ClientMetric metric;
      metric.label = {{"tenant", count.tenant}, {"operation", count.operation}};
      metric.gauge.value = values[i];
      families[i].metric.push_back(std::move(metric));
    }
  }
  return families;
}

std::vector<MetricFamily> WebhookFamilies(const WebhookStats& stats) {
  double pending = 0, failed = 0, oldest = 0;
  for (const DeliveryCount& count : stats.deliveries) {
    if (count.status == kFailed) failed += static_cast<double>(count.count);
    if (count.status != kPending) continue;
    pending += static_cast<double>(count.count);
    const double since = static_cast<double>(count.oldest_us) / 1e6;
    oldest = oldest == 0 ? since : std::min(oldest, since);
  }
  return {
      Counter("fermata_webhook_delivered_total", "Events that the receivers of webhooks have taken.", stats.delivered),
      Counter("fermata_webhook_failed_tries_total", "Tries to send to a webhook that failed.", stats.failed_tries),
      Counter("fermata_webhook_given_up_total", "Deliveries given up because too many waited, or for too long.",
              stats.given_up),
      Counter("fermata_webhook_disabled_total", "Webhooks that were disabled because they failed.", stats.disabled),
      Gauge("fermata_webhook_pending", "Deliveries that wait to be sent, or to be sent again, as last counted.",
            pending),
      Gauge("fermata_webhook_failed", "Deliveries that have failed and wait for an operator, as last counted.", failed),
      Gauge("fermata_webhook_failing", "Webhooks that are enabled and whose tries fail.",
            static_cast<double>(stats.failing)),
      Gauge("fermata_webhook_failing_since_timestamp_seconds",
            "Since when nothing has reached the one that fails longest; 0: none fails.",
            static_cast<double>(stats.failing_since_us) / 1e6),
      Gauge("fermata_webhook_oldest_pending_timestamp_seconds", "When the oldest of those that wait was made; 0: none.",
            oldest)};
}

}  // namespace

void HttpMetrics::Count(const std::string& method, const std::string& route, int status, double seconds) {
  std::lock_guard lock(mutex_);
  requests_[route][method][status] += 1;
  latencies_.try_emplace(route, kBuckets).first->second.Observe(seconds);
}

std::string HttpMetrics::Text(const EngineStats& stats, bool ready, const std::vector<JobCount>& jobs,
                              const std::vector<IncidentCount>& incidents,
                              const std::optional<WebhookStats>& webhooks) const {
  std::vector<MetricFamily> families = EngineFamilies(stats, ready);
  if (!incidents.empty()) families.push_back(IncidentFamily(incidents));
  if (!jobs.empty())
    for (MetricFamily& family : JobFamilies(jobs)) families.push_back(std::move(family));
  if (webhooks)
    for (MetricFamily& family : WebhookFamilies(*webhooks)) families.push_back(std::move(family));
  MetricFamily requests{"fermata_http_requests_total", "Requests answered.", MetricType::Counter, {}};
  MetricFamily latencies{
      "fermata_http_request_seconds", "From the request's last byte to its answer.", MetricType::Histogram, {}};
  {
    std::lock_guard lock(mutex_);
    for (const auto& [route, methods] : requests_)
      for (const auto& [method, statuses] : methods)
        for (const auto& [status, count] : statuses) {
          ClientMetric metric;
          metric.label = {{"route", route}, {"method", method}, {"status", std::to_string(status)}};
          metric.counter.value = static_cast<double>(count);
          requests.metric.push_back(std::move(metric));
        }
    for (const auto& [route, latency] : latencies_) {
      ClientMetric metric = MetricOf(latency.Read());
      metric.label = {{"route", route}};
      latencies.metric.push_back(std::move(metric));
    }
  }
  // A family without a metric is no valid text.
  if (!requests.metric.empty()) families.push_back(std::move(requests));
  if (!latencies.metric.empty()) families.push_back(std::move(latencies));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace fermata
