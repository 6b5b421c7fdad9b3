// This node's share of the shards. A thread tells that the node lives, ends nodes that do not any more, takes shards that nobody has, and gives
// away what is more than a fair share: so shards follow nodes as they come and go, and no node decides for another.
//
// Thread-safe. A node is silent when its beats stand still while this one could look all the time; no clock of another machine matters.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/worker_pool.h"
#include "engine/storage/nodes.h"

namespace fermata {

// What leases move. Called from the thread of the leases; `done` may be called from any, at any time until the leases have stopped.
class ShardHolder {
 public:
  virtual void GainShards(const ShardSet& shards) = 0;
  virtual void GiveShards(const ShardSet& shards, std::function<void()> done) = 0;
  // This node was expelled, and owns nothing. Once `done` was called it joins again.
  virtual void GiveUpShards(std::function<void()> done) = 0;
  // It is a member as this one from now on.
  virtual void Joined(const NodeRow& self) = 0;
  // Reads anew what all nodes keep in memory, from a thread of its own: it may wait for others. Gives what it has read; for the rest it is
  // asked again.
  virtual Generations ReadChanges(const Generations& seen, const Generations& newest) = 0;

 protected:
  ~ShardHolder() = default;
};

// What a simulator puts in place of time and threads.
struct LeasesWorld {
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
  // Runs the task beside the looks; false if it cannot. Absent: a thread of the leases does.
  std::function<bool(std::function<void()>)> aside = {};
};

class Leases {
 public:
  Leases(Nodes& nodes, ShardHolder& holder, LeasesWorld world = {});
  ~Leases() { Stop(); }

  // Looks again and again, on a thread.
  void Run();
  // Looks once. Not while the thread runs.
  void Look() {
    Round();
    ReadOnce();
  }
  // Ends the thread; what the node owns it owns still. GiveAll() gives it away, once its shards have stopped.
  void Stop();
  void GiveAll();

  // Looks at once: something has changed, or is about to.
  void Wake();
  // Waits until every other node has read what was durable before this call, or is not there any more; at most for a while. Who has not read
  // it by then is named in the log, and reads it as soon as it can.
  void AwaitOthers();

  // As last seen; empty before the first look.
  ClusterView View() const;
  // Whether there are others. Cheap.
  bool HasOthers() const { return others_.load(std::memory_order_relaxed); }
  // How long ago, in milliseconds, this node saw the other's beats move; of itself: since the database took its last beat.
  std::int64_t SilentMs(const std::string& node) const;
  // Whether it may work: why not, if the database has been silent for too long, or others have its name or its shards.
  Status Standing() const;
  struct Counts {
    std::uint64_t taken = 0, given = 0;  // shards
    std::uint64_t ended = 0;             // other nodes that were silent for too long
    std::uint64_t rejoined = 0;          // how often this one was
  };
  Counts counts() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Seen {
    std::int64_t epoch = 0, beats = 0;
    Clock::time_point since{};
  };

  void Loop();
  void ReadLoop();
  void ReadOnce();
  Generations ReadSoFar() const;
  void Round();
  void Rejoin();
  void Watch(const ClusterView& view);
  std::vector<NodeRow> SilentLocked(const ClusterView& view);
  // Of `change`, by those who are there; empty: nobody.
  std::string WhoHasNotReadLocked(const Generations& change) const;
  void Expel(const NodeRow& silent);
  void Balance(const ClusterView& view);
  void NoteAnswer(const Result<ClusterView>& view);
  void Keep(ClusterView view);

  Nodes& nodes_;
  ShardHolder& holder_;
  LeasesWorld world_;
  // Of the thread alone.
  ShardSet mine_, giving_;
  bool told_replaced_ = false;
  bool caught_up_ = false;  // since it joined: before that it takes no shards, for it may not know of a pause

  mutable std::mutex mutex_;
  std::condition_variable wake_, looked_, changed_;
  Generations read_, newest_;  // under mutex_
  bool woken_ = false, stopping_ = false;
  std::shared_ptr<ShardSet> given_ =
      std::make_shared<ShardSet>();  // under mutex_: those of `giving_` that may be released
  ClusterView view_;
  std::map<std::string, Seen> watched_;
  std::set<std::string> expelling_;  // under mutex_: those that are being ended
  Clock::time_point last_look_{};
  Clock::time_point last_answer_{};  // of the database
  std::optional<Error> unanswered_;  // why the newest look failed
  Counts counts_;
  std::int64_t looks_ = 0;  // rounds that have begun and ended well
  std::atomic<bool> others_{false};
  std::thread thread_;
  std::thread reader_;  // beats must not wait for what it waits for
  // Ending a node waits for its commits, which may take long: this one must go on beating meanwhile.
  std::optional<WorkerPool> expeller_;
};

// How many shards each of the nodes that want any is to have, of those that are sorted by name; `place` counts from 0.
int FairShare(int nodes, int place);

}  // namespace fermata
