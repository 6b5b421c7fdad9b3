// Work in bulk to its row and back.
#include <array>

#include "engine/codec/codec.h"
#include "engine/model/json.h"
#include "engine/model/json_field.h"
#include "engine/runtime/bulk.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

constexpr std::array<std::string_view, 4> kStatuses = {"running", "paused", "stopped", "done"};

Value Text(const std::optional<std::string>& text) { return text ? Value::String(*text) : Value::Null(); }
Value Number(const std::optional<std::int64_t>& number) { return number ? Value::Int(*number) : Value::Null(); }

std::optional<std::string> MaybeText(const Value& object, std::string_view name) {
  const Value* value = object.Find(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->as_string());
}

std::optional<std::int64_t> MaybeNumber(const Value& object, std::string_view name) {
  const Value* value = object.Find(name);
  if (value == nullptr || value->kind() != ValueKind::kInt) return std::nullopt;
  return value->as_int();
}

Value Stored(const InstanceFilter& filter) {
  std::vector<MapEntry> values;
  for (const auto& [name, value] : filter.values) values.emplace_back(Value::String(name), Value::String(value));
  return Value::Object({{"tenant", Value::String(filter.tenant)},
                        {"process", Text(filter.process)},
                        {"status", Text(filter.status)},
                        {"state", Text(filter.state)},
                        {"key", Text(filter.key)},
                        {"values", Value::Map(std::move(values))},
                        {"from", Number(filter.started_from_us)},
                        {"before", Number(filter.started_before_us)}});
}

InstanceFilter FilterOf(const Value& stored) {
  InstanceFilter filter;
  filter.tenant = field::Text(stored, "tenant");
  filter.process = MaybeText(stored, "process");
  filter.status = MaybeText(stored, "status");
  filter.state = MaybeText(stored, "state");
  filter.key = MaybeText(stored, "key");
  if (const Value* values = stored.Find("values"); values != nullptr && values->is_map())
    for (const auto& [name, value] : values->as_map())
      filter.values.emplace_back(std::string(name.as_string()), std::string(value.as_string()));
  filter.started_from_us = MaybeNumber(stored, "from");
  filter.started_before_us = MaybeNumber(stored, "before");
  filter.live = true;
  return filter;
}

Value Stored(const std::vector<BulkRefusal>& refusals) {
  std::vector<Value> list;
  for (const BulkRefusal& refusal : refusals)
    list.push_back(Value::Object({{"instance", Value::String(refusal.instance.ToString())},
                                  {"code", Value::Int(static_cast<int>(refusal.error.code))},
                                  {"message", Value::String(refusal.error.message)}}));
  return Value::List(std::move(list));
}

std::vector<BulkRefusal> RefusalsOf(const Value& stored) {
  std::vector<BulkRefusal> refusals;
  if (!stored.is_list()) return refusals;
  for (const Value& one : stored.as_list())
    refusals.push_back({field::Id(one, "instance"),
                        Error{static_cast<ErrorCode>(field::Integer(one, "code")), field::Text(one, "message")}});
  return refusals;
}

}  // namespace

std::string_view BulkStatusName(BulkStatus status) { return kStatuses[static_cast<std::size_t>(status)]; }

std::string EncodeBulk(const BulkView& view) {
  return WriteJson(Value::Object({{"command", Value::String(EncodeCommand(view.work.command))},
                                  {"action", Value::String(view.work.action)},
                                  {"incidentError", Value::String(view.work.incident_error)},
                                  {"filter", Stored(view.work.filter)},
                                  {"reason", Value::String(view.work.reason)},
                                  {"by", Value::String(view.work.by)},
                                  {"idempotencyKey", Value::String(view.work.idempotency_key)},
                                  {"requestHash", Value::String(view.work.request_hash)},
                                  {"perSecond", Value::Int(view.work.per_second)},
                                  {"status", Value::String(BulkStatusName(view.status))},
                                  {"created", Value::Int(view.created_us)},
                                  {"ended", Value::Int(view.ended_us)},
                                  {"total", Value::Int(view.total)},
                                  {"visited", Value::Int(view.visited)},
                                  {"done", Value::Int(view.done)},
                                  {"refused", Value::Int(view.refused)},
                                  {"refusals", Stored(view.refusals)},
                                  {"cursor", Value::String(view.cursor)}}));
}

Result<BulkView> DecodeBulk(const std::string& id, std::string_view bytes) {
  Result<Value> json = ParseJson(bytes);
  if (!json.ok()) return json.error();
  Result<Command> command = DecodeCommand(field::Text(*json, "command"));
  if (!command.ok()) return command.error();
  BulkView view;
  view.id = id;
  view.work.command = std::move(*command);
  view.work.action = field::Text(*json, "action");
  view.work.incident_error = field::Text(*json, "incidentError");
  view.work.filter = FilterOf(field::Any(*json, "filter"));
  view.work.reason = field::Text(*json, "reason");
  view.work.by = field::Text(*json, "by");
  view.work.idempotency_key = field::Text(*json, "idempotencyKey");
  view.work.request_hash = field::Text(*json, "requestHash");
  view.work.per_second = static_cast<int>(field::Integer(*json, "perSecond"));
  const std::string status = field::Text(*json, "status");
  for (std::size_t i = 0; i < kStatuses.size(); ++i)
    if (kStatuses[i] == status) view.status = static_cast<BulkStatus>(i);
  view.created_us = field::Integer(*json, "created");
  view.ended_us = field::Integer(*json, "ended");
  view.total = field::Integer(*json, "total");
  view.visited = field::Integer(*json, "visited");
  view.done = field::Integer(*json, "done");
  view.refused = field::Integer(*json, "refused");
  view.refusals = RefusalsOf(field::Any(*json, "refusals"));
  view.cursor = field::Text(*json, "cursor");
  return view;
}

}  // namespace fermata
