// The yardstick of the benchmark: how fast a bare prepared loop inserts journal rows, with the same table and sync and nothing around it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fermata {

struct RawInserts {
  std::int64_t rows = 0;
  std::size_t bytes = 0;  // of each payload
  std::int64_t rows_per_tx = 0;
};

}  // namespace fermata
