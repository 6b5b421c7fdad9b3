#include "engine/storage/postgres/postgres_nodes.h"

#include <random>

#include "engine/base/clock.h"
#include "engine/model/limits.h"
#include "engine/storage/codes.h"
#include "engine/storage/postgres/fence.h"
#include "engine/storage/postgres/table_query.h"

namespace fermata::postgres {
namespace {

// Rows are locked in one order: the counter of epochs, a node, its heartbeat, shards by number.
constexpr const char* kNextEpoch = "UPDATE node_counters SET value = value + 1 WHERE name = 'epoch'";
constexpr const char* kJoin =
    "INSERT INTO nodes (name, mailbox, epoch, incarnation, started_us) SELECT $1, (SELECT min(free) FROM (SELECT $4 AS "
    "free UNION SELECT mailbox + 1 FROM nodes WHERE mailbox < $6) AS candidates WHERE free NOT IN (SELECT mailbox FROM "
    "nodes)), value, $2, $3 FROM node_counters WHERE name = 'epoch' ON CONFLICT (name) DO UPDATE SET epoch = "
    "excluded.epoch, "
    "incarnation = excluded.incarnation, started_us = excluded.started_us WHERE nodes.incarnation = "
    "excluded.incarnation OR $5 = 1";
// The count of beats stays as it is: others go on watching whether it moves.
constexpr const char* kBeginBeating =
    "INSERT INTO heartbeats (name, epoch, beats, leaving, definitions, orders, keys) SELECT name, epoch, 0, true, 0, "
    "0, 0 FROM nodes WHERE name = $1 AND incarnation = $2 ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch, "
    "leaving = true, definitions = 0, orders = 0, keys = 0";
constexpr const char* kInherit =
    "UPDATE shards SET epoch = epoch + 1 WHERE node = $1 AND EXISTS (SELECT 1 FROM nodes WHERE name = $1 AND "
    "incarnation = $2)";
constexpr const char* kEmptyMailbox =
    "DELETE FROM inbox WHERE shard = (SELECT mailbox FROM nodes WHERE name = $1 AND incarnation = $2)";
constexpr const char* kReadSelf =
    "SELECT n.name, mailbox, n.epoch, beats, leaving, definitions, orders, keys, started_us FROM nodes n JOIN "
    "heartbeats h ON h.name = n.name WHERE n.name = $1 AND incarnation = $2";

// One moment for what is read; a serialization failure is tried again.
constexpr const char* kBeginBeat = "BEGIN ISOLATION LEVEL REPEATABLE READ";
constexpr const char* kBeat =
    "UPDATE heartbeats SET beats = beats + 1, leaving = ($3 = 1), definitions = $4, orders = $5, keys = $6 WHERE name "
    "= $1 AND epoch = $2";
constexpr const char* kReadNodes =
    "SELECT n.name, mailbox, n.epoch, beats, leaving, definitions, orders, keys, started_us, incarnation FROM nodes n "
    "JOIN heartbeats h ON h.name = n.name ORDER BY n.name";
constexpr const char* kReadShards = "SELECT node, epoch FROM shards ORDER BY shard";
constexpr const char* kReadGenerations =
    "SELECT max(value) FILTER (WHERE name = 'definitions'), max(value) FILTER (WHERE name = 'orders'), max(value) "
    "FILTER (WHERE name = 'keys') FROM node_counters";

constexpr const char* kTake =
    "UPDATE shards SET node = $1, epoch = epoch + 1 WHERE node = '' AND shard IN (SELECT shard FROM shards WHERE shard "
    "= ANY($2) AND node = '' ORDER BY shard FOR UPDATE)";
constexpr const char* kReadTaken = "SELECT shard FROM shards WHERE node = $1 AND shard = ANY($2)";
constexpr const char* kRelease = "UPDATE shards SET node = '' WHERE node = $1 AND shard = ANY($2)";

// Each step looks whether the one before found the node as it was seen.
// A server that is frozen within a commit holds its row: others are not to wait behind it, and the next round tries again.
constexpr const char* kWaitShortly = "SET LOCAL lock_timeout = 500";
constexpr const char* kStopBeating = "DELETE FROM heartbeats WHERE name = $1 AND epoch = $2 AND beats = $3";
constexpr const char* kEndSilent =
    "DELETE FROM nodes WHERE name = $1 AND epoch = $2 AND NOT EXISTS (SELECT 1 FROM heartbeats WHERE name = $1)";
constexpr const char* kFreeShards =
    "UPDATE shards SET node = '' WHERE node = $1 AND NOT EXISTS (SELECT 1 FROM nodes WHERE name = $1)";
constexpr const char* kEmptyMailboxOfNobody =
    "DELETE FROM inbox WHERE shard = $1 AND NOT EXISTS (SELECT 1 FROM nodes WHERE mailbox = $1)";

constexpr const char* kWithdraw =
    "DELETE FROM inbox t USING unnest($1, $2, $3, $4) AS d (shard, sender, seq, position) WHERE t.shard = d.shard AND "
    "t.sender = d.sender AND t.seq = d.seq AND t.position = d.position RETURNING t.shard, t.sender, t.seq, t.position";

constexpr const char* kForgetBeats = "DELETE FROM heartbeats WHERE name = $1 AND epoch = $2";
constexpr const char* kEndOwn = "DELETE FROM nodes WHERE name = $1 AND epoch = $2";

NodeRow NodeIn(const Rows& rows, int i) {
  return {rows.Text(i, 0),     static_cast<int>(rows.Int(i, 1)),
          rows.Int(i, 2),      rows.Int(i, 3),
          rows.Int(i, 4) != 0, {rows.Int(i, 5), rows.Int(i, 6), rows.Int(i, 7)},
          rows.Int(i, 8)};
}

std::int64_t RandomNumber() {
  std::random_device device;
  return static_cast<std::int64_t>(std::uniform_int_distribution<std::uint64_t>()(device) >> 1);
}

Error NotAMember(const std::string& name) {
  return {kStorageFenced,
          "Expected node '" + name +
              "' to be a member of the cluster, but it is not any more, or another process has its name.",
          "", "It was silent for too long, or two servers were started with one name."};
}

}  // namespace

PostgresNodes::PostgresNodes(ConnectSettings settings, std::string name, ReaderPool<Reader>& readers)
    : settings_(std::move(settings)),
      name_(std::move(name)),
      incarnation_(RandomNumber()),
      readers_(readers),
      hints_(settings_) {}

Status PostgresNodes::JoinFirst() { return JoinAs(Joining::kAsNewProcess); }

Status PostgresNodes::Join() { return JoinAs(Joining::kAgain); }

// Who joins again finds no row of its name, or its own; one of another process stays as it is.
Status PostgresNodes::JoinAs(Joining joining) {
  const std::vector<Parameter> own = {Text(name_), Int8(incarnation_)};
  const Query join{kJoin,
                   {Text(name_), Int8(incarnation_), Int8(SystemClock().NowUs()), Int2(kMailboxFirst),
                    Int2(joining == Joining::kAsNewProcess ? 1 : 0), Int2(kMailboxLast)}};
  Result<std::vector<Rows>> all = Run({{"BEGIN", {}},
                                       {kNextEpoch, {}},
                                       join,
                                       {kBeginBeating, own},
                                       {kInherit, own},
                                       {kEmptyMailbox, own},
                                       {kReadSelf, own},
                                       {"COMMIT", {}}});
  if (!all) return all.error();
  const Rows& row = (*all)[6];
  if (row.count() == 0) return NotAMember(name_);
  self_ = NodeIn(row, 0);
  epoch_ = self_.epoch;
  mailbox_ = self_.mailbox;
  return Done{};
}

Result<ClusterView> PostgresNodes::Beat(bool leaving, const Generations& seen) {
  const Query beat{
      kBeat,
      {Text(name_), Int8(epoch_), Int2(leaving ? 1 : 0), Int8(seen.definitions), Int8(seen.orders), Int8(seen.keys)}};
  Result<std::vector<Rows>> all =
      Run({{kBeginBeat, {}}, beat, {kReadNodes, {}}, {kReadShards, {}}, {kReadGenerations, {}}, {"COMMIT", {}}});
  if (!all) return all.error();
  const Rows& nodes = (*all)[2];
  const Rows& shards = (*all)[3];
  const Rows& newest = (*all)[4];

  ClusterView view;
  view.standing = ClusterView::Standing::kExpelled;
  for (int i = 0; i < nodes.count(); ++i) {
    view.nodes.push_back(NodeIn(nodes, i));
    if (view.nodes.back().name != name_) continue;
    const bool other_process = nodes.Int(i, 9) != incarnation_;
    if (other_process) view.standing = ClusterView::Standing::kReplaced;
    if (!other_process && view.nodes.back().epoch == epoch_) view.standing = ClusterView::Standing::kMember;
  }
  for (int i = 0; i < shards.count(); ++i) view.shards.push_back({shards.Text(i, 0), shards.Int(i, 1)});
  view.newest = {newest.Int(0, 0), newest.Int(0, 1), newest.Int(0, 2)};
  hints_.SetOthers(view.nodes.size() > 1);
  return view;
}

Result<ShardSet> PostgresNodes::Take(const ShardSet& wanted) {
  const std::vector<Parameter> those = {Text(name_), Int2s(wanted)};
  Result<std::vector<Rows>> all =
      Run({{"BEGIN", {}}, Fence(name_, epoch_), {kTake, those}, {kReadTaken, those}, {"COMMIT", {}}});
  if (!all) return all.error();
  const Rows& rows = (*all)[3];
  ShardSet taken;
  for (int i = 0; i < rows.count(); ++i) taken.set(static_cast<std::size_t>(rows.Int(i, 0)));
  return taken;
}

Status PostgresNodes::Release(const ShardSet& shards) {
  Result<std::vector<Rows>> all =
      Run({{"BEGIN", {}}, Fence(name_, epoch_), {kRelease, {Text(name_), Int2s(shards)}}, {"COMMIT", {}}});
  if (!all) return all.error();
  return Done{};
}

Result<bool> PostgresNodes::Expel(const NodeRow& silent) {
  const Parameter name = Text(silent.name), epoch = Int8(silent.epoch);
  std::unique_ptr<Connection> connection;
  Result<std::vector<Rows>> all = RunOn(connection,
                                        {{"BEGIN", {}},
                                         {kWaitShortly, {}},
                                         AwaitCommits(silent.name),
                                         {kStopBeating, {name, epoch, Int8(silent.beats)}},
                                         {kEndSilent, {name, epoch}},
                                         {kFreeShards, {name}},
                                         {kEmptyMailboxOfNobody, {Int2(silent.mailbox)}},
                                         ReadEpoch(silent.name),
                                         {"COMMIT", {}}},
                                        1);
  if (!all) return all.error();
  return !EpochIn((*all)[7]).has_value();
}

Status PostgresNodes::Leave() {
  const std::vector<Parameter> own = {Text(name_), Int8(epoch_)};
  Result<std::vector<Rows>> all = Run({{"BEGIN", {}},
                                       AwaitCommits(name_),
                                       {kForgetBeats, own},
                                       {kEndOwn, own},
                                       {kFreeShards, {Text(name_)}},
                                       {kEmptyMailboxOfNobody, {Int2(mailbox_)}},
                                       {"COMMIT", {}}});
  if (!all) return all.error();
  return Done{};
}

Result<std::vector<InboxRow>> PostgresNodes::ReadMailbox(const std::optional<InboxRow>& after, int limit) {
  return readers_.With([&](Reader& reader) { return reader.ReadMailbox(mailbox_, after, limit); });
}

// Tried again after a lost answer it finds nothing: then they were maybe taken, which is the safe thing to say.
Result<std::vector<InboxRow>> PostgresNodes::Withdraw(const std::vector<InboxRow>& rows) {
  std::vector<Query> queries = {{"BEGIN", {}}, Fence(name_, epoch_)};
  QueryList(queries).Add(kWithdraw, {Type::kInt2, Type::kBytea, Type::kInt8, Type::kInt8}, rows,
                         [](Table& t, const InboxRow& row) { t.Add(row.shard, row.sender, row.seq, row.index); });
  queries.push_back({"COMMIT", {}});
  Result<std::vector<Rows>> all = Run(queries);
  if (!all) return all.error();
  std::vector<InboxRow> withdrawn;
  const Rows& found = (*all)[2];
  for (int i = 0; i < found.count(); ++i)
    withdrawn.push_back({static_cast<int>(found.Int(i, 0)), found.Id(i, 1), found.Int(i, 2), found.Int(i, 3), ""});
  return withdrawn;
}

Result<std::vector<Rows>> PostgresNodes::Run(const std::vector<Query>& queries) {
  std::lock_guard lock(mutex_);
  return RunOn(connection_, queries, kPostgresCommitTries);
}

Result<std::vector<Rows>> PostgresNodes::RunOn(std::unique_ptr<Connection>& connection,
                                               const std::vector<Query>& queries, int tries_max) const {
  for (int tries = 1;; ++tries) {
    if (connection == nullptr || !connection->Alive()) {
      Result<std::unique_ptr<Connection>> connected = Connection::Connect(settings_);
      if (!connected) return connected.error();
      connection = *std::move(connected);
    }
    Result<std::vector<Rows>> rows = connection->RunAll(queries);
    if (rows) return rows;
    const bool lost = connection->lost();
    const std::string state = connection->sql_state();
    if (!lost && connection->in_transaction()) (void)connection->Execute("ROLLBACK");
    if (lost || NeedsAnotherConnection(state)) connection.reset();
    if (state == kDividedByZero) return NotAMember(name_);
    const bool again = connection == nullptr || WorthAnotherTry(state);
    if (!again || tries == tries_max) return rows;
  }
}

}  // namespace fermata::postgres
