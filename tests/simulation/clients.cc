#include "tests/simulation/clients.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "engine/runtime/event_door.h"

namespace fermata {

void SimClients::Post(std::size_t request) {
  const auto& [process, customer] = requests_[request];
  const std::string idempotency_key = "i-" + std::to_string(request);
  StartOrder order;
  order.request.process = process;
  order.request.idempotency_key = idempotency_key;
  order.request.request_hash = process + "/" + customer;
  order.definition = definitions_.Live(process);
  Result<Value> input = ValidateStart(
      *order.definition, Value::Object({{"customer", Value::String(customer)}, {"amount", Value::Int(5)}}));
  if (!input.ok()) {
    ADD_FAILURE() << input.error().message;
    return;
  }
  order.input = *input;
  order.key = EvaluateKey(*order.definition, order.input, clock_.NowUs()).value();
  order.logical_shard = HomeShard(kDefaultTenant, order.key ? *order.key : idempotency_key, shard_count_);
  order.answer = [this, idempotency_key](Result<StartReply> reply) {
    if (!reply.ok()) return;
    auto [told, first] = answered_.emplace(idempotency_key, reply->id);
    EXPECT_EQ(told->second, reply->id) << "one Idempotency-Key, two instances";
  };
  const int shard = order.logical_shard;
  door_.Post(shard, std::move(order));
}

void SimClients::StartThis(const std::string& process, const std::string& customer) {
  requests_.emplace_back(process, customer);
  Post(requests_.size() - 1);
}

void SimClients::Start() {
  static const char* const kProcesses[] = {"chain", "saga", "wait", "parent", "parcel"};
  std::string process = kProcesses[random_() % std::size(kProcesses)];
  StartThis(process, "c-" + std::to_string(next_++));
}

void SimClients::RepeatAStart() {
  if (!requests_.empty()) Post(random_() % requests_.size());
}

void SimClients::RepeatUnanswered() {
  for (std::size_t request = 0; request < requests_.size(); ++request)
    if (!answered_.contains("i-" + std::to_string(request))) Post(request);
}

void SimClients::SendAnEvent() {
  CloudEvent event;
  std::int64_t number =
      static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(next_ + 3));  // also of customers to come
  event.id = "e-" + std::to_string(number);
  event.source = "/simulation";
  event.type = "paid";
  event.data = Value::Object({{"customer", Value::String("c-" + std::to_string(number))}});
  for (EventMessage& message :
       RouteEvent(definitions_, std::string(kDefaultTenant), event, std::nullopt, clock_.NowUs())) {
    const int home = HomeShard(message.tenant, message.value, shard_count_);
    door_.Post(home, EventOrder{std::move(message), [this, id = event.id](Result<EventReply> reply) {
                                  if (reply.ok()) accepted_events_.insert(id);
                                }});
  }
}

void SimClients::Cancel() {
  if (answered_.empty()) return;
  auto which = std::next(answered_.begin(), static_cast<std::ptrdiff_t>(random_() % answered_.size()));
  door_.Post(which->second.shard(),
             InstanceOrder{{which->second, CancelInstance{"changed my mind"}}, [](Result<CommandReply>) {}});
}

void SimClients::Move() {
  if (answered_.empty()) return;
  auto which = std::next(answered_.begin(), static_cast<std::ptrdiff_t>(random_() % answered_.size()));
  const std::string& process = ProcessOf(which->first);
  if (process == "saga" || process == "parent") return;
  MoveInstance move;
  move.target = process == "chain" ? "one" : process == "wait" ? "waiting" : "pack";
  move.by = "operator";
  door_.Post(which->second.shard(), InstanceOrder{{which->second, std::move(move)}, [](Result<CommandReply>) {}});
}

void SimClients::Mend() {
  std::vector<InstanceId> parcels;
  for (const auto& [key, id] : answered_)
    if (ProcessOf(key) == "parcel") parcels.push_back(id);
  if (parcels.empty()) return;
  // One of the youngest: they live.
  const std::size_t back = std::min<std::size_t>(parcels.size(), 1 + random_() % 20);
  std::sort(parcels.begin(), parcels.end(),
            [](const InstanceId& a, const InstanceId& b) { return a.epoch_ms() < b.epoch_ms(); });
  const InstanceId id = parcels[parcels.size() - back];
  Command command = MigrateInstance{"2.0.0"};
  if (random_() % 3 == 0) command = SetVariables{{{"note", Value::String("mended")}}, "", "operator"};
  if (random_() % 3 == 0) command = MigrateInstance{"", true};
  door_.Post(id.shard(), InstanceOrder{{id, std::move(command)}, [](Result<CommandReply>) {}});
}

void SimClients::Retry(const memory::Tables& tables) {
  IncidentFilter open;
  open.open = true;
  open.limit = 1'000'000;
  for (const IncidentRow& incident : tables.ListIncidents(open)) {
    ResolveIncident retry;
    retry.incident = incident.number;
    door_.Post(incident.instance.shard(),
               InstanceOrder{{incident.instance, std::move(retry)}, [](Result<CommandReply>) {}});
  }
}

}  // namespace fermata
