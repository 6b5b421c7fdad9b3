// The tables of storage as rows of cells, for what treats all of them alike: export, import, verify and repair.
//
// One list of tables holds for every storage; how a storage names, types and spreads them over shards is told by it. A table or column that a migration
// adds belongs here too (tests/storage holds the list against the schemas).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/sealing.h"

namespace fermata {

// NULL, a number (also of a boolean), or text and bytes.
using Cell = std::variant<std::monostate, std::int64_t, std::string>;
using TableRow = std::vector<Cell>;  // a cell a column

enum class CellKind {
  kInt,
  kBool,
  kName,   // words of ours: no NUL
  kWord,   // words that users give
  kBytes,  // payloads and ids
};

struct TableColumn {
  std::string_view name;
  CellKind kind = CellKind::kInt;
  // Where rows live, in storages that have shards only. NULL in rows that come from one that has none.
  bool of_shards = false;
  std::string_view postgres_name{};  // where it has another name there
  // What a row has that was written before there was the column; a column without belongs to its table from the beginning.
  std::optional<Cell> before{};
};

// Which logical shard a row lives on.
enum class ShardRule {
  kNone,      // the table belongs to no shard
  kInstance,  // that of the id in `shard_column`
  kWord,      // HomeShard(tenant, word in `shard_column`)
  kStored,    // that in `shard_column`
};

struct TableSpec {
  std::string_view name;
  std::vector<TableColumn> columns;
  std::vector<std::string_view> key;  // columns of the primary key, in its order, without the shard
  ShardRule rule = ShardRule::kNone;
  std::string_view shard_column{};
  std::string_view payload{};             // the column that is sealed where there are keys; empty = none
  std::vector<std::string_view> place{};  // what a sealed payload is bound to

  // The index of a column of this table.
  std::size_t At(std::string_view column) const;
};

// Every table, in the order in which export writes them.
const std::vector<TableSpec>& AllTables();
// nullptr if none is called so.
const TableSpec* FindTable(std::string_view name);
// One that is there.
const TableSpec& TableCalled(std::string_view name);

// `shard_count` is that of the storage. A stored shard that is NULL counts as 0.
int ShardOf(const TableSpec& table, const TableRow& row, int shard_count);

// Text and bytes of a cell; empty for NULL. Numbers; 0 for NULL.
const std::string& TextIn(const Cell& cell);
std::int64_t IntIn(const Cell& cell);
inline bool IsNull(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

// Opens the row's payload. Fails with kSealedRowUnreadable if it is sealed by none of the keys, was changed or moved. Rows that are not sealed stay as they are.
Status OpenPayload(const TableSpec& table, const SealingKeys& keys, TableRow& row);
// Seals it by the newest key; without keys the row stays as it is.
void SealPayload(const TableSpec& table, const SealingKeys& keys, TableRow& row);

enum class TableOrder {
  kKey,       // of the primary key, as it is stored
  kInstance,  // by the column `instance` or `id`, then by the rest of the key
};

// Rows of one table in order. Must not outlive its reader.
class TableCursor {
 public:
  virtual ~TableCursor() = default;
  // The next rows; none at the end.
  virtual Result<std::vector<TableRow>> Next(int rows_max) = 0;
};

// What a storage held at one moment: everything is read as it was when the reader was opened, whatever a server does meanwhile.
//
// Not thread-safe: one thread at a time.
class TableReader {
 public:
  virtual ~TableReader() = default;
  // In the order of the key only those behind `after`, if given.
  virtual Result<std::unique_ptr<TableCursor>> Open(const TableSpec& table, TableOrder order,
                                                    const std::optional<TableRow>& after) = 0;
  // The row with the key of `row`, whose other cells do not count.
  virtual Result<std::optional<TableRow>> Find(const TableSpec& table, const TableRow& row) = 0;
  virtual Result<std::int64_t> Count(const TableSpec& table) = 0;
  // Another text as soon as anything was written; it may change for nothing.
  virtual Result<std::string> Stamp() = 0;
  virtual int shard_count() const = 0;
};

struct TableChange {
  enum class Kind { kInsert, kPut, kDelete };  // kDelete: only the key counts
  const TableSpec* table = nullptr;
  Kind kind = Kind::kPut;
  std::vector<TableRow> rows;
};

// The only one who writes: no server can have the storage open, or it cannot write any more.
//
// Not thread-safe.
class TableWriter {
 public:
  virtual ~TableWriter() = default;
  // All of it or nothing, durable when it returns.
  virtual Status Write(const std::vector<TableChange>& changes) = 0;
  // Whether no table has any row.
  virtual Result<bool> IsEmpty() = 0;
  virtual Result<std::int64_t> ReadCounter(std::string_view name) = 0;
  virtual int shard_count() const = 0;
};

// Counters that import keeps: they are in the table `counters`, on shard 0.
inline constexpr std::string_view kImportMark = "import";           // what was imported, until it is through
inline constexpr std::string_view kImportFrames = "import_frames";  // how far it has got
inline constexpr std::string_view kImported = "imported";  // the file that it has been filled from; not imported again
// Ids of shard 0 may belong to keys whose home is another shard: they come from a storage that has one shard only.
inline constexpr std::string_view kGuests = "guests";

// The standing orders that note the names of used keys (engine/storage/sealed).
inline constexpr std::string_view kSealingKeyNotes = "sealing-key";

// What a storage says that was opened while an import into it was not through.
Error HalfImported(const std::string& what);

}  // namespace fermata
