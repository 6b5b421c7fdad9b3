// The adapter of Pistache: accepting, polling and the worker threads. Its exceptions end here.
//
// Workers read the sockets themselves: Pistache's own reader ends the process on some socket errors.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/base/result.h"

namespace fermata {

class Connection;

class Acceptor {
 public:
  // Makes the connection of an accepted socket; called on a worker thread. `fd` stays the acceptor's. nullptr: none, the socket is closed.
  using Open = std::function<std::shared_ptr<Connection>(int fd, std::string peer)>;

  explicit Acceptor(Open open);
  ~Acceptor();  // stops

  Result<int> Start(const std::string& host, int port, int threads);
  // Ends all threads. Sockets should have been shut down before: the workers get a moment to close them.
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fermata
