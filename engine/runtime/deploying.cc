// What is deployed: versions, which of them is live, whose schedule ticks, and manifests.
#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>

#include "engine/language/cron.h"
#include "engine/language/load.h"
#include "engine/model/semver.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/commit_now.h"
#include "engine/runtime/engine_impl.h"

namespace fermata {
namespace {

constexpr int kDeployLane = 1'000;  // beside the shards' own
constexpr auto kScheduleChangeWait = std::chrono::seconds(10);

}  // namespace

DeployOutcome EngineImpl::Deploy(const DeployRequest& request) {
  DeployOutcome outcome = DeployHere(request);
  if (outcome.reply) AwaitOthers();
  return outcome;
}

DeployOutcome EngineImpl::DeployHere(const DeployRequest& request) {
  std::lock_guard lock(deploy_mutex_);
  DeployOutcome outcome;
  // What a broken manifest lacks would only be told of the process.
  for (const auto& [file, text] : request.manifests)
    if (auto loaded = definitions_.CompileManifest(file, text, request.files); !loaded.manifest)
      std::move(loaded.diagnostics.begin(), loaded.diagnostics.end(), std::back_inserter(outcome.diagnostics));
  if (!outcome.diagnostics.empty()) return outcome;
  StoredBundle bundle{request.file_name, request.yaml, request.files, request.manifests};
  bundle.manifests = definitions_.ManifestTextsFor(bundle);
  CompiledBundle compiled = definitions_.Compile(bundle);
  if (!compiled.definition) {
    // Who misspells a connector is to hear of all that there are.
    bundle.manifests = definitions_.ManifestTextsFor(bundle, ManifestChoice::kAll);
    if (CompiledBundle told = definitions_.Compile(bundle); !told.definition) compiled = std::move(told);
    outcome.diagnostics = std::move(compiled.diagnostics);
    return outcome;
  }
  if (!compiled.definition->encrypted.empty() && !options_.encrypts) {
    outcome.error = Error{kNoEncryption,
                          "Expected a server that encrypts what it stores, for '" + compiled.definition->process +
                              "' marks variables as encrypted, but this one does not.",
                          "", "Start it with --encryption-keys."};
    return outcome;
  }
  DeployOutcome stored = Store(bundle, compiled, request.if_there);
  // Another node may have brought the same version a moment ago.
  if (stored.error && stored.error->code == kStorageUnavailable && HasOthers() &&
      definitions_.Load(storage_, OnUnreadable::kSkip).ok())
    stored = Store(bundle, std::move(compiled), request.if_there);
  return stored;
}

DeployOutcome EngineImpl::Store(const StoredBundle& bundle, CompiledBundle compiled, DeployRequest::IfThere if_there) {
  DeployOutcome outcome;
  DefinitionPtr definition = compiled.definition;
  const DefinitionPtr there = definitions_.FindByContent(definition->process, definition->hash);
  // The hash that it was deployed under stays its own, whatever this release would make of it.
  if (there) definition = there;
  bool taken = !there && definitions_.Find(definition->process, definition->version);
  if (taken && options_.dev) {
    auto renamed = std::make_shared<Definition>(*definition);
    renamed->version += "+" + definition->hash.substr(0, 8);
    definition = std::move(renamed);
    taken = definitions_.Find(definition->process, definition->version) != nullptr;
  }
  DeployReply reply{definition->process, definition->version, definition->hash, false, std::move(compiled.diagnostics)};
  if (taken) {
    outcome.error = Error{kVersionTaken,
                          "Expected a new version, but " + definition->version + " of '" + definition->process +
                              "' is deployed with other content.",
                          "", "Raise 'version:', for example to " + NextVersion(definition->version) + "."};
    return outcome;
  }
  if (there && if_there == DeployRequest::IfThere::kLeave && !options_.dev) {
    outcome.reply = std::move(reply);
    return outcome;
  }
  Batch batch;
  std::int64_t now_us = clock_.NowUs();
  if (!there)
    batch.definitions.push_back(
        {definition->process, definition->version, definition->hash, now_us, EncodeBundle(bundle)});
  batch.live_versions.emplace_back(definition->process, definition->hash);
  if (Status committed = CommitNow(storage_, kDeployLane, std::move(batch)); !committed.ok()) {
    outcome.error = committed.error();
    return outcome;
  }
  if (!there) definitions_.Add(definition, now_us);
  MakeLive(*definition);
  reply.created = !there;
  outcome.reply = std::move(reply);
  return outcome;
}

Status EngineImpl::SetLive(const std::string& process, const std::string& version) {
  Status live = SetLiveHere(process, version);
  if (live.ok()) AwaitOthers();
  return live;
}

Status EngineImpl::SetLiveHere(const std::string& process, const std::string& version) {
  std::lock_guard lock(deploy_mutex_);
  DefinitionPtr definition = definitions_.Find(process, version);
  if (!definition) return UnknownDefinition(process, version);
  Batch batch;
  batch.live_versions.emplace_back(process, definition->hash);
  if (Status committed = CommitNow(storage_, kDeployLane, std::move(batch)); !committed.ok()) return committed;
  MakeLive(*definition);
  return Done{};
}

Engine::ManifestOutcome EngineImpl::DeployManifest(const std::string& file_name, const std::string& yaml,
                                                   ManifestOrigin origin) {
  ManifestOutcome outcome = DeployManifestHere(file_name, yaml, origin);
  if (outcome.ok) AwaitOthers();
  return outcome;
}

Engine::ManifestOutcome EngineImpl::DeployManifestHere(const std::string& file_name, const std::string& yaml,
                                                       ManifestOrigin origin) {
  std::lock_guard lock(deploy_mutex_);
  ManifestOutcome outcome;
  DefinitionRegistry::CompiledManifest compiled = definitions_.CompileManifest(file_name, yaml);
  outcome.diagnostics = std::move(compiled.diagnostics);
  if (!compiled.manifest) return outcome;
  outcome.connector = compiled.manifest->connector;
  outcome.version = compiled.manifest->version;
  Batch batch;
  batch.manifests.push_back({outcome.connector, outcome.version, clock_.NowUs(), yaml});
  if (Status committed = CommitNow(storage_, kDeployLane, std::move(batch)); !committed.ok()) {
    outcome.error = committed.error();
    return outcome;
  }
  definitions_.AddManifest(compiled.manifest, file_name, yaml, origin);
  outcome.ok = true;
  return outcome;
}

std::vector<ConnectorInfo> EngineImpl::Connectors() { return definitions_.Connectors(); }

void EngineImpl::MakeLive(const Definition& definition) {
  const DefinitionPtr before = definitions_.Live(definition.process);
  definitions_.SetLive(definition.process, definition.hash);
  lived_[definition.process] = definition.hash;
  if (definition.schedule || (before && before->schedule)) FollowSchedule(definition.process);
}

void EngineImpl::FollowSchedule(const std::string& process) {
  if (!IsMine(HomeShard(kDefaultTenant, process, shard_count_))) return;  // its owner reads which version is live
  auto durable = std::make_shared<std::promise<void>>();
  std::future<void> done = durable->get_future();
  Shard& home = OwnerOf(HomeShard(kDefaultTenant, process, shard_count_));
  // If it fails, the shard finds out when it recovers.
  home.PostInternal(ScheduleChanged{process, [durable](Result<Done>) { durable->set_value(); }});
  done.wait_for(kScheduleChangeWait);
}

DefinitionInfo EngineImpl::InfoOf(const DeployedDefinition& deployed) const {
  const Definition& definition = *deployed.definition;
  DefinitionInfo info;
  info.process = definition.process;
  info.version = definition.version;
  info.hash = definition.hash;
  info.title = definition.title;
  info.description = definition.description;
  info.live = definitions_.IsLive(definition);
  info.deployed_us = deployed.deployed_us;
  info.source = definition.source;
  info.input_schema = definition.input_source;
  for (const State& state : definition.states)
    if (state.index != kRoot && !state.is_region) info.states.push_back(state.name);
  info.schedule = definition.schedule;
  if (info.live && info.schedule)
    info.next_run_us = NextTick(info.schedule->fields, info.schedule->timezone, clock_.NowUs()).value_or(0);
  return info;
}

std::vector<DefinitionInfo> EngineImpl::Definitions() {
  std::vector<DefinitionInfo> infos;
  for (const DeployedDefinition& deployed : definitions_.All()) infos.push_back(InfoOf(deployed));
  return infos;
}

std::optional<DefinitionInfo> EngineImpl::FindDefinition(const std::string& process, const std::string& version) {
  DefinitionPtr wanted = GetDefinition(process, version);
  if (!wanted) return std::nullopt;
  for (const DeployedDefinition& deployed : definitions_.All())
    if (deployed.definition == wanted) return InfoOf(deployed);
  return std::nullopt;
}

bool EngineImpl::IsSearchable(const std::string& process, const std::string& variable) {
  for (const DeployedDefinition& deployed : definitions_.All()) {
    const std::vector<std::string>& names = deployed.definition->searchable;
    if (!process.empty() && deployed.definition->process != process) continue;
    if (std::find(names.begin(), names.end(), variable) != names.end()) return true;
  }
  return false;
}

DefinitionPtr EngineImpl::GetDefinition(const std::string& process, const std::string& version) {
  return version.empty() ? definitions_.Live(process) : definitions_.Find(process, version);
}

}  // namespace fermata
