#include "tests/support/temp_folder.h"

#include <cstdlib>

#include "engine/base/assert.h"

namespace fermata::test {

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "fermata-XXXXXX").string();
  const char* made = ::mkdtemp(pattern.data());
  FERMATA_ASSERT(made != nullptr);
  path_ = made;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace fermata::test
