// Clients of several servers on one database: they start works, send each the event that it waits for, ask again elsewhere when a server does
// not answer, and check in the end that all that was answered is there.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/support/fermata_server.h"
#include "tests/integration/support/recording_service.h"

namespace fermata::test {

// A work is a call, a timer, an event and a call. Whatever got no answer, or "later", is asked for again at the next server, with the same
// Idempotency-Key (an event: with the same id). Any other refusal fails the test. Threads of its own; its functions are for one thread.
class NodeLoad {
 public:
  // Deploys at `first` what the works need and begins. `ports` are those of all servers, also of ones that do not run at the moment.
  NodeLoad(FermataServer& first, std::vector<int> ports, RecordingService& service);
  ~NodeLoad();

  // Works whose start and event were answered so far.
  int answered();
  // Until so many more were answered, or the test has failed.
  void AwaitMore(int works);
  // The longest that a request took from its first try to its answer.
  std::chrono::milliseconds longest();
  // Ends the load and checks everything at `server`.
  void EndAndCheck(FermataServer& server);

 private:
  void RunClient(int number);
  // The answer, wherever it came from; status 0 once the load is over.
  ClientResponse Ask(int& server, const std::string& path, const std::string& body, const std::string& type,
                     const std::string& key);
  void End();
  void CheckWork(FermataServer& server, const std::string& work, const std::string& instance);

  const std::vector<int> ports_;
  RecordingService& service_;
  std::atomic<bool> over_{false};
  std::mutex mutex_;
  std::map<std::string, std::string> answered_;  // work -> instance
  std::chrono::milliseconds longest_{0};
  std::vector<std::thread> clients_;
};

}  // namespace fermata::test
