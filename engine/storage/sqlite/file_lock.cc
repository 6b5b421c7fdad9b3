#include "engine/storage/sqlite/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/storage/codes.h"

namespace fermata::sqlite {
namespace {

std::string HolderOf(int fd) {
  char text[32] = {};
  const ssize_t size = ::pread(fd, text, sizeof text - 1, 0);
  const std::string number(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  return number.empty() ? "another process" : "process " + number;
}

}  // namespace

Result<FileLock> FileLock::Acquire(const std::string& path) {
  const std::string lock_path = path + ".lock";
  const int fd = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Error{kStorageOpenFailed, "Expected to open '" + lock_path + "', but " + std::strerror(errno) + ".", "",
                 "Check that the folder exists and that the server's user may write there."};
  }
  FileLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return Error{kStorageInUse,
                 "Expected to be the only server on '" + path + "', but " + HolderOf(fd) + " has it open.", "",
                 "Stop the other server, or give this one a file of its own. For several servers use PostgreSQL."};
  }
  const std::string number = std::to_string(::getpid());
  const bool written = ::ftruncate(fd, 0) == 0 && ::pwrite(fd, number.data(), number.size(), 0) > 0;
  (void)written;  // only the message of the next one gets poorer
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace fermata::sqlite
