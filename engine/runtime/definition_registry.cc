#include "engine/runtime/definition_registry.h"

#include <algorithm>

#include "engine/base/hash.h"
#include "engine/base/log.h"
#include "engine/language/load.h"
#include "engine/model/semver.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

// Far more connectors than a deploy brings along; then it begins anew.
constexpr std::size_t kReadLatelyMax = 256;

// Whether the text calls an operation of this connector; a word too many only makes the bundle larger.
bool Names(const std::string& yaml, const std::string& connector) {
  return yaml.find(connector + ".") != std::string::npos;
}

}  // namespace

DefinitionRegistry::DefinitionRegistry(const std::vector<std::string>& builtin_manifests) {
  for (const std::string& text : builtin_manifests) {
    CompiledManifest loaded = CompileManifest("built-in", text);
    FERMATA_ASSERT(loaded.manifest != nullptr);  // they are ours
    std::string connector = loaded.manifest->connector;
    std::string file = connector + ".yaml";
    manifests_.emplace(std::move(connector),
                       KnownManifest{std::move(loaded.manifest), std::move(file), text, ManifestOrigin::kBuiltin});
  }
}

std::vector<std::pair<std::string, std::string>> DefinitionRegistry::ManifestTextsFor(const StoredBundle& bundle,
                                                                                      ManifestChoice choice) const {
  std::map<std::string, std::pair<std::string, std::string>> texts;  // by connector
  {
    std::shared_lock lock(mutex_);
    for (const auto& [connector, known] : manifests_)
      if (choice == ManifestChoice::kAll || Names(bundle.yaml, connector))
        texts[connector] = {known.file_name, known.text};
  }
  // Of two for one connector the first counts.
  for (auto given = bundle.manifests.rbegin(); given != bundle.manifests.rend(); ++given)
    if (ManifestPtr manifest = CompileManifest(given->first, given->second, bundle.files).manifest)
      texts[manifest->connector] = *given;
  std::vector<std::pair<std::string, std::string>> result;
  for (auto& [connector, text] : texts) result.push_back(std::move(text));
  return result;
}

DefinitionRegistry::CompiledManifest DefinitionRegistry::CompileManifest(
    const std::string& file_name, const std::string& yaml, const std::map<std::string, std::string>& files) const {
  std::string all = file_name + '\0' + yaml;
  // Schemas of the process matter to a manifest that refers to them.
  if (yaml.find("$ref") != std::string::npos)
    for (const auto& [path, text] : files) all += '\0' + path + '\0' + text;
  const std::string hash = Sha256Hex(all);
  {
    std::lock_guard lock(lately_mutex_);
    if (auto found = lately_.find(hash); found != lately_.end()) return found->second;
  }
  ManifestOutcome read = LoadManifest(file_name, yaml, files);
  CompiledManifest compiled{std::move(read.manifest), std::move(read.diagnostics)};
  std::lock_guard lock(lately_mutex_);
  if (lately_.size() >= kReadLatelyMax) lately_.clear();
  return lately_.emplace(hash, std::move(compiled)).first->second;
}

CompiledBundle DefinitionRegistry::Compile(const StoredBundle& bundle) const {
  CompiledBundle compiled;
  Bundle source;
  source.file = bundle.file_name;
  source.text = bundle.yaml;
  source.files = bundle.files;
  for (const auto& [file, text] : bundle.manifests) {
    CompiledManifest loaded = CompileManifest(file, text, bundle.files);
    if (HasErrors(loaded.diagnostics))
      compiled.diagnostics.insert(compiled.diagnostics.end(), loaded.diagnostics.begin(), loaded.diagnostics.end());
    if (loaded.manifest) source.manifests.push_back(std::move(loaded.manifest));
  }
  LoadOutcome outcome = LoadDefinition(source);
  compiled.diagnostics.insert(compiled.diagnostics.end(), outcome.diagnostics.begin(), outcome.diagnostics.end());
  if (!HasErrors(compiled.diagnostics)) compiled.definition = std::move(outcome.definition);
  return compiled;
}

Status DefinitionRegistry::Load(Storage& storage, OnUnreadable unreadable) {
  Result<std::vector<ManifestRow>> manifests = storage.ReadManifests();
  if (!manifests.ok()) return manifests.error();
  for (const ManifestRow& row : *manifests)
    if (CompiledManifest loaded = CompileManifest(row.connector + ".yaml", row.text); loaded.manifest)
      AddManifest(std::move(loaded.manifest), row.connector + ".yaml", row.text, ManifestOrigin::kDeployed);
  if (Status read = ReadDefinitions(storage, unreadable); !read.ok()) return read;
  Result<std::vector<std::pair<std::string, std::string>>> live = storage.ReadLiveVersions();
  if (!live.ok()) return live.error();
  for (const auto& [process, hash] : *live) SetLive(process, hash);
  return Done{};
}

Status DefinitionRegistry::ReadDefinitions(Storage& storage, OnUnreadable unreadable) {
  Result<std::vector<DefinitionRow>> rows = storage.ReadDefinitions();
  if (!rows.ok()) return rows.error();
  std::sort(rows->begin(), rows->end(),
            [](const DefinitionRow& a, const DefinitionRow& b) { return a.deployed_us < b.deployed_us; });
  for (const DefinitionRow& row : *rows) {
    const auto is_this = [&](const UnreadableVersion& known) {
      return known.process == row.process && known.version == row.version;
    };
    if (Find(row.process, row.version)) continue;
    {
      std::shared_lock lock(mutex_);
      if (std::any_of(unreadable_.begin(), unreadable_.end(), is_this)) continue;
    }
    Status read = ReadDefinition(row);
    if (read.ok()) continue;
    if (unreadable == OnUnreadable::kFail) return read;
    std::unique_lock lock(mutex_);
    if (std::any_of(unreadable_.begin(), unreadable_.end(), is_this)) continue;
    unreadable_.push_back({row.process, row.version, row.hash});
    LogError("A definition cannot be read here, and this server does nothing for its instances: update it.",
             {{"process", row.process}, {"version", row.version}, {"reason", read.error().message}});
  }
  return Done{};
}

Status DefinitionRegistry::ReadDefinition(const DefinitionRow& row) {
  Result<StoredBundle> bundle = DecodeBundle(row.bundle);
  if (!bundle.ok()) return bundle.error();
  CompiledBundle compiled = Compile(*bundle);
  if (!compiled.definition)
    return Error{
        kCorruptMessage,
        "Expected the stored definition of '" + row.process + "' " + row.version + " to be readable, but it is not: " +
            (compiled.diagnostics.empty() ? std::string("no reason is known") : compiled.diagnostics.front().message)};
  auto definition = std::make_shared<Definition>(*compiled.definition);
  definition->version = row.version;  // under --dev it has a suffix
  definition->hash = row.hash;
  Add(std::move(definition), row.deployed_us, compiled.definition->hash);
  return Done{};
}

std::optional<Error> DefinitionRegistry::WhyUnreadable(const std::string& process, const Fits& fits) const {
  std::shared_lock lock(mutex_);
  for (const UnreadableVersion& there : unreadable_)
    if (there.process == process && fits(there))
      return Error{kCorruptMessage,
                   "Expected this server to understand '" + process + "' " + there.version +
                       ", but a newer release has deployed it: nothing happened. Try again once all servers run that "
                       "release."};
  return std::nullopt;
}

Error DefinitionRegistry::TryLater(Error error) {
  if (error.code == kCorruptMessage) error.code = kStorageUnavailable;
  return error;
}

std::optional<Error> DefinitionRegistry::WhyUnroutable(const std::string& event_type) const {
  std::vector<UnreadableVersion> unreadable;
  {
    std::shared_lock lock(mutex_);
    unreadable = unreadable_;
  }
  if (unreadable.empty()) return std::nullopt;
  const std::vector<EventReceiver> receivers = ReceiversOf(event_type);
  for (const UnreadableVersion& there : unreadable) {
    const bool receives = std::any_of(receivers.begin(), receivers.end(), [&](const EventReceiver& receiver) {
      return receiver.definition->process == there.process;
    });
    if ((receives || receivers.empty()) && LiveHash(there.process) == there.hash)
      return TryLater(
          *WhyUnreadable(there.process, [&](const UnreadableVersion& other) { return other.hash == there.hash; }));
  }
  return std::nullopt;
}

// Only what it knows nothing of: what is read here may be older than what another thread has learnt meanwhile.
Result<DefinitionPtr> DefinitionRegistry::FindOrReadWhere(Storage& storage, const std::string& process,
                                                          const std::function<DefinitionPtr()>& find,
                                                          const Fits& fits) {
  if (DefinitionPtr known = find()) return known;
  if (storage.nodes() == nullptr) return DefinitionPtr();  // nobody else deploys
  if (std::optional<Error> error = WhyUnreadable(process, fits)) return *std::move(error);
  if (Status read = ReadDefinitions(storage, OnUnreadable::kSkip); !read.ok()) return read.error();
  Result<std::vector<std::pair<std::string, std::string>>> live = storage.ReadLiveVersions();
  if (!live.ok()) return live.error();
  {
    std::unique_lock lock(mutex_);
    for (auto& [name, hash] : *live) live_.try_emplace(std::move(name), std::move(hash));
  }
  if (DefinitionPtr known = find()) return known;
  if (std::optional<Error> error = WhyUnreadable(process, fits)) return *std::move(error);
  return DefinitionPtr();
}

Result<DefinitionPtr> DefinitionRegistry::FindOrRead(Storage& storage, const std::string& process,
                                                     const std::string& version) {
  return FindOrReadWhere(
      storage, process, [&] { return Find(process, version); },
      [&](const UnreadableVersion& there) { return there.version == version; });
}

Result<DefinitionPtr> DefinitionRegistry::FindByHashOrRead(Storage& storage, const std::string& process,
                                                           const std::string& hash) {
  return FindOrReadWhere(
      storage, process, [&] { return FindByHash(process, hash); },
      [&](const UnreadableVersion& there) { return there.hash == hash; });
}

Result<DefinitionPtr> DefinitionRegistry::ResolveOrRead(Storage& storage, const std::string& process,
                                                        const std::string& range) {
  return FindOrReadWhere(
      storage, process, [&] { return Resolve(process, range); }, [](const UnreadableVersion&) { return true; });
}

void DefinitionRegistry::Add(DefinitionPtr definition, std::int64_t deployed_us, std::string content_hash) {
  if (content_hash.empty()) content_hash = definition->hash;
  std::unique_lock lock(mutex_);
  auto& versions = processes_[definition->process];
  // Who deploys it, and who reads it from storage meanwhile, may both bring it.
  if (std::any_of(versions.begin(), versions.end(),
                  [&](const auto& known) { return known.definition->version == definition->version; }))
    return;
  versions.insert(versions.begin(), {std::move(definition), deployed_us, std::move(content_hash)});
}

void DefinitionRegistry::SetLive(const std::string& process, const std::string& hash) {
  std::unique_lock lock(mutex_);
  live_[process] = hash;
}

std::string DefinitionRegistry::LiveHash(const std::string& process) const {
  std::shared_lock lock(mutex_);
  const auto found = live_.find(process);
  return found == live_.end() ? std::string() : found->second;
}

DefinitionPtr DefinitionRegistry::Live(const std::string& process) const {
  const std::string hash = LiveHash(process);
  return hash.empty() ? nullptr : FindByHash(process, hash);
}

template <class Predicate>
DefinitionPtr DefinitionRegistry::FindWhere(const std::string& process, Predicate fits) const {
  std::shared_lock lock(mutex_);
  auto found = processes_.find(process);
  if (found == processes_.end()) return nullptr;
  for (const DeployedDefinition& deployed : found->second)
    if (fits(deployed)) return deployed.definition;
  return nullptr;
}

DefinitionPtr DefinitionRegistry::Find(const std::string& process, const std::string& version) const {
  return FindWhere(process,
                   [&](const DeployedDefinition& deployed) { return deployed.definition->version == version; });
}

DefinitionPtr DefinitionRegistry::FindByHash(const std::string& process, const std::string& hash) const {
  return FindWhere(process, [&](const DeployedDefinition& deployed) { return deployed.definition->hash == hash; });
}

DefinitionPtr DefinitionRegistry::FindByContent(const std::string& process, const std::string& content_hash) const {
  return FindWhere(process, [&](const DeployedDefinition& deployed) { return deployed.content_hash == content_hash; });
}

Result<DefinitionPtr> DefinitionRegistry::TargetOf(const InstanceState& state, const MigrateInstance& migrate) const {
  if (migrate.revert && state.crossings.empty()) return DefinitionPtr();
  DefinitionPtr target = migrate.revert ? FindByHash(state.process, state.crossings.back().definition_hash)
                                        : Find(state.process, migrate.version);
  if (!target) return Unknown(state.process, migrate.revert ? state.crossings.back().version : migrate.version);
  return target;
}

DefinitionPtr DefinitionRegistry::Resolve(const std::string& process, const std::string& range) const {
  if (range.empty()) return Live(process);
  std::shared_lock lock(mutex_);
  auto found = processes_.find(process);
  if (found == processes_.end()) return nullptr;
  DefinitionPtr newest;
  for (const DeployedDefinition& deployed : found->second) {
    const std::string& version = deployed.definition->version;
    if (!Satisfies(version, range)) continue;
    if (!newest || *ParseVersion(newest->version) < *ParseVersion(version)) newest = deployed.definition;
  }
  return newest;
}

std::vector<DeployedDefinition> DefinitionRegistry::All() const {
  std::shared_lock lock(mutex_);
  std::vector<DeployedDefinition> all;
  for (const auto& [process, versions] : processes_) all.insert(all.end(), versions.begin(), versions.end());
  return all;
}

bool DefinitionRegistry::IsLive(const Definition& definition) const {
  std::shared_lock lock(mutex_);
  auto found = live_.find(definition.process);
  return found != live_.end() && found->second == definition.hash;
}

std::vector<EventReceiver> DefinitionRegistry::ReceiversOf(const std::string& event_type) const {
  std::shared_lock lock(mutex_);
  std::vector<EventReceiver> receivers;
  for (const auto& [process, versions] : processes_) {
    auto live = live_.find(process);
    for (const DeployedDefinition& deployed : versions)
      if (const EventDeclaration* declaration = deployed.definition->FindEvent(event_type))
        receivers.push_back(
            {deployed.definition, declaration, live != live_.end() && live->second == deployed.definition->hash});
  }
  return receivers;
}

void DefinitionRegistry::AddManifest(ManifestPtr manifest, const std::string& file_name, const std::string& yaml,
                                     ManifestOrigin origin) {
  std::unique_lock lock(mutex_);
  std::string connector = manifest->connector;
  manifests_[connector] = {std::move(manifest), file_name, yaml, origin};
}

std::vector<ConnectorInfo> DefinitionRegistry::Connectors() const {
  std::map<std::string, ConnectorInfo> connectors;
  std::shared_lock lock(mutex_);
  connectors[EngineManifest()->connector] = {EngineManifest(), ManifestOrigin::kBuiltin, "", {}};
  for (const auto& [connector, known] : manifests_) {
    const bool has_file = known.origin == ManifestOrigin::kFolder;
    connectors[connector] = {known.manifest, known.origin, has_file ? known.file_name : "", {}};
  }
  for (const auto& [process, hash] : live_) {
    const auto versions = processes_.find(process);
    if (versions == processes_.end()) continue;
    for (const DeployedDefinition& deployed : versions->second) {
      if (deployed.definition->hash != hash) continue;
      for (const ManifestPtr& manifest : deployed.definition->manifests)
        connectors.try_emplace(manifest->connector, ConnectorInfo{manifest, ManifestOrigin::kBundle, "", {}})
            .first->second.processes.push_back(process);
    }
  }
  std::vector<ConnectorInfo> infos;
  for (auto& [connector, info] : connectors) infos.push_back(std::move(info));
  return infos;
}

ManifestPtr DefinitionRegistry::FindManifest(std::string_view connector) const {
  std::shared_lock lock(mutex_);
  auto found = manifests_.find(connector);
  return found == manifests_.end() ? nullptr : found->second.manifest;
}

}  // namespace fermata
