// /v1/nodes: the servers that share the storage, and which shards each of them owns.
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"

namespace fermata {
namespace {

// "0-84,128": shards as people read them.
std::string RangesOf(const ShardSet& shards) {
  std::string text;
  for (std::size_t first = 0; first < shards.size(); ++first) {
    if (!shards[first]) continue;
    std::size_t last = first;
    while (last + 1 < shards.size() && shards[last + 1]) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(first);
    if (last > first) text += "-" + std::to_string(last);
    first = last;
  }
  return text;
}

Value ViewOf(const NodeView& node) {
  return Value::Object({{"name", Value::String(node.name)},
                        {"self", Value::Bool(node.self)},
                        {"status", Value::String(node.status)},
                        {"shards", Value::Int(static_cast<std::int64_t>(node.shards.count()))},
                        {"ranges", Value::String(RangesOf(node.shards))},
                        {"epoch", Value::Int(node.epoch)},
                        {"silentMs", Value::Int(node.silent_ms)},
                        {"started", TimeValue(node.started_us)}});
}

void List(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  std::vector<Value> items;
  for (const NodeView& node : context.engine().NodesNow()) items.push_back(ViewOf(node));
  reply.Json(200, WholeList(std::move(items)));
}

}  // namespace

void AddNodeRoutes(const RouteContext& context) {
  context.Add("GET", "/v1/nodes", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    List(context, request, reply);
  });
}

}  // namespace fermata
