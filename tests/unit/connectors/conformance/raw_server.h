// A server that takes connections and says one thing, or nothing at all: what a broken service looks like from outside.
#pragma once

#include <string>
#include <thread>
#include <vector>

namespace fermata::test {

class RawServer {
 public:
  // Sends `greeting` on every connection and keeps it open; with a greeting it closes after that.
  explicit RawServer(std::string greeting);
  ~RawServer();

  int port() const { return port_; }

 private:
  void Serve();

  const std::string greeting_;
  int listener_ = -1, wake_[2] = {-1, -1};
  int port_ = 0;
  std::vector<int> held_;
  std::thread thread_;
};

}  // namespace fermata::test
