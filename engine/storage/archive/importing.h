// A file of `fermata export` into an empty storage.
//
// Reads and writes in its caller's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/sealing.h"
#include "engine/storage/archive/archive_file.h"
#include "engine/storage/archive/exporting.h"
#include "engine/storage/tables.h"

namespace fermata {

struct ImportOptions {
  // The shard that takes a message (the payload of an inbox row), of so many; nullopt: nobody, it is left out.
  std::function<Result<std::optional<int>>(std::string_view bytes, int shard_count)> shard_of_message;
  // Only to find that shard where payloads are sealed; they are stored as they are.
  SealingKeys keys;
};

// A file of `fermata export` that was looked through to its end: it is whole, and this version understands it.
struct WholeExport {
  std::string path;
  ArchiveHeader header;
  std::int64_t mark = 0;  // tells it from others
  std::int64_t rows = 0;
};

struct ImportReport {
  std::int64_t rows = 0;
  std::int64_t rows_there = 0;  // that an interrupted import of the same file had written already
  int shards_before = 1;        // of the storage that the file was made from
  bool already = false;         // an earlier import was through; nothing was written
};

// Fails with kExportUnreadable.
Result<WholeExport> CheckExport(const std::string& path);

// Each frame is one transaction, which also notes how far it has got: an interrupted import goes
// on there, and no server opens the storage before it is through. Fails with kImportRefused if the storage is not empty, or an import of another file was
// begun. A storage that was filled from this very file stays as it is.
Result<ImportReport> Import(const WholeExport& file, TableWriter& writer, const ImportOptions& options,
                            const TellProgress& tell);

}  // namespace fermata
