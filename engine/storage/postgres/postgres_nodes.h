// The nodes that share a database: a row for each, which its commits rely on (fence.h), a heartbeat beside it, and a row for each shard.
//
// Thread-safe. One call at a time has the connection; Expel(), which waits for others, has one of its own.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "engine/storage/nodes.h"
#include "engine/storage/postgres/connection.h"
#include "engine/storage/postgres/hints.h"
#include "engine/storage/postgres/reader.h"
#include "engine/storage/reader_pool.h"

namespace fermata::postgres {

class PostgresNodes final : public Nodes {
 public:
  // `readers` must outlive it. Not a member until JoinFirst().
  PostgresNodes(ConnectSettings settings, std::string name, ReaderPool<Reader>& readers);

  // Joins as a new process: whoever had the name is replaced.
  Status JoinFirst();
  // Under which a batch is handed over now.
  std::int64_t epoch() const { return epoch_; }

  const NodeRow& self() const override { return self_; }
  Status Join() override;
  Result<ClusterView> Beat(bool leaving, const Generations& seen) override;
  Result<ShardSet> Take(const ShardSet& wanted) override;
  Status Release(const ShardSet& shards) override;
  Result<bool> Expel(const NodeRow& silent) override;
  Status Leave() override;
  Result<std::vector<InboxRow>> ReadMailbox(const std::optional<InboxRow>& after, int limit) override;
  Result<std::vector<InboxRow>> Withdraw(const std::vector<InboxRow>& rows) override;
  void Tell(Hint::Kind kind, std::string_view word) override { hints_.Tell(kind, word); }
  void Listen(std::function<void(const Hint&)> listener) override { hints_.Listen(std::move(listener)); }

 private:
  enum class Joining { kAsNewProcess, kAgain };

  Status JoinAs(Joining joining);
  Result<std::vector<Rows>> Run(const std::vector<Query>& queries);
  // Makes the connection if need be, and again when it is lost; everything that is run may be run twice.
  Result<std::vector<Rows>> RunOn(std::unique_ptr<Connection>& connection, const std::vector<Query>& queries,
                                  int tries_max) const;

  const ConnectSettings settings_;
  const std::string name_;
  const std::int64_t incarnation_;  // of this process: tells it from others of the same name
  ReaderPool<Reader>& readers_;
  std::atomic<std::int64_t> epoch_{0};
  std::atomic<int> mailbox_{0};
  NodeRow self_;
  std::mutex mutex_;
  std::unique_ptr<Connection> connection_;
  Hints hints_;
};

}  // namespace fermata::postgres
