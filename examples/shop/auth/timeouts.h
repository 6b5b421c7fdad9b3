// How long auth waits for others.
#pragma once

namespace fermata::shop {

inline constexpr int kEngineTimeoutMs = 15'000;
inline constexpr int kMessageTimeoutMs = 6'000;

}  // namespace fermata::shop
