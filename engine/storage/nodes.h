// Several servers on one storage: who they are, and which of them writes which shards.
//
// A node has an epoch, and every commit of it checks that the epoch still holds. Who takes a node's shards away raises it first: so one that was
// silent for too long, and only slept, writes nothing when it wakes. A node gives shards away itself only after its last commit for them.
// Beats are counted, never timed: nodes need no common clock.
//
// Thread-safe. Calls block for a turn to the storage; one that failed may have happened, and may be repeated.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/storage/shard_set.h"
#include "engine/storage/storage.h"

namespace fermata {

// How often what all nodes keep in memory has changed. Every batch with such rows raises its number.
struct Generations {
  std::int64_t definitions = 0;  // definitions, live versions, manifests
  std::int64_t orders = 0;       // standing orders
  std::int64_t keys = 0;         // API keys
  friend bool operator==(const Generations&, const Generations&) = default;
};

struct NodeRow {
  std::string name;
  int mailbox = 0;              // `shard` of the inbox rows that are for the node itself: kMailboxFirst or more
  std::int64_t epoch = 0;       // grows with each process and whenever it is expelled
  std::int64_t beats = 0;       // grows while it lives
  bool leaving = false;         // wants no shards any more, or not yet: until its first beat
  Generations seen{};           // what it has read
  std::int64_t started_us = 0;  // by its own clock, for people
  friend bool operator==(const NodeRow&, const NodeRow&) = default;
};

struct ShardOwner {
  std::string node;        // empty = nobody
  std::int64_t epoch = 0;  // grows with each owner
};

struct ClusterView {
  enum class Standing {
    kMember,
    kExpelled,  // it was silent for too long: it must forget what it owned, then Join()
    kReplaced,  // another process has its name: it must not come back
  } standing = Standing::kMember;
  std::vector<NodeRow> nodes;      // by name; this one too, while it is a member
  std::vector<ShardOwner> shards;  // by number
  Generations newest{};
};

// What one node tells others as soon as it can. It may get lost: everything is looked for now and then anyway.
struct Hint {
  enum class Kind {
    kShards,     // who owns what has changed, or is about to; no words
    kInbox,      // there are rows for these shards or mailboxes: numbers, divided by spaces
    kChanged,    // a generation is higher; no words
    kProgress,   // these instances have moved: ids, divided by spaces
    kJobs,       // there are jobs for workers: tenant/operation, divided by spaces
    kListening,  // somebody listens to the news here, for a while; no words
    kNews,       // for those who listen: news_words.h, divided by spaces
  } kind = Kind::kShards;
  std::vector<std::string> words;
};

class Nodes {
 public:
  virtual ~Nodes() = default;

  virtual const NodeRow& self() const = 0;  // as it was when it joined; not while Join() runs

  // Opening the storage joins. After it was expelled a node joins anew, under another epoch and without any shard. What was handed over before
  // is never committed from then on. Fails with kStorageFenced if another process has the name.
  virtual Status Join() = 0;
  // Tells that this node lives, and hears what is true now.
  virtual Result<ClusterView> Beat(bool leaving, const Generations& seen) = 0;
  // Makes this node the owner of those that nobody owns; gives which of them it owns now. Fails with kStorageFenced unless it is a member.
  virtual Result<ShardSet> Take(const ShardSet& wanted) = 0;
  // Those of them that this node owns are nobody's from then on. Fails with kStorageFenced unless it is a member.
  virtual Status Release(const ShardSet& shards) = 0;
  // Ends the node if it is as it was seen: its epoch ends, its shards are nobody's, its mailbox is emptied. False: it has beaten meanwhile.
  // True as well if it was gone already. Waits shortly for commits of it that are under way, and fails if they last; calls of other threads do not wait for that.
  virtual Result<bool> Expel(const NodeRow& silent) = 0;
  // Gives everything away once its commits under way are through; the storage commits nothing any more.
  virtual Status Leave() = 0;

  // This node's own mailbox, by (sender, seq, index).
  virtual Result<std::vector<InboxRow>> ReadMailbox(const std::optional<InboxRow>& after, int limit) = 0;

  // Takes rows back that other nodes were to take: those of them that nobody had taken, and nobody takes any more. Only their keys count. Fails with
  // kStorageFenced unless this is a member.
  virtual Result<std::vector<InboxRow>> Withdraw(const std::vector<InboxRow>& rows) = 0;

  // To all other nodes, soon; never blocks. Words of one kind are gathered.
  virtual void Tell(Hint::Kind kind, std::string_view word) = 0;
  // Called for the others' hints, from a thread of the storage; must not block. Null: nobody listens any more, and no call is under way.
  virtual void Listen(std::function<void(const Hint&)> listener) = 0;
};

}  // namespace fermata
