// Orders for shards of other nodes, and the rows that other nodes leave for this one.
//
// An order is a row of the owner's inbox; the owner decides it as one of its own and puts the answer into this node's mailbox, in the same commit.
// Hints make both quick; where one gets lost, a slow poll finds the row. An order whose answer does not come in time is withdrawn: nothing happened, or
// it may have been carried out, and its client asks again with the same Idempotency-Key.
//
// Thread-safe. Answers are called from a thread of the exchange or of the storage, and must not block.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/value.h"
#include "engine/storage/nodes.h"

namespace fermata {

class Exchange {
 public:
  using Answer = std::function<void(Result<Value>)>;
  struct Host {
    std::function<ShardSet()> shards;         // of this node
    std::function<bool(int shard)> has_room;  // whether its thread takes rows; those of others wait in storage
    std::function<void(InboxRow)> deliver;    // to the thread that owns its shard
    std::function<int()> mailbox;             // of this node, as long as it is a member
    std::function<bool()> has_others;         // whether anybody could have left a row
    std::function<void()> now_and_then = {};  // every kNodePollMs
    // What a simulator puts in place of time and chance. `run`: a name that no other run of a node has; empty: by chance.
    std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
    std::string run = {};
  };

  // All must outlive the exchange.
  Exchange(Nodes& nodes, Storage& storage, Host host);
  ~Exchange() { Stop(); }

  // Takes turns on a thread.
  void Run();
  // Looks for rows that somebody told of, and for all if it is time. Not while the thread runs.
  void Turn();
  // Answers whoever still waits: it may have happened.
  void Stop();
  // The mailbox is gone: whoever waits hears that it may have happened.
  void EndAll();

  // To the node that owns the shard. Never blocks.
  void Send(int shard, std::string_view kind, Value order, Answer answer);
  // There are rows for this shard or mailbox; or some nobody has told of.
  void Look(int number);

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    int shard = 0;
    Answer answer;
    Clock::time_point ends;
  };

  void Loop();
  bool IsTimeToPoll();
  bool ReadShards(const ShardSet& wanted);
  void ReadMailbox();
  void Take(const InboxRow& row);
  void EndLate(Clock::time_point now);
  std::vector<InboxRow> Withdraw();
  std::optional<Error> Refusal(int shard);
  void Committed(int shard, std::int64_t number);
  using Place = std::map<std::int64_t, Waiting>::iterator;
  Waiting Remove(Place at);
  Waiting GiveUp(Place at);
  void GiveUp(int shard, std::int64_t number);
  void HandOver(Batch batch, std::function<void(CommitOutcome)> done);
  void Finish(std::int64_t number, Result<Value> reply);

  Nodes& nodes_;
  Storage& storage_;
  const Host host_;
  const InstanceId sender_;  // of this node's orders; no instance has it

  std::mutex mutex_;
  std::condition_variable wake_, committed_;
  std::map<std::int64_t, Waiting> waiting_;  // by number, which grows with time
  std::map<int, std::size_t> waiting_for_;   // how many of them, by shard
  std::vector<InboxRow> given_up_;           // orders that nobody waits for, by their keys: to be withdrawn
  std::int64_t next_ = 1;
  std::set<int> told_;             // numbers to look for
  Clock::time_point next_poll_{};  // of the thread alone, as what follows
  bool left_ = false;              // rows in storage, because their thread had no room
  int quiet_polls_ = 0;            // since there was anybody else
  int in_flight_ = 0;              // commits
  bool poisoned_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace fermata
