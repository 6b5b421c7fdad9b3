// Stands between a client and PostgreSQL and cuts the connection at a chosen moment, so that what happens then is no matter of luck.
//
// Listens on 127.0.0.1; serves connections one after another until it is destroyed. Thread-safe.
#pragma once

#include <atomic>
#include <string>
#include <thread>

namespace fermata::test {

class CuttingProxy {
 public:
  enum class Cut {
    kNever,
    kBeforeCommit,  // COMMIT does not reach the server
    kAfterCommit,   // COMMIT is done, its answer does not come back
  };

  explicit CuttingProxy(int server_port);
  ~CuttingProxy();

  int port() const { return port_; }
  // Holds for the next COMMIT; later ones pass.
  void CutNext(Cut cut) { cut_ = cut; }

 private:
  void Serve();
  void Relay(int client, int server);
  // False: cut now.
  bool FromClient(const std::string& bytes, int server);

  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<Cut> cut_{Cut::kNever};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace fermata::test
