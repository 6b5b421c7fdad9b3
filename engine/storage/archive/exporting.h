// Everything that a storage has, into one file.
//
// Reads and writes in its caller's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/base/result.h"
#include "engine/storage/tables.h"

namespace fermata {

// How far an export or an import has got.
struct TransferProgress {
  std::string table;  // the one it is at
  std::int64_t rows = 0, rows_of_all = 0;
};
using TellProgress = std::function<void(const TransferProgress&)>;

struct ExportReport {
  std::int64_t rows = 0;
  std::int64_t rows_there = 0;  // that an interrupted export of the same moment had written already
  bool began_anew = false;      // an interrupted one was there, but the storage has changed since
};

// Writes `path`.part, and calls it `path` once it is whole. What an interrupted export has left is gone on with, if nothing was written to the storage
// meanwhile. Fails with kImportRefused if `path` is there, with kExportUnreadable if `path`.part is something else, else as reading and writing do.
Result<ExportReport> Export(TableReader& reader, const std::string& path, const TellProgress& tell);

}  // namespace fermata
