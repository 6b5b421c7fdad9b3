#include "tests/support/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fermata::test {

SmallDisk::SmallDisk(std::size_t bytes) {
  const std::string options = "size=" + std::to_string(bytes);
  // In a namespace of our own, so that nothing stays mounted whatever happens to us.
  const bool mounted = ::unshare(CLONE_NEWNS) == 0 &&
                       ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                       ::mount("tmpfs", path().c_str(), "tmpfs", 0, options.c_str()) == 0;
  if (!mounted)
    missing_ = std::string("Expected to be allowed to mount a small disk, but ") + std::strerror(errno) + ".";
}

SmallDisk::~SmallDisk() {
  if (missing_.empty()) ::umount2(path().c_str(), MNT_DETACH);
}

void SmallDisk::Fill() {
  const int file = ::open(folder_.File("ballast").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const std::string page(4'096, 'x');
  while (::write(file, page.data(), page.size()) > 0) {
  }
  ::close(file);
}

void SmallDisk::MakeRoom() { std::filesystem::remove(folder_.File("ballast")); }

}  // namespace fermata::test
