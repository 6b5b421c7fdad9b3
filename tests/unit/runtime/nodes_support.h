// What tests of several engines on one storage have in common.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "engine/runtime/engine.h"

namespace fermata::test {

inline void Until(const std::function<bool()>& holds) {
  for (int i = 0; i < 20'000 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ASSERT_TRUE(holds());
}

// How many shards the node has, as this one knows; -1: it knows of none of that name.
inline int ShardsOf(Engine& at, const std::string& name) {
  for (const NodeView& node : at.NodesNow())
    if (node.name == name) return static_cast<int>(node.shards.count());
  return -1;
}

}  // namespace fermata::test
