// Stands between a client and a server and cuts the connection at a chosen moment, so that what happens then is no matter of luck.
//
// Listens on 127.0.0.1 until it is destroyed. Thread-safe. A client whose server is not there sees its connection closed.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace fermata::test {

class CuttingProxy {
 public:
  enum class Cut {
    kBefore,  // the request does not reach the server
    kAfter,   // the server has answered, the client does not hear it
    kSilent,  // the server has answered; from then on nothing comes through, but the connection stays open
  };

  // To the server that listens on this port, now or later. Ends the test program if it cannot listen.
  explicit CuttingProxy(int server_port);
  ~CuttingProxy();

  int port() const { return port_; }
  // Cuts at the next request that has `words` in it, once. `at_the_cut` is called on a thread of the proxy before the client can notice.
  void CutNext(Cut cut, std::string words, std::function<void()> at_the_cut = {});
  // Whether the last one asked for has not come yet.
  bool waiting() const;

 private:
  struct Wish {
    Cut cut;
    std::string words;
    std::function<void()> at_the_cut;
  };

  void Serve();
  void Relay(int client, int server);
  void AwaitEnd(int client);
  // The wish that this request fulfils; it is fulfilled once.
  std::optional<Wish> Take(const std::string& request);

  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::optional<Wish> wish_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace fermata::test
