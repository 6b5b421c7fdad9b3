// Hears the hints that one storage gets, and waits for what it wants to hear.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/storage/nodes.h"

namespace fermata::test {

class Ear {
 public:
  explicit Ear(Storage& storage) : nodes_(*storage.nodes()) {
    nodes_.Listen([this](const Hint& hint) {
      std::lock_guard lock(mutex_);
      if (hint.words.empty()) heard_.emplace_back(hint.kind, "");
      for (const std::string& word : hint.words) heard_.emplace_back(hint.kind, word);
      news_.notify_all();
    });
  }
  ~Ear() { nodes_.Listen(nullptr); }
  // Tells it again until it is heard: what is told before the others listen gets lost.
  void AwaitFrom(Storage& teller, Hint::Kind kind, const std::string& word) {
    std::unique_lock lock(mutex_);
    const auto heard = [&] { return std::find(heard_.begin(), heard_.end(), std::pair(kind, word)) != heard_.end(); };
    do {
      lock.unlock();
      teller.nodes()->Tell(kind, word);
      lock.lock();
    } while (!news_.wait_for(lock, std::chrono::milliseconds(20), heard));
  }
  std::vector<std::pair<Hint::Kind, std::string>> heard() {
    std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  Nodes& nodes_;
  std::mutex mutex_;
  std::condition_variable news_;
  std::vector<std::pair<Hint::Kind, std::string>> heard_;
};

}  // namespace fermata::test
