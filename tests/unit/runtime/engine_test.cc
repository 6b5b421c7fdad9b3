#include "engine/runtime/engine.h"

#include <gtest/gtest.h>

#include <future>
#include <set>

#include "engine/runtime/codes.h"
#include "engine/storage/memory/memory_storage.h"

namespace fermata {
namespace {

class NoExecutor final : public JobExecutor {
 public:
  void Submit(Job, std::int64_t, Completion, Wanted) override {}
  std::size_t InFlight() const override { return 0; }
};

std::string Yaml(const std::string& version, const std::string& output) {
  return "fermata: 1\nprocess: small\nversion: " + version + "\nstates:\n  done: { end: { it: " + output + " } }\n";
}

class EngineTest : public ::testing::Test {
 protected:
  void Open(EngineOptions options = {}, std::vector<std::string> builtin_manifests = {}) {
    engine_.reset();
    Result<std::unique_ptr<Engine>> opened =
        Engine::Open(options, SystemClock(), *storage_, executor_, std::move(builtin_manifests));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
  }
  DeployOutcome Deploy(const std::string& version, const std::string& output,
                       DeployRequest::IfThere if_there = DeployRequest::IfThere::kMakeLive) {
    return engine_->Deploy({"small.yaml", Yaml(version, output), {}, {}, if_there});
  }
  std::string Live() { return engine_->GetDefinition("small", "")->version; }

  std::unique_ptr<Storage> storage_ = MakeMemoryStorage();
  NoExecutor executor_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineTest, EachDeployGoesLiveAndTheEarlierVersionStays) {
  Open();
  EXPECT_TRUE(Deploy("1.0.0", "1").reply->created);
  EXPECT_TRUE(Deploy("1.1.0", "2").reply->created);
  EXPECT_EQ(Live(), "1.1.0");
  EXPECT_NE(engine_->GetDefinition("small", "1.0.0"), nullptr);
}

TEST_F(EngineTest, TheSameVersionWithOtherContentIsRefusedWithTheNextOneAsAHint) {
  Open();
  Deploy("1.0.0", "1");
  DeployOutcome again = Deploy("1.0.0", "2");
  ASSERT_TRUE(again.error);
  EXPECT_EQ(again.error->code, kVersionTaken);
  EXPECT_NE(again.error->hint.find("1.0.1"), std::string::npos);
  EXPECT_FALSE(Deploy("1.0.0", "1").reply->created);
}

TEST_F(EngineTest, UnderDevTheSameVersionWithOtherContentGetsASuffixThatOutlivesARestart) {
  EngineOptions dev;
  dev.dev = true;
  Open(dev);
  Deploy("1.0.0", "1");
  DeployOutcome again = Deploy("1.0.0", "2");
  ASSERT_TRUE(again.reply);
  EXPECT_EQ(again.reply->version, "1.0.0+" + again.reply->hash.substr(0, 8));
  Open(dev);
  EXPECT_EQ(Live(), again.reply->version);
}

// ---- what the server brings along is no part of a definition's identity ----

std::string PostManifest(const std::string& title) {
  return "connector: post\nversion: 1.0.0\nkind: builtin\ntitle: " + title + "\noperations:\n  send: {}\n";
}

const char* const kCaller =
    "fermata: 1\nprocess: caller\nversion: 1.0.0\nstates:\n"
    "  find: { call: engine.find, with: { process: a, key: k }, next: send }\n"
    "  send: { call: post.send, next: done }\n  done: { end: {} }\n";

TEST_F(EngineTest, AReleaseWithOtherBuiltInManifestsKnowsItsDefinitionsAgain) {
  Open({}, {PostManifest("before")});
  const DeployOutcome first = engine_->Deploy({"caller.yaml", kCaller, {}, {}});
  ASSERT_TRUE(first.reply) << FormatDiagnostics(first.diagnostics);
  Open({}, {PostManifest("after")});
  const DeployOutcome again = engine_->Deploy({"caller.yaml", kCaller, {}, {}});
  ASSERT_TRUE(again.reply) << again.error->message;
  EXPECT_FALSE(again.reply->created);
  EXPECT_EQ(again.reply->hash, first.reply->hash);
  EXPECT_EQ(engine_->Definitions().size(), 1u);
}

TEST_F(EngineTest, OtherManifestsThanBuiltInOnesArePartOfTheIdentity) {
  const auto manifest = [](const std::string& title) {
    return "connector: post\nversion: 1.0.0\nkind: worker\ntitle: " + title + "\noperations:\n  send: {}\n";
  };
  Open();
  ASSERT_TRUE(engine_->Deploy({"caller.yaml", kCaller, {}, {{"post.yaml", manifest("before")}}}).reply);
  const DeployOutcome again = engine_->Deploy({"caller.yaml", kCaller, {}, {{"post.yaml", manifest("after")}}});
  ASSERT_TRUE(again.error);
  EXPECT_EQ(again.error->code, kVersionTaken);
}

// Earlier releases hashed the built-in manifests, too; instances and the live version refer to such a hash.
TEST_F(EngineTest, AHashThatAnEarlierReleaseMadeStaysTheIdentity) {
  for (const bool dev : {false, true}) {
    storage_ = MakeMemoryStorage();
    Open({}, {PostManifest("before")});
    engine_->Deploy({"caller.yaml", kCaller, {}, {}});
    const std::string bundle = storage_->ReadDefinitions().value().front().bundle;
    engine_.reset();
    storage_ = MakeMemoryStorage();
    Batch batch;
    batch.definitions.push_back({"caller", "1.0.0", "0123456789abcdef", 1, bundle});
    batch.live_versions.emplace_back("caller", "0123456789abcdef");
    std::promise<CommitOutcome> committed;
    storage_->Commit(0, std::move(batch), [&](CommitOutcome outcome) { committed.set_value(outcome); });
    ASSERT_EQ(committed.get_future().get(), CommitOutcome::kCommitted);

    EngineOptions options;
    options.dev = dev;
    Open(options, {PostManifest("after")});
    const DeployOutcome again = engine_->Deploy({"caller.yaml", kCaller, {}, {}});
    ASSERT_TRUE(again.reply) << again.error->message;
    EXPECT_FALSE(again.reply->created);
    EXPECT_EQ(again.reply->version, "1.0.0");
    EXPECT_EQ(again.reply->hash, "0123456789abcdef");
    EXPECT_EQ(storage_->ReadLiveVersions().value().front().second, "0123456789abcdef");
    EXPECT_EQ(engine_->GetDefinition("caller", "")->hash, "0123456789abcdef");
  }
}

TEST_F(EngineTest, OfTwoManifestsOfOneConnectorTheFirstCounts) {
  const auto manifest = [](const std::string& operation) {
    return "connector: post\nversion: 1.0.0\nkind: worker\noperations:\n  " + operation + ": {}\n";
  };
  Open();
  EXPECT_TRUE(
      engine_->Deploy({"caller.yaml", kCaller, {}, {{"a.yaml", manifest("send")}, {"b.yaml", manifest("other")}}})
          .reply);
}

TEST_F(EngineTest, AnUnknownConnectorIsToldWithThoseThatAreDeployed) {
  Open();
  ASSERT_TRUE(engine_
                  ->DeployManifest("a.yaml",
                                   "connector: billing\nversion: 1.0.0\nkind: worker\noperations:\n  pay: {}\n",
                                   ManifestOrigin::kDeployed)
                  .ok);
  const auto hint_for = [&](const std::string& connector) {
    const DeployOutcome outcome =
        engine_->Deploy({"p.yaml",
                         "fermata: 1\nprocess: p\nversion: 1.0.0\nstates:\n  a: { call: " + connector +
                             ".pay, next: done }\n  done: { end: {} }\n",
                         {},
                         {}});
    return outcome.diagnostics.empty() ? "" : outcome.diagnostics.front().hint;
  };
  EXPECT_NE(hint_for("quarry").find("billing"), std::string::npos) << hint_for("quarry");
  EXPECT_NE(hint_for("quarry").find("is deployed before it"), std::string::npos) << hint_for("quarry");
  EXPECT_NE(hint_for("biling").find("did you mean 'billing'"), std::string::npos) << hint_for("biling");
}

TEST_F(EngineTest, ConnectorsTellWhereTheyComeFrom) {
  const auto worker = [](const std::string& name) {
    return "connector: " + name + "\nversion: 1.0.0\nkind: worker\noperations:\n  send: {}\n";
  };
  Open({}, {PostManifest("built in")});
  ASSERT_TRUE(engine_->DeployManifest("a.yaml", worker("of-a-folder"), ManifestOrigin::kFolder).ok);
  ASSERT_TRUE(engine_->DeployManifest("b.yaml", worker("sent"), ManifestOrigin::kDeployed).ok);
  const std::string yaml =
      "fermata: 1\nprocess: bringer\nversion: 1.0.0\nstates:\n"
      "  a: { call: brought.send, next: b }\n  b: { call: sent.send, next: done }\n  done: { end: {} }\n";
  ASSERT_TRUE(engine_->Deploy({"bringer.yaml", yaml, {}, {{"c.yaml", worker("brought")}}}).reply);

  std::string told;
  for (const ConnectorInfo& connector : engine_->Connectors()) {
    told += connector.manifest->connector + " " + std::to_string(static_cast<int>(connector.origin)) + connector.file;
    for (const std::string& process : connector.processes) told += " " + process;
    told += "\n";
  }
  EXPECT_EQ(told, "brought 3 bringer\nengine 0\nof-a-folder 1a.yaml\npost 0\nsent 2 bringer\n");
}

TEST_F(EngineTest, ARollBackStandsWhenAFolderIsReadAgain) {
  Open();
  Deploy("1.0.0", "1");
  Deploy("1.1.0", "2");
  EXPECT_TRUE(engine_->SetLive("small", "1.0.0").ok());
  Open();
  EXPECT_EQ(Live(), "1.0.0");
  EXPECT_FALSE(Deploy("1.1.0", "2", DeployRequest::IfThere::kLeave).reply->created);
  EXPECT_EQ(Live(), "1.0.0");
  Deploy("1.1.0", "2");
  EXPECT_EQ(Live(), "1.1.0");
}

TEST_F(EngineTest, ABadDefinitionLeavesTheOldOneLive) {
  Open();
  Deploy("1.0.0", "1");
  DeployOutcome bad = engine_->Deploy(
      {"small.yaml", "fermata: 1\nprocess: small\nversion: 2.0.0\nstates:\n  a: { next: nowhere }\n", {}, {}, {}});
  EXPECT_FALSE(bad.reply);
  EXPECT_FALSE(bad.diagnostics.empty());
  EXPECT_EQ(Live(), "1.0.0");
}

TEST_F(EngineTest, ACallThatAWorkerCarriesOutWaitsToBeFetched) {
  Open();
  const std::string process =
      "fermata: 1\nprocess: handmade\nversion: 1.0.0\nstates:\n  make: { call: shop.make, next: done }\n  done: { end: "
      "{} }\n";
  const std::string manifest = "connector: shop\nversion: 1.0.0\nkind: worker\noperations: { make: {} }\n";
  ASSERT_TRUE(engine_->Deploy({"handmade.yaml", process, {}, {{"shop.yaml", manifest}}, {}}).reply);
  StartRequest request;
  request.process = "handmade";
  request.input = Value::Object({});
  std::promise<Result<StartReply>> started;
  engine_->Start(request, [&](Result<StartReply> answer) { started.set_value(std::move(answer)); });
  const InstanceId id = started.get_future().get().value().id;
  const Result<Page<WorkerJob>> jobs = engine_->Jobs({});
  ASSERT_TRUE(jobs.ok());
  ASSERT_EQ(jobs->items.size(), 1u);
  EXPECT_EQ(jobs->items[0].key.instance, id);
  EXPECT_EQ(engine_->Get(id)->incidents.size(), 0u);
}

// ---- several shard threads ----

constexpr const char* kMatching = R"(
fermata: 1
process: matching
version: 1.0.0
key: ${input.key}
events:
  by-match: { key: "${event.data.value}" }
  by-key: { key: "${event.data.value}" }
states:
  turn:
    on:
      by-match: { match: "${'m-' + instance.key}", set: { matched: "${true}" } }
      by-key: { go: done }
  done: { end: {} }
)";

// `match` leads an event to a shard that does not write the instance: whoever decides there would fork its journal.
TEST_F(EngineTest, AnEventFoundByMatchIsTakenByTheThreadThatWritesItsInstance) {
  storage_ = MakeMemoryStorage({256});
  EngineOptions options;
  options.shard_threads = 4;
  Open(options);
  ASSERT_TRUE(engine_->Deploy({"matching.yaml", kMatching, {}, {}, {}}).reply);
  auto publish = [&](const std::string& type, const std::string& value) {
    CloudEvent event;
    event.type = type;
    event.source = "/test";
    event.id = type + value;
    event.data = Value::Object({{"value", Value::String(value)}});
    std::promise<Result<EventReply>> reply;
    engine_->Publish(event, std::string(kDefaultTenant),
                     [&](Result<EventReply> answer) { reply.set_value(std::move(answer)); });
    return reply.get_future().get();
  };
  std::vector<InstanceId> instances;
  for (int i = 0; i < 24; ++i) {
    StartRequest request;
    request.process = "matching";
    request.input = Value::Object({{"key", Value::String(std::to_string(i))}});
    std::promise<Result<StartReply>> started;
    engine_->Start(request, [&](Result<StartReply> answer) { started.set_value(std::move(answer)); });
    Result<StartReply> reply = started.get_future().get();
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    instances.push_back(reply->id);
  }
  for (int i = 0; i < 24; ++i) {
    Result<EventReply> matched = publish("by-match", "m-" + std::to_string(i));
    ASSERT_TRUE(matched.ok()) << matched.error().message;
    Result<EventReply> keyed = publish("by-key", std::to_string(i));
    ASSERT_TRUE(keyed.ok()) << keyed.error().message;
    EXPECT_EQ(keyed->delivered, 1) << i;
  }
  for (const InstanceId& id : instances) {
    Result<InstanceView> view = engine_->Get(id);
    ASSERT_TRUE(view.ok()) << view.error().message;
    EXPECT_EQ(view->summary.status, "completed");
  }
  EXPECT_EQ(engine_->Stats().commit_failures, 0u);
}

TEST_F(EngineTest, AnAddressedEventReachesItsInstanceAloneWhateverItsShard) {
  storage_ = MakeMemoryStorage({256});
  EngineOptions options;
  options.shard_threads = 4;
  Open(options);
  ASSERT_TRUE(engine_->Deploy({"matching.yaml", kMatching, {}, {}, {}}).reply);
  auto publish = [&](const std::string& id, const std::string& instance, const std::string& type = "by-key") {
    CloudEvent event;
    event.type = type;
    event.source = "/test";
    event.id = id;
    event.extensions = Value::Object({{"instance", Value::String(instance)}});
    std::promise<Result<EventReply>> reply;
    engine_->Publish(event, std::string(kDefaultTenant),
                     [&](Result<EventReply> answer) { reply.set_value(std::move(answer)); });
    return reply.get_future().get();
  };
  std::vector<InstanceId> instances;
  for (int i = 0; i < 12; ++i) {
    StartRequest request;
    request.process = "matching";
    request.input = Value::Object({{"key", Value::String(std::to_string(i))}});
    std::promise<Result<StartReply>> started;
    engine_->Start(request, [&](Result<StartReply> answer) { started.set_value(std::move(answer)); });
    instances.push_back(started.get_future().get().value().id);
  }
  for (const InstanceId& id : instances) {
    const Result<EventReply> sent = publish("e-" + id.ToString(), id.ToString());
    ASSERT_TRUE(sent.ok()) << sent.error().message;
    EXPECT_EQ(sent->delivered, 1);
    EXPECT_EQ(sent->taken, 1) << "who writes the instance decides before the answer";
    EXPECT_TRUE(sent->warnings.empty());
    EXPECT_TRUE(publish("e-" + id.ToString(), id.ToString())->duplicate);
    std::promise<bool> ended;
    engine_->WhenReached(id, "", 10'000, [&](bool reached) { ended.set_value(reached); });
    EXPECT_TRUE(ended.get_future().get());
  }
  CloudEvent seen;
  seen.type = "by-key";
  seen.source = "/test";
  seen.id = "e-" + instances[0].ToString();
  seen.extensions = Value::Object({{"instance", Value::String(instances[0].ToString())}});
  EXPECT_TRUE(engine_->Explain(instances[0], seen).value().duplicate);
  EXPECT_EQ(publish("late", instances[0].ToString()).error().code, kStatusForbids);
  EXPECT_EQ(publish("x", InstanceId::Make(3, 1, 2, 3).ToString()).error().code, kUnknownInstance);
  EXPECT_EQ(publish("y", "o-1").error().code, kInvalidEvent);
}

// Its home shard by the id's hash and the shard that writes it have different threads.
TEST_F(EngineTest, AnAddressedEventThatItsInstanceRefusesIsNotTakenForKnownWhenItComesAgain) {
  storage_ = MakeMemoryStorage({256});
  EngineOptions options;
  options.shard_threads = 4;
  Open(options);
  ASSERT_TRUE(engine_->Deploy({"matching.yaml", kMatching, {}, {}, {}}).reply);
  const auto start = [&](const std::string& key) {
    StartRequest request;
    request.process = "matching";
    request.input = Value::Object({{"key", Value::String(key)}});
    std::promise<Result<StartReply>> started;
    engine_->Start(request, [&](Result<StartReply> answer) { started.set_value(std::move(answer)); });
    return started.get_future().get().value().id;
  };
  InstanceId id = start("0");
  for (int i = 1; HomeShard(kDefaultTenant, id.ToString(), 256) % 4 == id.shard() % 4; ++i)
    id = start(std::to_string(i));
  const auto send = [&](Command command) {
    std::promise<Result<CommandReply>> reply;
    engine_->Send({id, std::move(command)}, [&](Result<CommandReply> answer) { reply.set_value(std::move(answer)); });
    ASSERT_TRUE(reply.get_future().get().ok());
  };
  const auto publish = [&](std::size_t number) {
    CloudEvent event;
    event.type = "by-key";
    event.source = "/test";
    event.id = std::to_string(number);
    event.extensions = Value::Object({{"instance", Value::String(id.ToString())}});
    auto reply = std::make_shared<std::promise<Result<EventReply>>>();
    engine_->Publish(event, std::string(kDefaultTenant),
                     [reply](Result<EventReply> answer) { reply->set_value(std::move(answer)); });
    return reply->get_future();
  };
  send(SuspendInstance{});
  std::vector<std::future<Result<EventReply>>> kept;
  for (std::size_t i = 0; i < kKeptEventsPerInstanceMax; ++i) kept.push_back(publish(i));
  for (auto& one : kept) ASSERT_TRUE(one.get().value().kept);
  const Result<EventReply> refused = publish(kKeptEventsPerInstanceMax).get();
  ASSERT_FALSE(refused.ok()) << "one more than the instance keeps";
  EXPECT_EQ(refused.error().code, kTooManyKeptEvents);
  send(ResumeInstance{});
  // The first of those kept has ended it: what comes again is looked at again.
  const Result<EventReply> again = publish(kKeptEventsPerInstanceMax).get();
  ASSERT_FALSE(again.ok()) << "its identity was not remembered";
  EXPECT_EQ(again.error().code, kStatusForbids);
  EXPECT_TRUE(publish(0).get().value().duplicate);
}

TEST_F(EngineTest, TenantsShareNeitherKeysNorEventsNorIdempotencyKeysNorLists) {
  Open();
  ASSERT_TRUE(engine_
                  ->Deploy({"own.yaml",
                            "fermata: 1\nprocess: own\nversion: 1.0.0\nkey: ${input.ref}\nunique: running\n"
                            "events: { go-on: { key: \"${event.data.ref}\" } }\n"
                            "states:\n  hold: { on: { go-on: done }, after: { 1d: done } }\n  done: { end: {} }\n",
                            {},
                            {},
                            {}})
                  .reply);
  auto start = [&](const std::string& tenant) {
    StartRequest request;
    request.process = "own";
    request.input = Value::Object({{"ref", Value::String("r-1")}});
    request.idempotency_key = "same";
    request.request_hash = "same";
    request.tenant = tenant;
    std::promise<Result<StartReply>> reply;
    engine_->Start(request, [&](Result<StartReply> answer) { reply.set_value(std::move(answer)); });
    return reply.get_future().get();
  };
  auto publish = [&](const std::string& tenant) {
    CloudEvent event;
    event.id = "1";
    event.source = "/test";
    event.type = "go-on";
    event.data = Value::Object({{"ref", Value::String("r-1")}});
    std::promise<Result<EventReply>> reply;
    engine_->Publish(event, tenant, [&](Result<EventReply> answer) { reply.set_value(std::move(answer)); });
    return reply.get_future().get();
  };
  const Result<StartReply> ours = start("ours"), theirs = start("theirs");
  ASSERT_TRUE(ours.ok() && theirs.ok());
  EXPECT_FALSE(theirs->repeated);
  EXPECT_NE(ours->id, theirs->id);
  EXPECT_EQ(engine_->FindOwner(ours->id)->tenant, "ours");
  EXPECT_EQ(engine_->FindOwner(theirs->id)->process, "own");
  EXPECT_EQ(engine_->FindOwner(InstanceId()).error().code, kUnknownInstance);
  InstanceQuery query;
  query.filter.tenant = "theirs";
  ASSERT_EQ(engine_->List(query)->items.size(), 1u);
  EXPECT_EQ(engine_->List(query)->items[0].id, theirs->id);
  EXPECT_EQ(publish("ours")->delivered, 1);
  EXPECT_EQ(engine_->Get(ours->id)->summary.status, "completed");
  EXPECT_EQ(engine_->Get(theirs->id)->summary.status, "waiting");
  const Result<EventReply> second = publish("theirs");
  EXPECT_FALSE(second->duplicate);
  EXPECT_EQ(second->delivered, 1);
}

TEST_F(EngineTest, AnInstanceGoesOnUnderAnotherVersion) {
  Open();
  auto yaml = [](const std::string& version, const std::string& rest) {
    return "fermata: 1\nprocess: small\nversion: " + version + "\nevents: { go: {} }\n" + rest;
  };
  auto deploy = [&](const std::string& text) {
    ASSERT_TRUE(engine_->Deploy({"small.yaml", text, {}, {}, DeployRequest::IfThere::kMakeLive}).reply);
  };
  deploy(yaml("1.0.0", "states:\n  old: { on: { go: done }, after: { 1h: done } }\n  done: { end: {} }\n"));
  deploy(yaml("2.0.0",
              "migrations: [ { from: 1.x, states: { old: waits } } ]\n"
              "states:\n  waits: { on: { go: done }, after: { 2h: done } }\n  done: { end: { by: two } }\n"));
  std::promise<Result<StartReply>> started;
  StartRequest start;
  start.process = "small";
  start.version = "1.0.0";
  engine_->Start(start, [&](Result<StartReply> reply) { started.set_value(std::move(reply)); });
  const InstanceId id = started.get_future().get()->id;
  auto migrate = [&](const std::string& version, bool revert = false) {
    std::promise<Result<CommandReply>> answered;
    engine_->Send({id, MigrateInstance{version, revert}},
                  [&](Result<CommandReply> reply) { answered.set_value(reply); });
    return answered.get_future().get();
  };
  EXPECT_EQ(migrate("3.0.0").error().code, kUnknownVersion);
  EXPECT_EQ(engine_->PlanMigration(id, {"3.0.0"}).error().code, kUnknownVersion);
  EXPECT_TRUE(engine_->PlanMigration(id, {"2.0.0"}).ok());
  EXPECT_EQ(engine_->PlanMigration(id, {"", true}).error().code, kMigrationForbids) << "there is none to take back";
  EXPECT_EQ(engine_->Get(id)->summary.version, "1.0.0");
  ASSERT_TRUE(migrate("2.0.0").ok());
  EXPECT_EQ(migrate("1.0.0").error().code, kMigrationForbids);
  EXPECT_EQ(engine_->PlanMigration(id, {"1.0.0"}).error().code, kMigrationForbids);
  Open();  // its definition is found by what the journal says
  EXPECT_EQ(engine_->Get(id)->summary.version, "2.0.0");
  EXPECT_EQ(engine_->PlanMigration(id, {"", true})->version, "1.0.0");
  ASSERT_TRUE(migrate("", true).ok());
  EXPECT_EQ(engine_->Get(id)->summary.version, "1.0.0");
  Open();
  EXPECT_EQ(migrate("", true).error().code, kMigrationForbids) << "it is back";
  ASSERT_TRUE(migrate("2.0.0").ok());
  EXPECT_EQ(engine_->Get(id)->summary.states, std::vector<std::string>{"waits"});
  std::promise<Result<CommandReply>> cancelled;
  engine_->Send({id, CancelInstance{""}}, [&](Result<CommandReply> reply) { cancelled.set_value(reply); });
  EXPECT_EQ(cancelled.get_future().get()->status, "cancelled");
}

class EngineWebhooksTest : public EngineTest {
 protected:
  EngineWebhooksTest() {
    EngineOptions options;
    options.news_data = [](const News& news) { return Value::String(news.process); };
    Open(options);
    Deploy("1.0.0", "1");
  }
  void Put(const std::string& id, const std::vector<std::string>& events, const std::string& process = "",
           const std::string& tenant = "default") {
    Webhook webhook;
    webhook.id = id;
    webhook.tenant = tenant;
    webhook.events = events;
    webhook.process = process;
    engine_->TheWebhooks().Put(std::move(webhook));
  }
  InstanceId Run() {
    std::promise<InstanceId> started;
    StartRequest request;
    request.process = "small";
    engine_->Start(request, [&](Result<StartReply> reply) { started.set_value(reply.value().id); });
    return started.get_future().get();
  }
  std::vector<DeliveryRow> RowsOf(const std::string& webhook) {
    return storage_->ReadDeliveries(AllShards(), webhook, kPending, INT64_MAX, 9).value();
  }
};

TEST_F(EngineWebhooksTest, DeliveriesAreInTheCommitOfWhatTheyTell) {
  std::promise<std::set<std::string>> woken;
  engine_->TheWebhooks().OnDeliveries([&](const std::set<std::string>& webhooks) { woken.set_value(webhooks); });
  Put("wh-1", {"instance.completed", "instance.started"}, "small");
  Put("wh-2", {"instance.completed"});
  const std::string id = Run().ToString();
  const std::vector<DeliveryRow> rows = RowsOf("wh-1");
  ASSERT_EQ(rows.size(), 2u) << "they are there when the start is answered";
  EXPECT_EQ(rows[0].id, id + "-1-1");
  const Delivery completed = DeliveryOf(rows[1]).value();
  EXPECT_EQ(completed.event.Find("id")->as_string(), id + "-1-2");
  EXPECT_EQ(completed.event.Find("type")->as_string(), "instance.completed");
  EXPECT_EQ(completed.event.Find("sequence")->as_string(), "000000000001-0002");
  EXPECT_EQ(completed.event.Find("data")->as_string(), "small");
  EXPECT_EQ(completed.event.Find("subject"), nullptr);
  EXPECT_EQ(ShardOfDelivery(rows[1].id), 0);
  ASSERT_EQ(RowsOf("wh-2").size(), 1u);
  EXPECT_EQ(RowsOf("wh-2")[0].id, completed.id) << "the event is the same for both";
  EXPECT_EQ(woken.get_future().get(), (std::set<std::string>{"wh-1", "wh-2"}));
  engine_->TheWebhooks().OnDeliveries(nullptr);
}

TEST_F(EngineWebhooksTest, NothingIsWrittenForThoseWhoDoNotWantIt) {
  Put("wh-1", {"instance.failed", "task.opened"});
  Put("wh-2", {"instance.completed"}, "other");
  Put("wh-3", {"instance.completed"}, "", "acme");
  Webhook disabled = engine_->TheWebhooks().Find("wh-2").value();
  disabled.id = "wh-4";
  disabled.process.clear();
  disabled.enabled = false;
  engine_->TheWebhooks().Put(disabled);
  Run();
  EXPECT_EQ(storage_->CountDeliveries()->size(), 0u);
  for (const char* id : {"wh-1", "wh-2", "wh-3"}) engine_->TheWebhooks().Drop(id);
  EXPECT_EQ(engine_->TheWebhooks().Enabled(), nullptr);
}

}  // namespace
}  // namespace fermata
