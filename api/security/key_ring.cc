#include "api/security/key_ring.h"

#include <algorithm>

#include "api/security/codes.h"
#include "engine/base/chance.h"
#include "engine/base/hash.h"
#include "engine/base/log.h"
#include "engine/model/json.h"
#include "engine/model/json_field.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr std::string_view kPrefix = "fk_";
constexpr std::size_t kIdBytes = 8;
constexpr std::size_t kSecretBytes = 32;

}  // namespace

ApiKeyRow KeyRing::RowOf(const Entry& entry) {
  const ApiKey& key = entry.key;
  return {key.id, WriteJson(Value::Object({{"name", Value::String(key.name)},
                                           {"tenant", Value::String(key.tenant)},
                                           {"roles", field::ListOf(key.roles.Names())},
                                           {"processes", field::ListOf(key.processes)},
                                           {"milliRate", Value::Int(std::int64_t(key.requests_per_second * 1'000))},
                                           {"createdBy", Value::String(key.created_by)},
                                           {"created", Value::Int(key.created_us)},
                                           {"expires", Value::Int(key.expires_us)},
                                           {"used", Value::Int(entry.use_kept_us)},
                                           {"hash", Value::String(entry.secret_hash)}}))};
}

Result<KeyRing::Entries> KeyRing::Read(Storage& storage) {
  Result<std::vector<ApiKeyRow>> rows = storage.ReadApiKeys();
  if (!rows.ok()) return rows.error();
  Entries entries;
  for (const ApiKeyRow& row : *rows) {
    Result<Value> json = ParseJson(row.bytes);
    if (!json.ok()) return json.error();
    Entry entry;
    ApiKey& key = entry.key;
    key.id = row.id;
    key.name = field::Text(*json, "name");
    key.tenant = field::Text(*json, "tenant");
    for (const std::string& word : field::Texts(*json, "roles"))
      if (const std::optional<Role> role = ParseRole(word)) key.roles.Add(*role);
    key.processes = field::Texts(*json, "processes");
    key.requests_per_second = static_cast<double>(field::Integer(*json, "milliRate")) / 1'000;
    key.created_by = field::Text(*json, "createdBy");
    key.created_us = field::Integer(*json, "created");
    key.expires_us = field::Integer(*json, "expires");
    key.last_used_us = entry.use_kept_us = field::Integer(*json, "used");
    entry.secret_hash = field::Text(*json, "hash");
    entries.emplace(row.id, std::move(entry));
  }
  return entries;
}

Result<std::unique_ptr<KeyRing>> KeyRing::Open(Storage& storage, SecurityWriter& writer, Clock& clock) {
  Result<Entries> entries = Read(storage);
  if (!entries.ok()) return entries.error();
  std::unique_ptr<KeyRing> ring(new KeyRing(writer, clock));
  ring->entries_ = std::move(*entries);
  return ring;
}

Status KeyRing::ReadAgain(Storage& storage) {
  Result<Entries> entries = Read(storage);
  if (!entries.ok()) return entries.error();
  std::lock_guard lock(mutex_);
  for (auto& [id, entry] : *entries)
    if (const auto here = entries_.find(id); here != entries_.end())
      entry.key.last_used_us = std::max(entry.key.last_used_us, here->second.key.last_used_us);
  entries_ = std::move(*entries);
  return Done{};
}

void KeyRing::TellOthers(std::function<void()> tell) {
  std::lock_guard lock(tell_mutex_);
  tell_ = std::move(tell);
}

bool KeyRing::Told() {
  std::lock_guard lock(tell_mutex_);
  if (tell_) tell_();
  return tell_ != nullptr;
}

std::optional<ApiKey> KeyRing::Verify(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const std::size_t end = text.find('_');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string hash = Sha256Hex(text.substr(end + 1));
  const std::int64_t now_us = clock_.NowUs();
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(text.substr(0, end));
  if (found == entries_.end() || !EqualInConstantTime(found->second.secret_hash, hash)) return std::nullopt;
  Entry& entry = found->second;
  if (entry.key.expires_us != 0 && entry.key.expires_us <= now_us) return std::nullopt;
  entry.key.last_used_us = now_us;
  if (now_us - entry.use_kept_us >= kApiKeyUsedEveryMs * 1'000) {
    entry.use_kept_us = now_us;
    // Made when it is written: a key that is revoked in between does not come back.
    const auto make = [this, id = entry.key.id]() -> Result<Batch> {
      std::lock_guard inner(mutex_);
      Batch batch;
      if (const auto again = entries_.find(id); again != entries_.end()) batch.api_keys = {RowOf(again->second)};
      return batch;
    };
    const auto told = [](const Status& written) {
      if (!written.ok()) LogWarning("The last use of a key could not be kept.", {{"reason", written.error().message}});
    };
    if (Status posted = writer_.Post(make, told); !posted.ok()) told(posted);
  }
  return entry.key;
}

Result<KeyRing::Made> KeyRing::Make(ApiKey wanted) {
  const std::string secret = RandomHex(kSecretBytes);
  Entry entry{std::move(wanted), Sha256Hex(secret), 0};
  entry.key.id = RandomHex(kIdBytes);
  entry.key.created_us = clock_.NowUs();
  {
    std::lock_guard lock(mutex_);
    if (entries_.size() >= kApiKeysMax)
      return Error{kTooManyApiKeys, "Expected at most " + std::to_string(kApiKeysMax) +
                                        " API keys, but there are as many already. Revoke those that nobody uses."};
  }
  Batch batch;
  batch.api_keys.push_back(RowOf(entry));
  if (Status written = writer_.Write(std::move(batch)); !written.ok()) return written.error();
  Made made{entry.key, std::string(kPrefix) + entry.key.id + "_" + secret};
  {
    std::lock_guard lock(mutex_);
    entries_.emplace(made.key.id, std::move(entry));
  }
  Told();
  return made;
}

Status KeyRing::Revoke(const std::string& id) {
  std::optional<Entry> revoked;
  {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end())
      return Error{kUnknownApiKey, "Expected the id of an API key, but none is called '" + id + "'."};
    revoked = std::move(found->second);
    entries_.erase(found);
  }
  Batch batch;
  batch.api_keys_deleted.push_back(id);
  Status written = writer_.Write(batch);
  if (written.ok()) {
    // Another server may have noted its last use meanwhile, and put it back.
    return Told() ? writer_.Write(std::move(batch)) : written;
  }
  // Still valid after a restart, so it must stand in lists: who revokes it again may succeed.
  std::lock_guard lock(mutex_);
  entries_.emplace(id, *std::move(revoked));
  return written;
}

std::vector<ApiKey> KeyRing::All() const {
  std::lock_guard lock(mutex_);
  std::vector<ApiKey> keys;
  for (const auto& [id, entry] : entries_) keys.push_back(entry.key);
  return keys;
}

std::optional<ApiKey> KeyRing::Find(const std::string& id) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return std::nullopt;
  return found->second.key;
}

bool KeyRing::HasAdmin() const {
  const std::int64_t now_us = clock_.NowUs();
  std::lock_guard lock(mutex_);
  for (const auto& [id, entry] : entries_)
    if (entry.key.roles.Has(Role::kAdmin) && entry.key.tenant == kDefaultTenant &&
        (entry.key.expires_us == 0 || entry.key.expires_us > now_us))
      return true;
  return false;
}

}  // namespace fermata
