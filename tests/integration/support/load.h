// Clients that start works on a server without a pause, remember what was answered, and check in the end that all of it is there.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/support/fermata_server.h"
#include "tests/integration/support/recording_service.h"

namespace fermata::test {

// A work is a chain of calls of the recording service. A start that got no answer, or "later", is asked for again with the same
// Idempotency-Key. Not thread-safe; the clients are threads of its own.
class Load {
 public:
  // Deploys what the works need and begins. Both must outlive the load.
  Load(FermataServer& server, RecordingService& service);
  ~Load();

  // To be called after the server was started again: its port may be another one.
  void Go();
  // Starts that were answered so far.
  int answered();
  // Ends the load and starts the server again. Whatever was answered must be there, completed, and each of its calls must have taken effect once.
  void EndAndCheck();

 private:
  // Where the server listens at the moment; clients wait here while there is none.
  class Address {
   public:
    void Set(int port);
    // Another one than `old`, or 0 when it is over.
    int Next(int old);
    void End();

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int port_ = 0;
    bool over_ = false;
  };

  void RunClient(int number);
  void End();
  void CheckWork(const std::string& work, const std::string& instance);

  FermataServer& server_;
  RecordingService& service_;
  Address address_;
  std::mutex mutex_;
  std::map<std::string, std::string> started_;  // work -> instance
  std::vector<std::thread> clients_;
};

}  // namespace fermata::test
