// GET /v1/instances/{id}/explain: what it waits for, what could move it and where to, and what a given event would do.
#include "api/handlers/explain_views.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

// The event that is asked for; its identity only matters where it is given.
std::optional<CloudEvent> ReadEvent(QueryReader& query, const std::string& instance) {
  const std::optional<std::string> type = query.Text("event");
  const std::optional<std::string> data = query.Text("data"), source = query.Text("source"), id = query.Text("id");
  const std::optional<bool> addressed = query.Bool("addressed");
  if (!type) {
    if (data || source || id || addressed)
      query.Fail("event", "Expected the type of an event beside 'data', 'source', 'id' or 'addressed'.");
    return std::nullopt;
  }
  CloudEvent event;
  event.type = *type;
  event.source = source.value_or("");
  event.id = id.value_or("");
  if (addressed.value_or(false)) event.extensions = Value::Object({{"instance", Value::String(instance)}});
  if (!data) return event;
  Result<Value> json = ParseJson(*data);
  if (json.ok()) {
    event.data = std::move(*json);
  } else {
    query.Fail("data", "Expected the event's data as JSON. " + json.error().message);
  }
  return event;
}

}  // namespace

void AddExplainRoutes(const RouteContext& context) {
  context.Add("GET", "/v1/instances/{id}/explain",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                QueryReader query(request, {"event", "data", "source", "id", "addressed"});
                const std::optional<CloudEvent> event = ReadEvent(query, params["id"]);
                if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
                const std::optional<InstanceId> id = ReadInstanceId(params["id"], reply);
                if (!id) return;
                context.Later(reply, [=] {
                  Result<Explanation> explanation = context.engine().Explain(*id, event);
                  if (!explanation.ok()) return reply.Fail(explanation.error());
                  reply.Json(200, ViewOf(*explanation, event));
                });
              });
}

}  // namespace fermata
