// The file of `fermata export`: a line that says what it is, then frames. A frame is its length (4 bytes, the highest first), the SHA-256 of the checksum of
// the frame before and its own bytes (64 hex digits), and its body, compressed by zlib. So a file that was cut off, changed or put together from two is noticed.
//
// The first frame is the header, then come frames of rows, then the end. docs/storage.md describes them. Not thread-safe.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/storage/tables.h"

namespace fermata {

// What an export was made from.
struct ArchiveHeader {
  int shard_count = 1;
  std::string stamp;  // of the storage (TableReader::Stamp)
  // The columns of each table as they stand in its rows, in the order of the file.
  std::vector<std::pair<std::string, std::vector<std::string>>> tables;
  friend bool operator==(const ArchiveHeader&, const ArchiveHeader&) = default;
};

struct ArchiveRows {
  int table = 0;  // index into the header's
  std::vector<TableRow> rows;
};

// How many rows each table has: what the last frame says.
using ArchiveTotals = std::map<std::string, std::int64_t>;

struct ArchiveFrame {
  enum class Kind { kHeader, kRows, kEnd };
  Kind kind = Kind::kRows;
  ArchiveHeader header{};
  ArchiveRows rows{};
  ArchiveTotals totals{};
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FilePtr = std::unique_ptr<std::FILE, CloseFile>;

class ArchiveReader {
 public:
  // Fails with kExportUnreadable if it is no such file, or one of a newer version.
  static Result<ArchiveReader> Open(const std::string& path);

  // nullopt where the file ends. A frame that is cut off or was changed is kExportUnreadable.
  Result<std::optional<ArchiveFrame>> Next();

  std::int64_t frames() const { return frames_; }        // that were read
  std::int64_t offset() const { return offset_; }        // where the last of them ends
  const std::string& digest() const { return digest_; }  // of the last of them, 64 hex digits

 private:
  ArchiveReader(std::string path, FilePtr file) : path_(std::move(path)), file_(std::move(file)) {}
  Error Unreadable(const std::string& why) const;

  std::string path_;
  FilePtr file_;
  std::int64_t frames_ = 0, offset_ = 0;
  std::string digest_;
  std::vector<std::size_t> widths_{};  // columns of each table
};

class ArchiveWriter {
 public:
  // Makes the file, readable by its owner only.
  static Result<ArchiveWriter> Create(const std::string& path, const ArchiveHeader& header);
  // Goes on behind what `read` has read of it; what stands there is dropped.
  static Result<ArchiveWriter> GoOn(const std::string& path, const ArchiveReader& read);

  Status AddRows(const ArchiveRows& rows);
  // The last frame; the file is on disk when this returns.
  Status End(const ArchiveTotals& totals);

 private:
  ArchiveWriter(std::string path, FilePtr file, std::string digest)
      : path_(std::move(path)), file_(std::move(file)), digest_(std::move(digest)) {}
  Status Add(std::string_view body);
  Error Failed() const;

  std::string path_;
  FilePtr file_;
  std::string digest_;
};

}  // namespace fermata
