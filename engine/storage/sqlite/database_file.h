// The database file on disk: its one name, and how it is made.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace fermata::sqlite {

// Links lead to one name, so that one file has one lock.
Result<std::string> ResolvePath(const std::string& path);

// Makes the file, if it is missing, for its owner only: it holds what the processes know.
Status MakeFile(const std::string& path);

}  // namespace fermata::sqlite
