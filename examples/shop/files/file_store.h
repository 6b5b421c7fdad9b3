// The bytes of files in a folder, named by their SHA-256, and what is known of them in a table.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "examples/shop/common/rest.h"

namespace fermata::shop {

class Database;

// Thread-safe.
class FileStore {
 public:
  // `clock` must outlive it.
  static Result<std::unique_ptr<FileStore>> Open(const std::string& database_url, const std::string& folder,
                                                 Clock& clock);
  ~FileStore();

  // Keeps the file; 0 seconds are for ever, and of two lives of one file the longer one holds. Status 200 or 201 (it is
  // new), with {uid, type, size}; 503 if it cannot be kept.
  RestAnswer Keep(const std::string& bytes, const std::string& type, std::int64_t life_seconds);
  // The file as it came, with its type; 404, or 500 if its bytes are not what they were.
  RestAnswer Read(const std::string& uid);

 private:
  FileStore(std::unique_ptr<Database> database, std::string folder, Clock& clock);
  std::string PathOf(const std::string& uid) const;
  // Drops what has had its time.
  void Purge();

  std::unique_ptr<Database> database_;
  const std::string folder_;
  Clock& clock_;
};

}  // namespace fermata::shop
