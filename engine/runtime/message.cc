#include "engine/runtime/message.h"

#include "engine/codec/codec.h"
#include "engine/model/json.h"
#include "engine/model/json_field.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

using field::Any;
using field::Flag;
using field::Id;
using field::Integer;
using field::Text;

Value OptionalText(const std::optional<std::string>& text) { return text ? Value::String(*text) : Value::Null(); }

struct Encoder {
  Value operator()(const InstanceMessage& message) const {
    return Value::Object({{"kind", Value::String("instance")},
                          {"target", Value::String(message.target.ToString())},
                          {"command", Value::String(EncodeCommand(message.command))}});
  }
  Value operator()(const StartMessage& message) const {
    return Value::Object({{"kind", Value::String("start")},
                          {"child", Value::String(message.child.ToString())},
                          {"parent", Value::String(message.parent.instance.ToString())},
                          {"activation", Value::Int(message.parent.activation)},
                          {"detached", Value::Bool(message.parent.detached)},
                          {"tenant", Value::String(message.tenant)},
                          {"process", Value::String(message.process)},
                          {"version", Value::String(message.version)},
                          {"key", OptionalText(message.key)},
                          {"input", message.input},
                          {"traceparent", Value::String(message.traceparent)}});
  }
  Value operator()(const EventMessage& message) const {
    std::vector<Value> processes;
    for (const std::string& process : message.processes) processes.push_back(Value::String(process));
    std::vector<Value> starts;
    for (const EventStart& start : message.starts)
      starts.push_back(Value::Object({{"process", Value::String(start.process)},
                                      {"version", Value::String(start.version)},
                                      {"keyed", Value::Bool(start.keyed)}}));
    const auto text = [](std::string_view name) { return Value::String(std::string(name)); };
    std::vector<MapEntry> fields{{text("kind"), text("event")},
                                 {text("tenant"), text(message.tenant)},
                                 {text("value"), text(message.value)},
                                 {text("processes"), Value::List(std::move(processes))},
                                 {text("addressed"), Value::Bool(message.addressed)},
                                 {text("keepMs"), Value::Int(message.keep_ms)},
                                 {text("event"), EventToStored(message.event)},
                                 {text("starts"), Value::List(std::move(starts))},
                                 {text("alone"), Value::Bool(message.alone)}};
    if (message.instance) fields.emplace_back(text("instance"), text(message.instance->ToString()));
    return Value::Map(std::move(fields));
  }
  Value operator()(const RemoteOrder& message) const {
    return Value::Object({{"kind", Value::String("order")},
                          {"mailbox", Value::Int(message.mailbox)},
                          {"what", Value::String(message.kind)},
                          {"order", message.order}});
  }
  Value operator()(const RemoteAnswer& message) const {
    if (message.reply.ok()) return Value::Object({{"kind", Value::String("answer")}, {"reply", *message.reply}});
    const Error& error = message.reply.error();
    return Value::Object({{"kind", Value::String("answer")},
                          {"code", Value::Int(static_cast<int>(error.code))},
                          {"message", Value::String(error.message)},
                          {"path", Value::String(error.path)},
                          {"hint", Value::String(error.hint)}});
  }
  Value operator()(const ScheduledMessage& message) const {
    return Value::Object({{"kind", Value::String("scheduled")},
                          {"instance", Value::String(message.instance.ToString())},
                          {"tenant", Value::String(message.tenant)},
                          {"process", Value::String(message.process)},
                          {"version", Value::String(message.version)},
                          {"key", OptionalText(message.key)},
                          {"input", message.input}});
  }
  Value operator()(const ScheduledEndMessage& message) const {
    return Value::Object({{"kind", Value::String("scheduled-end")},
                          {"instance", Value::String(message.instance.ToString())},
                          {"tenant", Value::String(message.tenant)},
                          {"process", Value::String(message.process)}});
  }
  Value operator()(const SubscribeMessage& message) const {
    return Value::Object({{"kind", Value::String("subscribe")},
                          {"tenant", Value::String(message.tenant)},
                          {"type", Value::String(message.type)},
                          {"value", Value::String(message.value)},
                          {"process", Value::String(message.process)},
                          {"instance", Value::String(message.instance.ToString())},
                          {"activation", Value::Int(message.activation)},
                          {"subscribe", Value::Bool(message.subscribe)}});
  }
};

Result<Message> DecodeStart(const Value& json) {
  StartMessage message;
  message.child = Id(json, "child");
  message.parent = {Id(json, "parent"), Integer(json, "activation"), Flag(json, "detached")};
  message.tenant = Text(json, "tenant");
  message.process = Text(json, "process");
  message.version = Text(json, "version");
  if (const Value* key = json.Find("key"); key && key->is_string()) message.key = std::string(key->as_string());
  message.input = Any(json, "input");
  message.traceparent = Text(json, "traceparent");
  return Message(std::move(message));
}

Result<Message> DecodeEvent(const Value& json) {
  EventMessage message;
  message.tenant = Text(json, "tenant");
  message.value = Text(json, "value");
  if (const Value* processes = json.Find("processes"); processes && processes->is_list())
    for (const Value& process : processes->as_list()) message.processes.emplace_back(process.as_string());
  message.addressed = Flag(json, "addressed");
  message.keep_ms = Integer(json, "keepMs");
  message.event = EventFromStored(Any(json, "event"));
  if (const Value* starts = json.Find("starts"); starts && starts->is_list())
    for (const Value& start : starts->as_list())
      message.starts.push_back({Text(start, "process"), Text(start, "version"), Flag(start, "keyed")});
  message.alone = Flag(json, "alone");
  message.instance = InstanceId::Parse(Text(json, "instance"));
  return Message(std::move(message));
}

Message DecodeAnswer(const Value& json) {
  if (const Value* reply = json.Find("reply")) return RemoteAnswer{*reply};
  return RemoteAnswer{Error{static_cast<ErrorCode>(Integer(json, "code")), Text(json, "message"), Text(json, "path"),
                            Text(json, "hint")}};
}

Result<Message> DecodeScheduled(const Value& json) {
  ScheduledMessage message;
  message.instance = Id(json, "instance");
  message.tenant = Text(json, "tenant");
  message.process = Text(json, "process");
  message.version = Text(json, "version");
  if (const Value* key = json.Find("key"); key && key->is_string()) message.key = std::string(key->as_string());
  message.input = Any(json, "input");
  return Message(std::move(message));
}

Result<Message> DecodeSubscribe(const Value& json) {
  return Message(SubscribeMessage{Text(json, "tenant"), Text(json, "type"), Text(json, "value"), Text(json, "process"),
                                  Id(json, "instance"), Integer(json, "activation"), Flag(json, "subscribe")});
}

}  // namespace

int HomeOf(const EventMessage& message, int shard_count) {
  return message.instance ? message.instance->shard() : HomeShard(message.tenant, message.value, shard_count);
}

Value EventToStored(const CloudEvent& event) {
  return Value::Object({{"id", Value::String(event.id)},
                        {"source", Value::String(event.source)},
                        {"type", Value::String(event.type)},
                        {"subject", Value::String(event.subject)},
                        {"time", Value::String(FormatTimestamp(event.time))},
                        {"data", event.data},
                        {"extensions", event.extensions}});
}

CloudEvent EventFromStored(const Value& stored) {
  CloudEvent event;
  event.id = Text(stored, "id");
  event.source = Text(stored, "source");
  event.type = Text(stored, "type");
  event.subject = Text(stored, "subject");
  event.time = ParseTimestamp(Text(stored, "time")).value_or(Timestamp{});
  event.data = Any(stored, "data");
  event.extensions = Any(stored, "extensions");
  return event;
}

std::string EncodeMessage(const Message& message) { return WriteJson(std::visit(Encoder(), message)); }

Result<Message> DecodeMessage(std::string_view bytes) {
  Result<Value> json = ParseJson(bytes);
  if (!json.ok()) return json.error();
  std::string kind = Text(*json, "kind");
  if (kind == "start") return DecodeStart(*json);
  if (kind == "event") return DecodeEvent(*json);
  if (kind == "subscribe") return DecodeSubscribe(*json);
  if (kind == "scheduled") return DecodeScheduled(*json);
  if (kind == "scheduled-end")
    return Message(ScheduledEndMessage{Id(*json, "instance"), Text(*json, "tenant"), Text(*json, "process")});
  if (kind == "order")
    return Message(RemoteOrder{static_cast<int>(Integer(*json, "mailbox")), Text(*json, "what"), Any(*json, "order")});
  if (kind == "answer") return DecodeAnswer(*json);
  if (kind != "instance")
    return Error{kCorruptMessage, "Expected an inbox message of a known kind, but got '" + kind + "'."};
  Result<Command> command = DecodeCommand(Text(*json, "command"));
  if (!command.ok()) return command.error();
  return Message(InstanceMessage{Id(*json, "target"), std::move(*command)});
}

}  // namespace fermata
