// What operators and browsers look at: health, metrics, the errors' pages, the index.
#include "api/handlers/error_pages.h"
#include "api/handlers/reference.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "api/webhooks/webhook_book.h"

namespace fermata {
namespace {

Value Index(const std::string& version) {
  const auto text = [](std::string_view value) { return Value::String(value); };
  return Value::Object({{"name", text("fermata")},
                        {"version", text(version)},
                        {"links", Value::Object({{"definitions", text("/v1/definitions")},
                                                 {"connectors", text("/v1/connectors")},
                                                 {"instances", text("/v1/instances")},
                                                 {"events", text("/v1/events")},
                                                 {"incidents", text("/v1/incidents")},
                                                 {"tasks", text("/v1/tasks")},
                                                 {"jobs", text("/v1/jobs")},
                                                 {"webhooks", text("/v1/webhooks")},
                                                 {"openapi", text("/openapi.json")},
                                                 {"docs", text("/docs")},
                                                 {"errors", text("/errors")},
                                                 {"health", text("/healthz")},
                                                 {"ready", text("/readyz")},
                                                 {"metrics", text("/metrics")}})}});
}

void SendErrorPage(const HttpRequest& request, const std::string& code, const Reply& reply) {
  const ErrorPage* page = FindErrorPage(code);
  if (!page)
    return reply.Fail(
        Error{kUnknownPage, "Expected the code of an error, like FM-4001, but none is called '" + code + "'."});
  const std::string* accept = request.FindHeader("accept");
  if (accept && accept->find("text/html") != std::string::npos)
    return reply.Send(TextResponse(200, ErrorPageHtml(*page), "text/html; charset=utf-8"));
  reply.Send(TextResponse(200, std::string(page->markdown), "text/markdown; charset=utf-8"));
}

void ListErrorPages(const Reply& reply) {
  std::vector<Value> items;
  for (const ErrorPage& page : ErrorPages()) {
    std::string_view title = page.markdown.substr(0, page.markdown.find('\n'));
    if (const std::size_t colon = title.find(": "); colon != std::string_view::npos) title = title.substr(colon + 2);
    items.push_back(Value::Object({{"code", Value::String(page.code)},
                                   {"title", Value::String(title)},
                                   {"page", Value::String("/errors/" + std::string(page.code))}}));
  }
  reply.Json(200, WholeList(std::move(items)));
}

std::optional<WebhookStats> ReadWebhookStats(const RouteContext& context) {
  WebhookBook* book = context.services.webhooks;
  if (!book) return std::nullopt;
  const WebhookCounters& counters = book->counters();
  WebhookStats stats{counters.delivered, counters.failed_tries, counters.given_up, counters.disabled};
  stats.deliveries = context.engine().TheWebhooks().Counts();
  for (const Webhook& webhook : context.engine().TheWebhooks().All())
    if (webhook.enabled && webhook.failing_since_us != 0) {
      ++stats.failing;
      const std::int64_t since_us = webhook.failing_since_us;
      stats.failing_since_us = stats.failing == 1 ? since_us : std::min(stats.failing_since_us, since_us);
    }
  return stats;
}

// Of one's own tenant and processes; all, for those who look after the server: callers of the tenant `default` without limits.
bool SeesAll(const Caller& caller) { return caller.tenant == kDefaultTenant && caller.processes.empty(); }

std::vector<JobCount> ReadJobCounts(const RouteContext& context, const Caller& caller) {
  Result<std::vector<JobCount>> jobs = context.engine().CountJobs();
  // They are counted by operation, whatever process calls it.
  if (!jobs.ok() || !caller.processes.empty()) return {};
  if (!SeesAll(caller)) std::erase_if(*jobs, [&](const JobCount& count) { return count.tenant != caller.tenant; });
  return *std::move(jobs);
}

std::vector<IncidentCount> ReadIncidentCounts(const RouteContext& context, const Caller& caller) {
  Result<std::vector<IncidentCount>> incidents = context.engine().CountIncidents();
  if (!incidents.ok()) return {};
  if (!SeesAll(caller))
    std::erase_if(*incidents, [&](const IncidentCount& count) {
      return count.tenant != caller.tenant || !caller.MayUse(count.process);
    });
  return *std::move(incidents);
}

}  // namespace

void AddOperationRoutes(const RouteContext& context) {
  context.Add("GET", "/", [=](const HttpRequest&, const PathParams&, const Reply& reply) {
    reply.Json(200, Index(context.services.version));
  });
  context.Add("GET", "/openapi.yaml", [](const HttpRequest&, const PathParams&, const Reply& reply) {
    reply.Send(TextResponse(200, std::string(OpenApiText()), "application/yaml"));
  });
  context.Add("GET", "/openapi.json", [](const HttpRequest&, const PathParams&, const Reply& reply) {
    reply.Send(JsonResponse(200, OpenApiJson()));
  });
  context.Add("GET", "/docs", [](const HttpRequest&, const PathParams&, const Reply& reply) {
    reply.Send(TextResponse(200, ReferencePage(), "text/html; charset=utf-8"));
  });
  context.Add("GET", "/errors",
              [](const HttpRequest&, const PathParams&, const Reply& reply) { ListErrorPages(reply); });
  context.Add("GET", "/errors/{code}", [](const HttpRequest& request, const PathParams& params, const Reply& reply) {
    SendErrorPage(request, params["code"], reply);
  });
  context.Add("GET", "/healthz", [](const HttpRequest&, const PathParams&, const Reply& reply) {
    reply.Json(200, Value::Object({{"status", Value::String("ok")}}));
  });
  context.Add("GET", "/readyz", [=](const HttpRequest&, const PathParams&, const Reply& reply) {
    if (const Status ready = context.engine().Ready(); !ready.ok()) return reply.Fail(ready.error());
    reply.Json(200, Value::Object({{"status", Value::String("ready")}}));
  });
  context.Add("GET", "/metrics", [=](const HttpRequest&, const PathParams&, const Reply& reply) {
    const auto send = [=](const std::vector<JobCount>& jobs, const std::vector<IncidentCount>& incidents,
                          const std::optional<WebhookStats>& webhooks) {
      const bool ready = context.engine().Ready().ok();
      reply.Send(TextResponse(200, context.metrics.Text(context.engine().Stats(), ready, jobs, incidents, webhooks),
                              "text/plain; version=0.0.4; charset=utf-8"));
    };
    const bool posted = context.workers.Post([=] {
      send(ReadJobCounts(context, reply.caller()), ReadIncidentCounts(context, reply.caller()),
           ReadWebhookStats(context));
    });
    if (!posted) send({}, {}, {});  // the rest matters most when too many wait for storage
  });
}

}  // namespace fermata
