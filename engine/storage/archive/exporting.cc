#include "engine/storage/archive/exporting.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/model/limits.h"
#include "engine/storage/archive/archive_file.h"
#include "engine/storage/codes.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

std::size_t BytesOf(const TableRow& row) {
  std::size_t bytes = 0;
  for (const Cell& cell : row) bytes += 9 + TextIn(cell).size();
  return bytes;
}

ArchiveHeader HeaderOf(TableReader& reader, std::string stamp) {
  ArchiveHeader header{reader.shard_count(), std::move(stamp), {}};
  for (const TableSpec& table : AllTables()) {
    auto& entry = header.tables.emplace_back(table.name, std::vector<std::string>());
    for (const TableColumn& column : table.columns) entry.second.emplace_back(column.name);
  }
  return header;
}

// Where an interrupted export stopped.
struct LeftOver {
  std::optional<ArchiveReader> read;  // absent: there is none, or none that can be gone on with
  int table = 0;
  std::optional<TableRow> last;
  ArchiveTotals totals;
  std::int64_t rows = 0;
  bool is_old = false;
};

Result<LeftOver> FindLeftOver(const std::string& path, const ArchiveHeader& header) {
  LeftOver left;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return left;
  Result<ArchiveReader> reader = ArchiveReader::Open(path);
  if (!reader.ok()) return reader.error();
  Result<std::optional<ArchiveFrame>> frame = reader->Next();
  left.is_old = !frame.ok() || !frame->has_value() || !((*frame)->header == header);
  if (left.is_old) return left;
  // Its last frame may be cut off: what stands before that is good, and the reader stays behind it.
  for (frame = reader->Next(); frame.ok() && frame->has_value(); frame = reader->Next()) {
    ArchiveFrame& found = **frame;
    left.is_old = found.kind != ArchiveFrame::Kind::kRows;
    if (left.is_old) return left;
    const std::int64_t rows = static_cast<std::int64_t>(found.rows.rows.size());
    left.table = found.rows.table;
    left.rows += rows;
    left.totals[header.tables[static_cast<std::size_t>(left.table)].first] += rows;
    if (rows > 0) left.last = std::move(found.rows.rows.back());
  }
  left.read = std::move(*reader);
  return left;
}

class Exporter {
 public:
  Exporter(TableReader& reader, ArchiveWriter writer, const TellProgress& tell, LeftOver left)
      : reader_(reader), writer_(std::move(writer)), tell_(tell), left_(std::move(left)), totals_(left_.totals) {}

  Result<ExportReport> Run() {
    for (const TableSpec& table : AllTables()) {
      totals_.try_emplace(std::string(table.name), 0);  // those without rows have no frame
      Result<std::int64_t> count = reader_.Count(table);
      if (!count.ok()) return count.error();
      progress_.rows_of_all += *count;
    }
    progress_.rows = left_.rows;
    for (int i = left_.table; i < static_cast<int>(AllTables().size()); ++i) {
      const std::optional<TableRow> after = i == left_.table ? left_.last : std::nullopt;
      if (Status written = WriteTable(i, after); !written.ok()) return written.error();
    }
    if (Status ended = writer_.End(totals_); !ended.ok()) return ended.error();
    return ExportReport{progress_.rows, left_.rows, left_.is_old};
  }

 private:
  Status WriteTable(int index, const std::optional<TableRow>& after) {
    const TableSpec& table = AllTables()[static_cast<std::size_t>(index)];
    progress_.table = table.name;
    Result<std::unique_ptr<TableCursor>> cursor = reader_.Open(table, TableOrder::kKey, after);
    if (!cursor.ok()) return cursor.error();
    ArchiveRows frame{index, {}};
    std::size_t bytes = 0;
    while (true) {
      Result<std::vector<TableRow>> rows = (*cursor)->Next(kTableRowsRead);
      if (!rows.ok()) return rows.error();
      for (TableRow& row : *rows) {
        bytes += BytesOf(row);
        frame.rows.push_back(std::move(row));
      }
      const bool full = bytes >= kExportFrameBytes || frame.rows.size() >= kExportFrameRows;
      if (!frame.rows.empty() && (full || rows->empty())) {
        if (Status added = Add(table, frame); !added.ok()) return added;
        frame.rows.clear();
        bytes = 0;
      }
      if (rows->empty()) return Done{};
    }
  }

  Status Add(const TableSpec& table, const ArchiveRows& frame) {
    if (Status added = writer_.AddRows(frame); !added.ok()) return added;
    totals_[std::string(table.name)] += static_cast<std::int64_t>(frame.rows.size());
    progress_.rows += static_cast<std::int64_t>(frame.rows.size());
    if (tell_) tell_(progress_);
    return Done{};
  }

  TableReader& reader_;
  ArchiveWriter writer_;
  const TellProgress& tell_;
  const LeftOver left_;
  ArchiveTotals totals_;
  TransferProgress progress_;
};

}  // namespace

Result<ExportReport> Export(TableReader& reader, const std::string& path, const TellProgress& tell) {
  std::error_code error;
  if (fs::exists(path, error))
    return Error{kImportRefused, "Expected to make the file '" + path + "', but it is there already.", "",
                 "Give another name, or move the file away."};
  const std::string part = path + ".part";
  Result<std::string> stamp = reader.Stamp();
  if (!stamp.ok()) return stamp.error();
  const ArchiveHeader header = HeaderOf(reader, *std::move(stamp));
  Result<LeftOver> left = FindLeftOver(part, header);
  if (!left.ok()) return left.error();
  Result<ArchiveWriter> writer =
      left->read ? ArchiveWriter::GoOn(part, *left->read) : ArchiveWriter::Create(part, header);
  if (!writer.ok()) return writer.error();
  Result<ExportReport> report = Exporter(reader, *std::move(writer), tell, *std::move(left)).Run();
  if (!report.ok()) return report;
  if (fs::rename(part, path, error); error)
    return Error{kStorageOpenFailed,
                 "Expected to call '" + part + "' now '" + path + "', but " + error.message() + "."};
  return report;
}

}  // namespace fermata
