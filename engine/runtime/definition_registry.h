// The definitions and manifests that this node knows, compiled. Storage holds their bundles; this is the cache everyone reads.
//
// Thread-safe. What it gives out is immutable and lives as long as it is held.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/model/definition.h"
#include "engine/model/instance_state.h"
#include "engine/runtime/bundle.h"
#include "engine/runtime/views.h"
#include "engine/storage/storage.h"

namespace fermata {

struct DeployedDefinition {
  DefinitionPtr
      definition;  // its hash is the one that it was deployed under: instances and the live version refer to that for ever
  std::int64_t deployed_us = 0;
  std::string content_hash;  // as this release makes it, to tell the same content from another
};

// A process that can receive an event type, as one deployed version declares it.
struct EventReceiver {
  DefinitionPtr definition;
  const EventDeclaration* declaration = nullptr;  // into definition
  bool live = false;                              // of the version that new starts take
};

struct CompiledBundle {
  DefinitionPtr definition;  // null: see diagnostics
  std::vector<Diagnostic> diagnostics;
};

enum class ManifestChoice { kNamed, kAll };

// What becomes of a stored definition that this release does not understand: a newer one, at another node, may have deployed it.
enum class OnUnreadable { kFail, kSkip };

class DefinitionRegistry {
 public:
  // `builtin_manifests`: YAML texts.
  explicit DefinitionRegistry(const std::vector<std::string>& builtin_manifests);

  struct CompiledManifest {
    ManifestPtr manifest;
    std::vector<Diagnostic> diagnostics;
  };
  // Reads and checks, but not again what was met lately: the processes of a folder name the same few. `files` are schemas.
  CompiledManifest CompileManifest(const std::string& file_name, const std::string& yaml,
                                   const std::map<std::string, std::string>& files = {}) const;
  // Reads and checks; adds nothing.
  CompiledBundle Compile(const StoredBundle& bundle) const;
  // Reads from storage what it does not know yet, and which versions are live. Not while a version is made live.
  Status Load(Storage& storage, OnUnreadable unreadable);
  // As those without "OrRead", but for a version that another node may have just deployed: storage is asked for what is not known here.
  // Null: nobody has deployed it. Fails where storage does not answer, and with kCorruptMessage where a newer release deployed it and this one
  // cannot read it.
  Result<DefinitionPtr> FindOrRead(Storage& storage, const std::string& process, const std::string& version);
  Result<DefinitionPtr> FindByHashOrRead(Storage& storage, const std::string& process, const std::string& hash);
  Result<DefinitionPtr> ResolveOrRead(Storage& storage, const std::string& process, const std::string& range);

  // Such a failure, for clients: another server can do it, or this one later.
  static Error TryLater(Error error);

  // Without a `content_hash` the definition's own.
  void Add(DefinitionPtr definition, std::int64_t deployed_us, std::string content_hash = "");
  void SetLive(const std::string& process, const std::string& hash);

  DefinitionPtr Live(const std::string& process) const;
  DefinitionPtr Find(const std::string& process, const std::string& version) const;
  DefinitionPtr FindByHash(const std::string& process, const std::string& hash) const;
  DefinitionPtr FindByContent(const std::string& process, const std::string& content_hash) const;
  // The version that the migration goes to; null where there is no migration to take back.
  Result<DefinitionPtr> TargetOf(const InstanceState& state, const MigrateInstance& migrate) const;
  // The newest version in an npm-style range; the live one for an empty range.
  DefinitionPtr Resolve(const std::string& process, const std::string& range) const;
  std::vector<DeployedDefinition> All() const;  // by process, newest deploy first
  bool IsLive(const Definition& definition) const;
  // The refusal of what Find() or Live() did not find: the process or the version, and what was probably meant.
  Error Unknown(const std::string& process, const std::string& version) const;
  // Whether a live version that this release cannot read may be for these events, too: then nobody here can say whom they reach.
  std::optional<Error> WhyUnroutable(const std::string& event_type) const;
  std::vector<EventReceiver> ReceiversOf(const std::string& event_type) const;

  // Manifests given over REST, in front of the built-in ones.
  void AddManifest(ManifestPtr manifest, const std::string& file_name, const std::string& yaml, ManifestOrigin origin);
  // The known ones, then those that only live definitions have brought along; by connector.
  std::vector<ConnectorInfo> Connectors() const;
  ManifestPtr FindManifest(std::string_view connector) const;
  // Every manifest that the bundle's process names: those of the bundle first, then the known ones. What a definition was checked against
  // becomes part of its bundle, so that a later manifest cannot change it.
  // With kAll also those that it does not name.
  std::vector<std::pair<std::string, std::string>> ManifestTextsFor(
      const StoredBundle& bundle, ManifestChoice choice = ManifestChoice::kNamed) const;

 private:
  struct KnownManifest {
    ManifestPtr manifest;
    std::string file_name, text;
    ManifestOrigin origin;
  };
  mutable std::mutex lately_mutex_;
  mutable std::map<std::string, CompiledManifest> lately_;  // by the hash of what was read

  // Those that storage has and this release does not understand.
  struct UnreadableVersion {
    std::string process, version, hash;
  };
  Status ReadDefinitions(Storage& storage, OnUnreadable unreadable);
  Status ReadDefinition(const DefinitionRow& row);
  using Fits = std::function<bool(const UnreadableVersion&)>;
  std::optional<Error> WhyUnreadable(const std::string& process, const Fits& fits) const;
  Result<DefinitionPtr> FindOrReadWhere(Storage& storage, const std::string& process,
                                        const std::function<DefinitionPtr()>& find, const Fits& fits);
  std::string LiveHash(const std::string& process) const;
  // The first that `fits`.
  template <class Predicate>
  DefinitionPtr FindWhere(const std::string& process, Predicate fits) const;

  mutable std::shared_mutex mutex_;
  std::map<std::string, std::vector<DeployedDefinition>> processes_;  // newest deploy first
  std::map<std::string, std::string> live_;                           // process -> hash
  std::map<std::string, KnownManifest, std::less<>> manifests_;
  std::vector<UnreadableVersion> unreadable_;
};

}  // namespace fermata
