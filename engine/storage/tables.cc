#include "engine/storage/tables.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/model/ids.h"
#include "engine/storage/codes.h"

namespace fermata {
namespace {

TableColumn IntColumn(std::string_view name) { return {name, CellKind::kInt}; }
TableColumn BoolColumn(std::string_view name) { return {name, CellKind::kBool}; }
TableColumn NameColumn(std::string_view name) { return {name, CellKind::kName}; }
TableColumn WordColumn(std::string_view name) { return {name, CellKind::kWord}; }
TableColumn BytesColumn(std::string_view name) { return {name, CellKind::kBytes}; }
TableColumn OfShards(std::string_view name) { return {name, CellKind::kInt, true}; }
TableColumn Later(TableColumn column, Cell before) {
  column.before = std::move(before);
  return column;
}

TableSpec OfInstance(std::string_view name, std::vector<TableColumn> columns, std::vector<std::string_view> key) {
  TableSpec table{name, std::move(columns), std::move(key)};
  table.rule = ShardRule::kInstance;
  table.shard_column = name == "instances" ? "id" : "instance";
  return table;
}

TableSpec AtHome(std::string_view name, std::string_view word, std::vector<TableColumn> columns,
                 std::vector<std::string_view> key) {
  TableSpec table{name, std::move(columns), std::move(key)};
  table.rule = ShardRule::kWord;
  table.shard_column = word;
  return table;
}

TableSpec WithShard(std::string_view name, std::vector<TableColumn> columns, std::vector<std::string_view> key) {
  columns.push_back(OfShards("shard"));
  TableSpec table{name, std::move(columns), std::move(key)};
  table.rule = ShardRule::kStored;
  table.shard_column = "shard";
  return table;
}

TableSpec Sealed(TableSpec table, std::string_view payload, std::vector<std::string_view> place) {
  table.payload = payload;
  table.place = std::move(place);
  return table;
}

void AddDefinitionTables(std::vector<TableSpec>& tables) {
  tables.push_back({"definitions",
                    {NameColumn("process"), NameColumn("version"), NameColumn("hash"), IntColumn("deployed_us"),
                     BytesColumn("bundle")},
                    {"process", "version"}});
  tables.push_back({"live_versions", {NameColumn("process"), NameColumn("hash")}, {"process"}});
  TableColumn manifest = WordColumn("text");
  manifest.postgres_name = "manifest";
  tables.push_back({"manifests",
                    {NameColumn("connector"), NameColumn("version"), IntColumn("deployed_us"), manifest},
                    {"connector", "version"}});
  tables.push_back({"api_keys", {NameColumn("id"), BytesColumn("bytes")}, {"id"}});
  tables.push_back(
      {"audit",
       {NameColumn("tenant"), IntColumn("seq"), IntColumn("time_us"), WordColumn("actor"), NameColumn("action"),
        WordColumn("target"), NameColumn("result"), NameColumn("previous"), NameColumn("hash")},
       {"tenant", "seq"}});
  tables.push_back(
      Sealed({"standing_orders", {NameColumn("kind"), WordColumn("id"), BytesColumn("bytes")}, {"kind", "id"}}, "bytes",
             {"kind", "id"}));
}

void AddInstanceTables(std::vector<TableSpec>& tables) {
  tables.push_back(
      OfInstance("instances",
                 {BytesColumn("id"), NameColumn("tenant"), NameColumn("process"), NameColumn("version"),
                  NameColumn("definition_hash"), WordColumn("key"), NameColumn("status"), BoolColumn("live"),
                  WordColumn("states"), WordColumn("error"), IntColumn("open_incidents"), BytesColumn("parent"),
                  IntColumn("started_us"), IntColumn("updated_us"), IntColumn("ended_us")},
                 {"id"}));
  tables.push_back(Sealed(
      OfInstance("journal", {BytesColumn("instance"), IntColumn("seq"), IntColumn("time_us"), BytesColumn("bytes")},
                 {"instance", "seq"}),
      "bytes", {"instance", "seq"}));
  tables.push_back(
      Sealed(OfInstance("snapshots", {BytesColumn("instance"), IntColumn("seq"), BytesColumn("bytes")}, {"instance"}),
             "bytes", {"instance", "seq"}));
  tables.push_back(
      OfInstance("timers", {IntColumn("due_us"), BytesColumn("instance"), IntColumn("activation"), IntColumn("slot")},
                 {"due_us", "instance", "activation", "slot"}));
  tables.push_back(
      Sealed(OfInstance("incidents",
                        {BytesColumn("instance"), IntColumn("number"), NameColumn("tenant"), NameColumn("process"),
                         NameColumn("state"), WordColumn("error"), WordColumn("message"), BoolColumn("open"),
                         IntColumn("opened_us"), IntColumn("closed_us")},
                        {"instance", "number"}),
             "message", {"instance", "number"}));
  tables.push_back(
      Sealed(OfInstance("tasks",
                        {BytesColumn("instance"), IntColumn("activation"), NameColumn("tenant"), NameColumn("process"),
                         NameColumn("state"), WordColumn("role"), WordColumn("assignee"), IntColumn("due_us"),
                         IntColumn("opened_us"), BytesColumn("bytes"), Later(WordColumn("claimed"), std::string())},
                        {"instance", "activation"}),
             "bytes", {"instance", "activation"}));
  tables.push_back(
      Sealed(OfInstance("jobs",
                        {BytesColumn("instance"), IntColumn("activation"), BoolColumn("undo"), NameColumn("tenant"),
                         NameColumn("process"), NameColumn("state"), NameColumn("operation"), IntColumn("attempt"),
                         IntColumn("opened_us"), IntColumn("lease_until_us"), NameColumn("lease_token"),
                         WordColumn("worker"), IntColumn("ends_us"), BytesColumn("bytes")},
                        {"instance", "activation", "undo"}),
             "bytes", {"instance", "activation", "undo"}));
  tables.push_back(OfInstance("search_values",
                              {BytesColumn("instance"), NameColumn("name"), NameColumn("tenant"), WordColumn("value")},
                              {"instance", "name"}));
}

void AddEventTables(std::vector<TableSpec>& tables) {
  tables.push_back(AtHome(
      "subscriptions", "value",
      {NameColumn("tenant"), WordColumn("type"), WordColumn("value"), BytesColumn("instance"), IntColumn("activation")},
      {"tenant", "type", "value", "instance", "activation"}));
  tables.push_back(
      Sealed(WithShard("inbox", {BytesColumn("sender"), IntColumn("seq"), IntColumn("position"), BytesColumn("bytes")},
                       {"sender", "seq", "position"}),
             "bytes", {"sender", "seq", "position"}));
  tables.push_back(
      Sealed(AtHome("kept_events", "value",
                    {NameColumn("tenant"), WordColumn("value"), NameColumn("process"), IntColumn("arrival"),
                     WordColumn("type"), IntColumn("expires_us"), BytesColumn("bytes")},
                    {"tenant", "value", "process", "arrival"}),
             "bytes", {"tenant", "process", "value", "arrival"}));
  tables.push_back(AtHome(
      "event_identities", "value",
      {NameColumn("tenant"), WordColumn("source"), WordColumn("id"), WordColumn("value"), IntColumn("expires_us")},
      {"tenant", "source", "id", "value"}));
  tables.push_back(Sealed(AtHome("idempotency_keys", "key",
                                 {NameColumn("tenant"), WordColumn("key"), OfShards("owner"),
                                  NameColumn("request_hash"), BytesColumn("answer"), IntColumn("expires_us")},
                                 {"tenant", "key"}),
                          "answer", {"tenant", "key"}));
  tables.push_back(AtHome("ever_keys", "key",
                          {NameColumn("tenant"), NameColumn("process"), WordColumn("key"), BytesColumn("instance")},
                          {"tenant", "process", "key"}));
  tables.push_back(
      Sealed(AtHome("schedules", "process", {NameColumn("tenant"), NameColumn("process"), BytesColumn("bytes")},
                    {"tenant", "process"}),
             "bytes", {"tenant", "process"}));
  tables.push_back(
      Sealed(WithShard("deliveries",
                       {NameColumn("webhook"), NameColumn("id"), NameColumn("tenant"), NameColumn("status"),
                        IntColumn("created_us"), IntColumn("due_us"), BytesColumn("bytes")},
                       {"webhook", "id"}),
             "bytes", {"webhook", "id"}));
  tables.push_back(WithShard("counters", {NameColumn("name"), IntColumn("value")}, {"name"}));
}

std::vector<TableSpec> MakeTables() {
  std::vector<TableSpec> tables;
  AddDefinitionTables(tables);
  AddInstanceTables(tables);
  AddEventTables(tables);
  return tables;
}

InstanceId IdIn(const Cell& cell) {
  const std::string& text = TextIn(cell);
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(text.begin(), std::min(text.size(), bytes.size()), bytes.begin());
  return InstanceId::FromBytes(bytes);
}

// As engine/storage/sealed binds payloads to their rows.
std::string PlaceOf(const TableSpec& table, const TableRow& row) {
  std::string place(table.name);
  for (const std::string_view name : table.place) {
    const std::size_t at = table.At(name);
    const Cell& cell = row[at];
    place += '\n';
    if (table.columns[at].kind == CellKind::kBytes) {
      place += IdIn(cell).ToString();
    } else if (std::holds_alternative<std::int64_t>(cell)) {
      place += std::to_string(IntIn(cell));
    } else {
      place += std::to_string(TextIn(cell).size()) + ":" + TextIn(cell);
    }
  }
  return place;
}

// The notes of used keys (engine/storage/sealed): sealed, but at a place of their own, and opened by nobody else.
bool IsKeyNote(const TableSpec& table, const TableRow& row) {
  return table.name == "standing_orders" && TextIn(row[table.At("kind")]) == kSealingKeyNotes;
}

}  // namespace

std::size_t TableSpec::At(std::string_view column) const {
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i].name == column) return i;
  FERMATA_ASSERT(false);
  return 0;
}

const std::vector<TableSpec>& AllTables() {
  static const std::vector<TableSpec> tables = MakeTables();
  return tables;
}

const TableSpec* FindTable(std::string_view name) {
  for (const TableSpec& table : AllTables())
    if (table.name == name) return &table;
  return nullptr;
}

const TableSpec& TableCalled(std::string_view name) {
  const TableSpec* table = FindTable(name);
  FERMATA_ASSERT(table != nullptr);
  return *table;
}

int ShardOf(const TableSpec& table, const TableRow& row, int shard_count) {
  if (table.rule == ShardRule::kNone) return 0;
  const Cell& cell = row[table.At(table.shard_column)];
  if (table.rule == ShardRule::kStored) return static_cast<int>(IntIn(cell));
  if (table.rule == ShardRule::kInstance) return IdIn(cell).shard();
  return HomeShard(TextIn(row[table.At("tenant")]), TextIn(cell), shard_count);
}

const std::string& TextIn(const Cell& cell) {
  static const std::string kNoText;
  const auto* text = std::get_if<std::string>(&cell);
  return text == nullptr ? kNoText : *text;
}

std::int64_t IntIn(const Cell& cell) {
  const auto* number = std::get_if<std::int64_t>(&cell);
  return number == nullptr ? 0 : *number;
}

Status OpenPayload(const TableSpec& table, const SealingKeys& keys, TableRow& row) {
  if (table.payload.empty() || IsKeyNote(table, row)) return Done{};
  Cell& payload = row[table.At(table.payload)];
  Result<std::string> plain = keys.Open(TextIn(payload), PlaceOf(table, row));
  if (!plain.ok()) return Error{kSealedRowUnreadable, plain.error().message};
  payload = *std::move(plain);
  return Done{};
}

void SealPayload(const TableSpec& table, const SealingKeys& keys, TableRow& row) {
  if (keys.empty() || table.payload.empty()) return;
  Cell& payload = row[table.At(table.payload)];
  payload = keys.Seal(TextIn(payload), PlaceOf(table, row));
}

Error HalfImported(const std::string& what) {
  return {kStorageHalfImported, "Expected " + what + " to be whole, but an import into it was not finished.", "",
          "Run the same 'fermata import' again: it goes on where it stopped."};
}

}  // namespace fermata
