// A folder that is removed, with what is in it, when its object goes.
#pragma once

#include <filesystem>
#include <string>

namespace fermata::test {

class TempFolder {
 public:
  // Ends the process if the folder cannot be made.
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string File(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace fermata::test
