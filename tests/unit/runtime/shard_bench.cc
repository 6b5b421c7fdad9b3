#include "tests/unit/runtime/shard_bench.h"

#include <gtest/gtest.h>

#include "engine/runtime/event_door.h"
#include "engine/runtime/replay.h"

namespace fermata {

ShardBench::ShardBench(const std::string& manifest, const std::vector<std::string>& processes)
    : definitions({manifest}) {
  for (const std::string& yaml : processes) {
    StoredBundle bundle{"bench.yaml", yaml, {}, {}};
    bundle.manifests = definitions.ManifestTextsFor(bundle);
    CompiledBundle compiled = definitions.Compile(bundle);
    EXPECT_TRUE(compiled.definition) << FormatDiagnostics(compiled.diagnostics);
    if (!compiled.definition) continue;
    definitions.Add(compiled.definition, 1);
    definitions.SetLive(compiled.definition->process, compiled.definition->hash);
  }
  Restart();
}

void ShardBench::Restart() {
  storage.LosePower();
  executor.calls.clear();
  ShardServices services{clock, storage, executor, definitions, waiters, *this, counters, pauses, nullptr, &webhooks};
  shard = std::make_unique<Shard>(ShardOptions{}, services);
  Status recovered = shard->Recover();
  EXPECT_TRUE(recovered.ok());
}

ShardBench::Reply ShardBench::Start(const std::string& process, Value input, const std::string& idempotency_key,
                                    const std::string& request_hash) {
  auto reply = std::make_shared<std::optional<Result<StartReply>>>();
  StartOrder order;
  order.request.process = process;
  order.request.idempotency_key = idempotency_key;
  order.request.request_hash = request_hash;
  order.definition = definitions.Live(process);
  Result<Value> valid = ValidateStart(*order.definition, input);
  EXPECT_TRUE(valid.ok());
  order.input = *valid;
  order.key = EvaluateKey(*order.definition, order.input, clock.now_us).value();
  order.answer = [reply](Result<StartReply> got) { *reply = std::move(got); };
  EXPECT_TRUE(shard->Post(std::move(order)));
  return reply;
}

std::shared_ptr<std::optional<Result<EventReply>>> ShardBench::Send(const std::string& type, const std::string& id,
                                                                    Value data) {
  auto reply = std::make_shared<std::optional<Result<EventReply>>>();
  CloudEvent event;
  event.id = id;
  event.source = "/tests";
  event.type = type;
  event.data = std::move(data);
  std::vector<EventMessage> messages =
      RouteEvent(definitions, std::string(kDefaultTenant), event, std::nullopt, clock.now_us);
  EXPECT_FALSE(messages.empty());
  // As the engine does: what its parts say, together.
  for (EventMessage& message : messages)
    shard->Post(EventOrder{std::move(message), [reply](Result<EventReply> got) {
                             const bool first = !reply->has_value();
                             if (first || !got.ok()) {
                               *reply = std::move(got);
                             } else if ((*reply)->ok()) {
                               EventReply& all = (*reply)->value();
                               all.duplicate &= got->duplicate;
                               all.kept |= got->kept;
                               all.delivered += got->delivered;
                               if (all.taken && got->taken) *all.taken += *got->taken;
                               all.started.insert(all.started.end(), got->started.begin(), got->started.end());
                             }
                           }});
  return reply;
}

std::shared_ptr<std::optional<Result<std::string>>> ShardBench::Command(const InstanceId& id,
                                                                        fermata::Command command) {
  auto reply = std::make_shared<std::optional<Result<std::string>>>();
  shard->Post(InstanceOrder{{id, std::move(command)}, [reply](Result<CommandReply> got) {
                              if (got.ok()) {
                                *reply = got->status;
                              } else {
                                *reply = got.error();
                              }
                            }});
  return reply;
}

void ShardBench::Settle() {
  for (int i = 0; i < 1'000; ++i) {
    bool moved = shard->Step() > 0;
    moved |= storage.FinishOne();
    if (!moved) return;
  }
  ADD_FAILURE() << "the shard does not come to rest";
}

InstanceState ShardBench::Stored(const InstanceId& id) {
  std::optional<StoredInstance> stored = storage.tables().LoadInstance(id);
  EXPECT_TRUE(stored.has_value()) << id.ToString() << " is not stored";
  return stored ? Rebuild(*stored).value() : InstanceState();
}

std::vector<InstanceRow> ShardBench::Rows() {
  InstanceFilter everything;
  everything.limit = 1'000;
  return storage.tables().ListInstances(everything);
}

}  // namespace fermata
