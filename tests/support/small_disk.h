// A disk of a few megabytes that a test can fill: a tmpfs of its own, seen by this process and what it starts.
//
// Not thread-safe. Made and used on the main thread, before other threads that are to see it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "tests/support/temp_folder.h"

namespace fermata::test {

class SmallDisk {
 public:
  explicit SmallDisk(std::size_t bytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // Why there is none, as where mounting is not allowed; empty if there is one.
  const std::string& missing() const { return missing_; }
  const std::filesystem::path& path() const { return folder_.path(); }

  // Takes all the room that is left, or gives it back.
  void Fill();
  void MakeRoom();

 private:
  TempFolder folder_;
  std::string missing_;
};

}  // namespace fermata::test
