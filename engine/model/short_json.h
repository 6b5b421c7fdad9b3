// Values within sentences that people read. Pure and thread-safe.
#pragma once

#include <cstddef>
#include <string>

#include "engine/model/value.h"

namespace fermata {

// As JSON, cut where it gets long.
std::string ShortJson(const Value& value, std::size_t most = 400);

}  // namespace fermata
