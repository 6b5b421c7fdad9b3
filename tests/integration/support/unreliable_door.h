// An HTTP proxy before a program that fails on purpose, at a rate and by chance: it refuses requests, loses answers, is late, or asks twice.
//
// Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <random>

#include "api/http/server.h"
#include "engine/base/worker_pool.h"
#include "tests/support/http_client.h"

namespace fermata::test {

class UnreliableDoor {
 public:
  // kLost: the program has done it, and the connection is cut before its answer.
  enum class Fault { kNone, kRefused, kLost, kLate, kTwice };
  static constexpr std::size_t kFaults = 5;

  UnreliableDoor(int server_port, unsigned seed);
  ~UnreliableDoor();

  int port() const { return port_; }
  // Of a hundred requests so many get a fault; 0 in the beginning.
  void SetRate(int percent) { percent_ = percent; }
  // How many requests got it so far.
  int count(Fault fault) const { return counts_[static_cast<std::size_t>(fault)]; }

 private:
  void Handle(const HttpRequest& request, const ResponseHandle& response);
  ClientResponse Forward(const HttpRequest& request) const;
  Fault Choose();

  const int server_port_;
  std::atomic<int> percent_{0};
  std::array<std::atomic<int>, kFaults> counts_{};
  std::mutex mutex_;
  std::mt19937 random_;
  WorkerPool pool_;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
};

}  // namespace fermata::test
