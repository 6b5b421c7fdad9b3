#include "engine/storage/archive/importing.h"

#include <algorithm>
#include <map>

#include "engine/storage/codes.h"

namespace fermata {
namespace {

constexpr const char* kNoOthers = "Give an empty database, or another folder.";

Error Strange(const std::string& path, const std::string& why) {
  return {kExportUnreadable, "Expected a whole file of 'fermata export' at '" + path + "', but " + why + ".", "",
          "Copy it anew, or export again."};
}

// Positive and not 0, so that it is told from nothing.
std::int64_t MarkOf(const std::string& digest) {
  return static_cast<std::int64_t>(std::stoull(digest.substr(0, 15), nullptr, 16)) + 1;
}

Status CheckColumns(const std::string& path, const ArchiveHeader& header) {
  for (const auto& [name, columns] : header.tables) {
    const TableSpec* table = FindTable(name);
    if (table == nullptr) return Strange(path, "this version knows no '" + name + "' (a newer one made it)");
    for (const std::string& column : columns)
      if (std::none_of(table->columns.begin(), table->columns.end(),
                       [&](const TableColumn& known) { return known.name == column; }))
        return Strange(path, "this version knows no '" + column + "' of '" + name + "' (a newer one made it)");
    for (const TableColumn& known : table->columns)
      if (!known.of_shards && !known.before && std::count(columns.begin(), columns.end(), known.name) == 0)
        return Strange(path, "'" + name + "' has no '" + std::string(known.name) + "' there");
  }
  return Done{};
}

class Importer {
 public:
  Importer(const WholeExport& contents, TableWriter& writer, const ImportOptions& options, const TellProgress& tell)
      : contents_(contents), writer_(writer), options_(options), tell_(tell) {}

  Result<ImportReport> Run() {
    ImportReport report;
    report.shards_before = contents_.header.shard_count;
    Result<std::int64_t> imported = writer_.ReadCounter(kImported);
    if (!imported.ok()) return imported.error();
    report.already = *imported == contents_.mark;
    if (report.already) {
      report.rows = report.rows_there = contents_.rows;
      return report;
    }
    if (Status begun = Begin(); !begun.ok()) return begun.error();
    Result<ArchiveReader> reader = ArchiveReader::Open(contents_.path);
    if (!reader.ok()) return reader.error();
    progress_.rows_of_all = contents_.rows;
    while (true) {
      Result<std::optional<ArchiveFrame>> frame = reader->Next();
      if (!frame.ok()) return frame.error();
      if (!frame->has_value()) break;
      if ((*frame)->kind != ArchiveFrame::Kind::kRows) continue;
      ArchiveRows& rows = (*frame)->rows;
      progress_.rows += static_cast<std::int64_t>(rows.rows.size());
      const bool there = reader->frames() <= frames_there_;
      if (there) report.rows_there += static_cast<std::int64_t>(rows.rows.size());
      if (Status taken = Take(rows, there ? 0 : reader->frames()); !taken.ok()) return taken.error();
      if (tell_) tell_(progress_);
    }
    if (Status ended = End(); !ended.ok()) return ended.error();
    report.rows = progress_.rows;
    return report;
  }

 private:
  // Decides whether to begin, to go on, or neither.
  Status Begin() {
    Result<std::int64_t> mark = writer_.ReadCounter(kImportMark);
    if (!mark.ok()) return mark.error();
    if (*mark != 0 && *mark != contents_.mark)
      return Error{kImportRefused, "Expected to go on with an import, but it was begun from another file.", "",
                   "Give that file; or begin anew with an empty database or another folder."};
    if (*mark == 0) {
      Result<bool> empty = writer_.IsEmpty();
      if (!empty.ok()) return empty.error();
      if (!*empty)
        return Error{kImportRefused, "Expected an empty storage to import into, but it has rows.", "", kNoOthers};
    }
    Result<std::int64_t> frames = writer_.ReadCounter(kImportFrames);
    if (!frames.ok()) return frames.error();
    frames_there_ = *frames;
    return Done{};
  }

  // `frames`: how many the file has up to this one; 0 if its rows are there already.
  Status Take(ArchiveRows& rows, std::int64_t frames) {
    const auto& [name, columns] = contents_.header.tables[static_cast<std::size_t>(rows.table)];
    const TableSpec& table = TableCalled(name);
    progress_.table = name;
    std::vector<TableRow> ours;
    for (TableRow& row : rows.rows) ours.push_back(OursOf(table, columns, row));
    if (table.name == "counters") {
      for (const TableRow& row : ours) RaiseCounter(table, row);
      return Done{};
    }
    if (frames == 0) return Done{};
    if (table.name == "inbox")
      if (Status found = FindShards(table, ours); !found.ok()) return found;
    std::vector<TableChange> changes;
    changes.push_back({&table, TableChange::Kind::kInsert, std::move(ours)});
    changes.push_back(Note(frames));
    return writer_.Write(changes);
  }

  // The row with the columns that tables have now.
  TableRow OursOf(const TableSpec& table, const std::vector<std::string>& columns, TableRow& row) const {
    TableRow ours;
    for (const TableColumn& column : table.columns) {
      const auto found = std::find(columns.begin(), columns.end(), column.name);
      if (found != columns.end()) {
        ours.push_back(std::move(row[static_cast<std::size_t>(found - columns.begin())]));
      } else {
        ours.push_back(column.before.value_or(Cell()));
      }
    }
    return ours;
  }

  // A storage without shards does not say who takes a message. What servers had to tell each other is left out: their clients do not wait any more.
  Status FindShards(const TableSpec& table, std::vector<TableRow>& rows) const {
    std::vector<TableRow> taken;
    for (TableRow& row : rows) {
      Cell& shard = row[table.At("shard")];
      const bool is_known = !IsNull(shard) || writer_.shard_count() == 1;
      Result<std::optional<int>> found = ShardOf(table, row);
      if (!found.ok() && !is_known) return found.error();
      if (found.ok() && !found->has_value()) continue;
      if (!is_known) shard = std::int64_t{**found};
      taken.push_back(std::move(row));
    }
    rows = std::move(taken);
    return Done{};
  }

  Result<std::optional<int>> ShardOf(const TableSpec& table, const TableRow& row) const {
    TableRow opened = row;
    if (Status open = OpenPayload(table, options_.keys, opened); !open.ok()) return open.error();
    return options_.shard_of_message(TextIn(opened[table.At("bytes")]), writer_.shard_count());
  }

  // Of several shards' the highest counts where there is one.
  void RaiseCounter(const TableSpec& table, const TableRow& row) {
    if (TextIn(row[table.At("name")]) == kImported) return;
    const std::int64_t shard = writer_.shard_count() == 1 ? 0 : IntIn(row[table.At("shard")]);
    std::int64_t& value = counters_[{TextIn(row[table.At("name")]), shard}];
    value = std::max(value, IntIn(row[table.At("value")]));
  }

  TableChange Note(std::int64_t frames) const {
    const TableSpec& table = TableCalled("counters");
    return {&table,
            TableChange::Kind::kPut,
            {CounterRow(kImportMark, 0, contents_.mark), CounterRow(kImportFrames, 0, frames)}};
  }

  static TableRow CounterRow(std::string_view name, std::int64_t shard, std::int64_t value) {
    const TableSpec& table = TableCalled("counters");
    TableRow row(table.columns.size());
    row[table.At("name")] = std::string(name);
    row[table.At("shard")] = shard;
    row[table.At("value")] = value;
    return row;
  }

  // The counters, and the end of the marks: from then on servers open it.
  Status End() {
    if (contents_.header.shard_count == 1 && writer_.shard_count() > 1) counters_[{std::string(kGuests), 0}] = 1;
    counters_[{std::string(kImported), 0}] = contents_.mark;
    const TableSpec& table = TableCalled("counters");
    TableChange put{&table, TableChange::Kind::kPut, {}};
    for (const auto& [counter, value] : counters_) put.rows.push_back(CounterRow(counter.first, counter.second, value));
    TableChange unmark{
        &table, TableChange::Kind::kDelete, {CounterRow(kImportMark, 0, 0), CounterRow(kImportFrames, 0, 0)}};
    return writer_.Write({std::move(put), std::move(unmark)});
  }

  const WholeExport& contents_;
  TableWriter& writer_;
  const ImportOptions& options_;
  const TellProgress& tell_;
  std::int64_t frames_there_ = 0;
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> counters_;
  TransferProgress progress_;
};

}  // namespace

Result<WholeExport> CheckExport(const std::string& path) {
  Result<ArchiveReader> reader = ArchiveReader::Open(path);
  if (!reader.ok()) return reader.error();
  WholeExport contents;
  contents.path = path;
  ArchiveTotals counted;
  std::optional<ArchiveTotals> totals;
  while (true) {
    Result<std::optional<ArchiveFrame>> frame = reader->Next();
    if (!frame.ok()) return frame.error();
    if (!frame->has_value()) break;
    if (totals) return Strange(path, "something stands behind its end");
    ArchiveFrame& found = **frame;
    if (found.kind == ArchiveFrame::Kind::kHeader) {
      contents.header = std::move(found.header);
      contents.mark = MarkOf(reader->digest());
      for (const auto& [name, columns] : contents.header.tables) counted[name] = 0;
    } else if (found.kind == ArchiveFrame::Kind::kEnd) {
      totals = std::move(found.totals);
    } else {
      const std::int64_t rows = static_cast<std::int64_t>(found.rows.rows.size());
      counted[contents.header.tables[static_cast<std::size_t>(found.rows.table)].first] += rows;
      contents.rows += rows;
    }
  }
  if (!totals) return Strange(path, "its end is missing");
  if (*totals != counted) return Strange(path, "it has other rows than its end says");
  if (Status checked = CheckColumns(path, contents.header); !checked.ok()) return checked.error();
  return contents;
}

Result<ImportReport> Import(const WholeExport& file, TableWriter& writer, const ImportOptions& options,
                            const TellProgress& tell) {
  return Importer(file, writer, options, tell).Run();
}

}  // namespace fermata
