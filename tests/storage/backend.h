// What the conformance suite runs against: a place for data, fresh for each test, that can be opened several times.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/storage/storage.h"

namespace fermata::test {

enum class BackendKind { kMemory, kSqlite, kPostgres };

class Backend {
 public:
  virtual ~Backend() = default;
  // A storage on this place. Data outlives the storage if durable().
  virtual Result<std::unique_ptr<Storage>> Open() = 0;
  virtual bool durable() const = 0;
};

std::unique_ptr<Backend> MakeBackend(BackendKind kind);

// Hands the batch over and waits for its outcome.
CommitOutcome CommitAndWait(Storage& storage, Batch batch, int lane = 0);

// Ids that grow with `number`, on a shard that this storage has.
InstanceId IdOf(const Storage& storage, int number);
// The id of an instance with this business key lives on the key's home shard.
InstanceId IdOfKey(const Storage& storage, int number, std::string_view key);
int ShardOf(const Storage& storage, std::string_view word);

InstanceRow InstanceWith(const InstanceId& id, const std::string& status = "running");
JournalRow JournalWith(const InstanceId& id, std::int64_t seq, std::string bytes = "event");
Batch BatchOf(std::vector<JournalRow> journal);

KeptEventRow KeptWith(const Storage& storage, const std::string& process, const std::string& type,
                      const std::string& value, std::int64_t order);

// Each of the 256 bytes once.
std::string AllBytes();
// Text that databases like to mangle: NUL, quotes, a line end, letters of two, three and four bytes.
extern const std::string kHardText;

}  // namespace fermata::test
