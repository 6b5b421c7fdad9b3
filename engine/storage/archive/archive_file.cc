#include "engine/storage/archive/archive_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

#include "engine/base/hash.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"
#include "engine/model/value.h"
#include "engine/storage/codes.h"

namespace fermata {
namespace {

constexpr std::string_view kFirstLine = "fermata export 1\n";
constexpr std::size_t kDigestDigits = 64;
constexpr std::size_t kLengthBytes = 4;
// Compressing harder takes several times longer and saves a tenth.
constexpr int kCompression = 3;

void AppendNumber(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i > 0; --i) out += static_cast<char>(value >> ((i - 1) * 8) & 0xff);
}

std::uint64_t NumberAt(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// Takes from the front; what is missing makes it bad for good.
class Taker {
 public:
  explicit Taker(std::string_view bytes) : bytes_(bytes) {}
  std::string_view Take(std::size_t count) {
    if (count > bytes_.size()) {
      good_ = false;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::uint64_t Number(std::size_t count) { return NumberAt(Take(count)); }
  bool good() const { return good_; }
  bool done() const { return good_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

std::string WriteRows(const ArchiveRows& rows) {
  std::string body = "R";
  AppendNumber(body, static_cast<std::uint64_t>(rows.table), 1);
  AppendNumber(body, rows.rows.size(), 4);
  for (const TableRow& row : rows.rows) {
    for (const Cell& cell : row) {
      if (IsNull(cell)) {
        body += 'n';
      } else if (const auto* number = std::get_if<std::int64_t>(&cell)) {
        body += 'i';
        AppendNumber(body, static_cast<std::uint64_t>(*number), 8);
      } else {
        body += 's';
        AppendNumber(body, TextIn(cell).size(), 4);
        body += TextIn(cell);
      }
    }
  }
  return body;
}

std::string WriteHeader(const ArchiveHeader& header) {
  std::vector<Value> tables;
  for (const auto& [name, columns] : header.tables) {
    std::vector<Value> names;
    for (const std::string& column : columns) names.push_back(Value::String(column));
    tables.push_back(Value::Object({{"name", Value::String(name)}, {"columns", Value::List(std::move(names))}}));
  }
  return "H" + WriteJson(Value::Object({{"shards", Value::Int(header.shard_count)},
                                        {"stamp", Value::String(header.stamp)},
                                        {"tables", Value::List(std::move(tables))}}));
}

std::string WriteEnd(const ArchiveTotals& totals) {
  std::vector<Value> rows;
  for (const auto& [name, count] : totals)
    rows.push_back(Value::Object({{"name", Value::String(name)}, {"rows", Value::Int(count)}}));
  return "E" + WriteJson(Value::Object({{"tables", Value::List(std::move(rows))}}));
}

std::string TextOfField(const Value& json, std::string_view name) {
  const Value* value = json.Find(name);
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::int64_t IntOfField(const Value& json, std::string_view name) {
  const Value* value = json.Find(name);
  return value && value->kind() == ValueKind::kInt ? value->as_int() : 0;
}

std::optional<ArchiveHeader> ParseHeader(std::string_view text) {
  Result<Value> json = ParseJson(text);
  if (!json.ok()) return std::nullopt;
  ArchiveHeader header;
  header.shard_count = static_cast<int>(IntOfField(*json, "shards"));
  header.stamp = TextOfField(*json, "stamp");
  const Value* tables = json->Find("tables");
  if (header.shard_count < 1 || !tables || !tables->is_list()) return std::nullopt;
  for (const Value& table : tables->as_list()) {
    const Value* columns = table.Find("columns");
    if (!columns || !columns->is_list()) return std::nullopt;
    auto& entry = header.tables.emplace_back(TextOfField(table, "name"), std::vector<std::string>());
    for (const Value& column : columns->as_list()) {
      if (!column.is_string()) return std::nullopt;
      entry.second.emplace_back(column.as_string());
    }
  }
  return header;
}

std::optional<ArchiveTotals> ParseEnd(std::string_view text) {
  Result<Value> json = ParseJson(text);
  const Value* tables = json.ok() ? json->Find("tables") : nullptr;
  if (!tables || !tables->is_list()) return std::nullopt;
  ArchiveTotals totals;
  for (const Value& table : tables->as_list()) totals[TextOfField(table, "name")] = IntOfField(table, "rows");
  return totals;
}

std::optional<ArchiveRows> ParseRows(std::string_view bytes, const std::vector<std::size_t>& widths) {
  Taker taker(bytes);
  ArchiveRows rows;
  rows.table = static_cast<int>(taker.Number(1));
  const std::uint64_t count = taker.Number(4);
  if (!taker.good() || static_cast<std::size_t>(rows.table) >= widths.size()) return std::nullopt;
  for (std::uint64_t i = 0; i < count && taker.good(); ++i) {
    TableRow& row = rows.rows.emplace_back();
    for (std::size_t cell = 0; cell < widths[static_cast<std::size_t>(rows.table)] && taker.good(); ++cell) {
      const std::string_view kind = taker.Take(1);
      if (kind == "i") {
        row.emplace_back(static_cast<std::int64_t>(taker.Number(8)));
      } else if (kind == "s") {
        row.emplace_back(std::string(taker.Take(taker.Number(4))));
      } else if (kind == "n") {
        row.emplace_back();
      } else {
        return std::nullopt;
      }
    }
  }
  if (!taker.done()) return std::nullopt;
  return rows;
}

std::string Compressed(std::string_view body) {
  uLongf size = compressBound(static_cast<uLong>(body.size()));
  std::string out(size + kLengthBytes, '\0');
  std::string length;
  AppendNumber(length, body.size(), kLengthBytes);
  out.replace(0, kLengthBytes, length);
  const int code =
      compress2(reinterpret_cast<Bytef*>(out.data()) + kLengthBytes, &size, reinterpret_cast<const Bytef*>(body.data()),
                static_cast<uLong>(body.size()), kCompression);
  FERMATA_ASSERT(code == Z_OK);
  out.resize(size + kLengthBytes);
  return out;
}

std::optional<std::string> Uncompressed(std::string_view bytes) {
  Taker taker(bytes);
  const std::uint64_t length = taker.Number(kLengthBytes);
  if (!taker.good() || length > kExportFrameBytesMax) return std::nullopt;
  std::string out(length, '\0');
  uLongf size = static_cast<uLongf>(length);
  const std::string_view rest = bytes.substr(kLengthBytes);
  const int code = uncompress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(rest.data()),
                              static_cast<uLong>(rest.size()));
  if (code != Z_OK || size != length) return std::nullopt;
  return out;
}

}  // namespace

Result<ArchiveReader> ArchiveReader::Open(const std::string& path) {
  FilePtr file(std::fopen(path.c_str(), "rbe"));
  if (!file)
    return Error{kExportUnreadable,
                 "Expected a file of 'fermata export' at '" + path + "', but " + std::strerror(errno) + "."};
  ArchiveReader reader(path, std::move(file));
  std::string line(kFirstLine.size(), '\0');
  const std::size_t size = std::fread(line.data(), 1, line.size(), reader.file_.get());
  line.resize(size);
  if (line != kFirstLine) {
    const bool newer = line.starts_with("fermata export ");
    return reader.Unreadable(newer ? "a newer version made it" : "it is something else");
  }
  reader.offset_ = static_cast<std::int64_t>(kFirstLine.size());
  return reader;
}

Error ArchiveReader::Unreadable(const std::string& why) const {
  return {kExportUnreadable, "Expected a whole file of 'fermata export' at '" + path_ + "', but " + why + ".", "",
          "Copy it anew, or export again."};
}

Result<std::optional<ArchiveFrame>> ArchiveReader::Next() {
  std::string head(kLengthBytes + kDigestDigits, '\0');
  const std::size_t got = std::fread(head.data(), 1, head.size(), file_.get());
  if (got == 0 && std::feof(file_.get())) return std::optional<ArchiveFrame>();
  const std::string at = " at byte " + std::to_string(offset_);
  if (got < head.size()) return Unreadable("it is cut off" + at);
  const std::uint64_t length = NumberAt(std::string_view(head).substr(0, kLengthBytes));
  if (length > kExportFrameBytesMax) return Unreadable("it is damaged" + at);
  std::string packed(length, '\0');
  if (std::fread(packed.data(), 1, packed.size(), file_.get()) < packed.size()) return Unreadable("it is cut off" + at);
  std::string digest = Sha256Hex(digest_ + packed);
  if (digest != std::string_view(head).substr(kLengthBytes)) return Unreadable("it was changed" + at);
  const std::optional<std::string> body = Uncompressed(packed);
  if (!body || body->empty()) return Unreadable("it is damaged" + at);

  ArchiveFrame frame;
  const std::string_view content = std::string_view(*body).substr(1);
  bool good = false;
  if (body->front() == 'H' && frames_ == 0) {
    frame.kind = ArchiveFrame::Kind::kHeader;
    if (std::optional<ArchiveHeader> header = ParseHeader(content)) {
      frame.header = std::move(*header);
      for (const auto& [name, columns] : frame.header.tables) widths_.push_back(columns.size());
      good = true;
    }
  } else if (body->front() == 'R' && frames_ > 0) {
    frame.kind = ArchiveFrame::Kind::kRows;
    if (std::optional<ArchiveRows> rows = ParseRows(content, widths_)) {
      frame.rows = std::move(*rows);
      good = true;
    }
  } else if (body->front() == 'E' && frames_ > 0) {
    frame.kind = ArchiveFrame::Kind::kEnd;
    if (std::optional<ArchiveTotals> totals = ParseEnd(content)) {
      frame.totals = std::move(*totals);
      good = true;
    }
  }
  if (!good) return Unreadable("it is damaged" + at);
  digest_ = std::move(digest);
  ++frames_;
  offset_ += static_cast<std::int64_t>(head.size() + packed.size());
  return std::optional<ArchiveFrame>(std::move(frame));
}

Result<ArchiveWriter> ArchiveWriter::Create(const std::string& path, const ArchiveHeader& header) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  ArchiveWriter writer(path, FilePtr(fd < 0 ? nullptr : ::fdopen(fd, "wb")), "");
  if (!writer.file_) return writer.Failed();
  if (std::fwrite(kFirstLine.data(), 1, kFirstLine.size(), writer.file_.get()) != kFirstLine.size())
    return writer.Failed();
  if (Status added = writer.Add(WriteHeader(header)); !added.ok()) return added.error();
  return writer;
}

Result<ArchiveWriter> ArchiveWriter::GoOn(const std::string& path, const ArchiveReader& read) {
  ArchiveWriter writer(path, FilePtr(std::fopen(path.c_str(), "r+be")), read.digest());
  if (!writer.file_ || ::ftruncate(::fileno(writer.file_.get()), read.offset()) != 0 ||
      std::fseek(writer.file_.get(), 0, SEEK_END) != 0)
    return writer.Failed();
  return writer;
}

Status ArchiveWriter::AddRows(const ArchiveRows& rows) { return Add(WriteRows(rows)); }

Status ArchiveWriter::End(const ArchiveTotals& totals) {
  if (Status added = Add(WriteEnd(totals)); !added.ok()) return added;
  if (::fsync(::fileno(file_.get())) != 0) return Failed();
  return Done{};
}

Status ArchiveWriter::Add(std::string_view body) {
  const std::string packed = Compressed(body);
  digest_ = Sha256Hex(digest_ + packed);
  std::string head;
  AppendNumber(head, packed.size(), kLengthBytes);
  head += digest_;
  const bool written = std::fwrite(head.data(), 1, head.size(), file_.get()) == head.size() &&
                       std::fwrite(packed.data(), 1, packed.size(), file_.get()) == packed.size() &&
                       std::fflush(file_.get()) == 0;
  if (!written) return Failed();
  return Done{};
}

Error ArchiveWriter::Failed() const {
  const int why = errno;
  const std::string message = "Expected to write '" + path_ + "', but " + std::strerror(why) + ".";
  if (why == ENOENT || why == ENOTDIR)
    return {kStorageOpenFailed, message, "", "Make its folder, or give another place."};
  if (why == EACCES || why == EPERM || why == EROFS)
    return {kStorageOpenFailed, message, "", "Give a place where this user may write."};
  return {kStorageFull, message, "", "Make room on the disk, or give another place; then run the same again."};
}

}  // namespace fermata
