#include "engine/storage/sqlite/database_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/storage/codes.h"

namespace fermata::sqlite {

Result<std::string> ResolvePath(const std::string& path) {
  if (path.empty()) {
    return Error{kStorageOptionsInvalid, "Expected the path of the database file, but it is empty.", "", ""};
  }
  std::error_code error;
  const std::filesystem::path resolved = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  if (error) {
    return Error{kStorageOpenFailed, "Expected to find the place of '" + path + "', but " + error.message() + ".", "",
                 ""};
  }
  return resolved.string();
}

Status MakeFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Error{kStorageOpenFailed,
                 "Expected to open the database file '" + path + "', but " + std::strerror(errno) + ".", "",
                 "Check that the folder exists and that the server's user may write there."};
  }
  ::close(fd);
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd >= 0) {
    ::fsync(folder_fd);  // or the new name could be lost with the power
    ::close(folder_fd);
  }
  return Done{};
}

}  // namespace fermata::sqlite
