// What nodes tell each other beside the rows: NOTIFY on one channel of the database, sent by a thread of its own after the commits that it tells of.
// Inside them it would make all commits of the database wait for each other.
//
// Thread-safe. Whatever goes wrong loses hints and nothing else: a lost connection is made again with growing pauses, and so is one to a
// database that knows no LISTEN.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "engine/storage/nodes.h"
#include "engine/storage/postgres/connection.h"

namespace fermata::postgres {

class Hints {
 public:
  // Has neither thread nor connection until there are others.
  explicit Hints(ConnectSettings settings);
  // Tries to send what was told.
  ~Hints();

  // Whether there is anybody to tell; until then Tell() does nothing.
  void SetOthers(bool there);
  // As Nodes::Tell and Nodes::Listen.
  void Tell(Hint::Kind kind, std::string_view word);
  void Listen(std::function<void(const Hint&)> listener);

 private:
  static constexpr std::size_t kKinds = 5;
  struct Gathered {
    bool told = false;
    std::set<std::string> words;
    std::size_t bytes = 0;
  };

  void Run();
  bool Connect();
  void AwaitNews();
  void Send();
  void Receive();
  std::array<Gathered, kKinds> TakeGathered();
  void Wake();

  const ConnectSettings settings_;
  std::atomic<bool> others_{false};
  std::mutex mutex_;
  std::condition_variable stop_;
  std::array<Gathered, kKinds> gathered_;
  bool stopping_ = false;
  bool woken_ = false;
  std::mutex listener_mutex_;
  std::function<void(const Hint&)> listener_;
  const int wake_;                          // an eventfd, written when there is something to send or the end has come
  std::unique_ptr<Connection> connection_;  // the thread's
  std::thread thread_;
};

}  // namespace fermata::postgres
