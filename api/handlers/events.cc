// POST /v1/events: CloudEvents for whoever waits for them.
#include <algorithm>
#include <functional>
#include <mutex>

#include "api/handlers/access_log.h"
#include "api/handlers/cloud_event_reader.h"
#include "api/handlers/error_pages.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/http/problem.h"
#include "engine/base/clock.h"
#include "engine/model/json.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

Value ViewOf(const EventReply& reply) {
  std::vector<Value> started;
  for (const InstanceId& id : reply.started) started.push_back(Value::String(id.ToString()));
  std::vector<Value> warnings;
  for (const std::string& warning : reply.warnings) warnings.push_back(Value::String(warning));
  return Value::Object({{"accepted", Value::Bool(true)},
                        {"duplicate", Value::Bool(reply.duplicate)},
                        {"delivered", Value::Int(reply.delivered)},
                        {"taken", reply.taken ? Value::Int(*reply.taken) : Value::Null()},
                        {"kept", Value::Bool(reply.kept)},
                        {"started", Value::List(std::move(started))},
                        {"warnings", Value::List(std::move(warnings))}});
}

// The refusal of an event's data tells all that is wrong with it. `path` is where the event stands in the body.
std::vector<Error> AllOf(const RouteContext& context, const CloudEvent& event, const Error& refusal,
                         const std::string& path) {
  std::vector<Error> mistakes;
  if (refusal.code == kInvalidEvent) mistakes = context.engine().MistakesOf(event);
  if (mistakes.empty()) mistakes = {refusal};
  for (Error& mistake : mistakes) mistake.path = path + mistake.path;
  return mistakes;
}

// An event reaches every process that declares its type, so who is limited to some must be allowed all of these. One for an instance reaches
// that alone: the instance of another process or tenant is for them as one that is not there. Looks at storage: from Later() only.
std::optional<Error> BeyondLimits(const RouteContext& context, const Caller& caller, const CloudEvent& event) {
  if (const std::string addressee = AddresseeOf(event); !addressee.empty()) {
    const std::optional<InstanceId> id = InstanceId::Parse(addressee);
    if (!id) return std::nullopt;  // refused when it is published
    const Result<InstanceOwner> owner = context.engine().FindOwner(*id);
    if (!owner.ok()) return owner.error();
    if (owner->tenant == caller.tenant && caller.MayUse(owner->process)) return std::nullopt;
    return Error{kUnknownInstance, "Expected the id of an instance, but none is called '" + id->ToString() + "'."};
  }
  for (const std::string& process : context.engine().ProcessesReceiving(event.type))
    if (!caller.MayUse(process)) return fermata::BeyondLimits(caller, process);
  return std::nullopt;
}

void PublishOne(const RouteContext& context, const Reply& reply, const ReadEvent& read) {
  if (!read.mistakes.empty()) return reply.Fail(read.mistakes);
  const CloudEvent& event = read.event;
  const auto publish = [context, reply, event] {
    context.engine().Publish(event, reply.caller().tenant, [context, reply, event](Result<EventReply> answer) {
      if (!answer.ok()) return reply.Fail(AllOf(context, event, answer.error(), ""));
      reply.Json(202, ViewOf(*answer));
    });
  };
  if (reply.caller().processes.empty()) return publish();
  const bool posted = context.workers.Post([=] {
    const std::optional<Error> error = BeyondLimits(context, reply.caller(), event);
    error ? reply.Fail(*error) : publish();
  });
  if (!posted) reply.Fail(TooBusy());
}

// The outcome of each event of a batch, in its order; the last one to come answers.
class BatchOutcome {
 public:
  BatchOutcome(Reply reply, std::size_t events) : reply_(std::move(reply)), results_(events), left_(events) {}

  void Set(std::size_t index, Value result, int status) {
    {
      std::lock_guard lock(mutex_);
      results_[index] = std::move(result);
      worst_status_ = std::max(worst_status_, status);
      if (status != 202) ++refused_;
      if (--left_ > 0) return;
    }
    Answer();
  }

 private:
  // Some were refused: the whole is, though the others stay accepted. Sending all again is harmless, for each is accepted once.
  void Answer() {
    Value results = Value::List(results_);
    if (refused_ == 0) return reply_.Json(202, Value::Object({{"results", std::move(results)}}));
    HttpResponse problem = Problem(worst_status_, kEventsRefused, ErrorTitle(kEventsRefused),
                                   std::to_string(refused_) + " of " + std::to_string(results_.size()) +
                                       " events were refused; the others are accepted.",
                                   {{"results", WriteJson(results)}});
    if (worst_status_ == 503) problem.Header("Retry-After", "1");
    reply_.Send(std::move(problem));
  }

  const Reply reply_;
  std::mutex mutex_;
  std::vector<Value> results_;
  std::size_t left_, refused_ = 0;
  int worst_status_ = 202;
};

Value Refused(const std::vector<Error>& mistakes) {
  std::vector<Value> errors;
  for (const Error& mistake : mistakes) errors.push_back(MistakeView(mistake));
  return Value::Object({{"accepted", Value::Bool(false)}, {"errors", Value::List(std::move(errors))}});
}

// One after the other, in their order: what follows may build on what goes before.
void PublishAll(const RouteContext& context, const Reply& reply, const std::vector<ReadEvent>& events,
                const std::shared_ptr<BatchOutcome>& outcome) {
  const bool limited = !reply.caller().processes.empty();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const CloudEvent& event = events[i].event;
    if (!events[i].mistakes.empty()) {
      outcome->Set(i, Refused(events[i].mistakes), 422);
    } else if (const auto error = limited ? BeyondLimits(context, reply.caller(), event) : std::nullopt) {
      outcome->Set(i, Refused({*error}), StatusOf(error->code));
    } else {
      context.engine().Publish(event, reply.caller().tenant, [context, outcome, event, i](Result<EventReply> answer) {
        if (answer.ok()) return outcome->Set(i, ViewOf(*answer), 202);
        const std::vector<Error> mistakes = AllOf(context, event, answer.error(), "/" + std::to_string(i));
        outcome->Set(i, Refused(mistakes), StatusOf(answer.error().code));
      });
    }
  }
}

void PublishBatch(const RouteContext& context, const Reply& reply, const std::vector<ReadEvent>& events) {
  if (events.empty()) return reply.Json(202, Value::Object({{"results", Value::List({})}}));
  auto outcome = std::make_shared<BatchOutcome>(reply, events.size());
  if (reply.caller().processes.empty()) return PublishAll(context, reply, events, outcome);
  if (!context.workers.Post([=] { PublishAll(context, reply, events, outcome); })) reply.Fail(TooBusy());
}

// An event that does not say what it belongs to belongs to the request that brings it.
void Trace(const HttpRequest& request, std::vector<ReadEvent>& events) {
  const std::string traceparent = TraceparentOf(request);
  if (traceparent.empty()) return;
  for (ReadEvent& read : events) {
    Value& extensions = read.event.extensions;
    if (extensions.is_map() && extensions.Find("traceparent")) continue;
    std::vector<MapEntry> entries;
    if (extensions.is_map()) entries.assign(extensions.as_map().begin(), extensions.as_map().end());
    entries.emplace_back(Value::String("traceparent"), Value::String(traceparent));
    extensions = Value::Map(std::move(entries));
  }
}

}  // namespace

void AddEventRoutes(const RouteContext& context) {
  context.Add("POST", "/v1/events", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    const QueryReader query(request, {});
    if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
    Result<ReadEvents> read = ReadCloudEvents(request, FromMicros(SystemClock().NowUs()));
    if (!read.ok()) return reply.Fail(read.error());
    Trace(request, read->events);
    if (read->batch) return PublishBatch(context, reply, read->events);
    PublishOne(context, reply, read->events.front());
  });
}

}  // namespace fermata
