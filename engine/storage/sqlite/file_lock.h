// Keeps a second server off a database file.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace fermata::sqlite {

// A lock of the operating system on `path`.lock. It ends with the object or with the process, however that ends; the lock file stays.
class FileLock {
 public:
  // Fails at once if somebody else has it, with the number of that process in the message.
  static Result<FileLock> Acquire(const std::string& path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace fermata::sqlite
