// A little service that processes call over HTTP: it honours the Idempotency-Key and remembers what it was asked.
//
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "api/http/server.h"

namespace fermata::test {

class RecordingService {
 public:
  RecordingService();
  ~RecordingService();

  // A manifest of the connector `recorder` with one operation: note {work, step} -> {count}. `work` = "fail-…" is refused with 409, the
  // business error `refused`; "down-…" gets 503 until Repair().
  std::string Manifest() const;

  void Repair();

  // Keys under which this step of this work took effect; more than one means that it happened twice.
  std::set<std::string> KeysOf(const std::string& work, const std::string& step);
  // The traceparent headers that came for this step, in order; "" for a call without.
  std::vector<std::string> TracesOf(const std::string& work, const std::string& step);
  int requests();
  int effects();

 private:
  HttpResponse Note(const HttpRequest& request);

  std::mutex mutex_;
  std::map<std::string, std::string> answers_;                                 // by key
  std::map<std::pair<std::string, std::string>, std::set<std::string>> keys_;  // by work and step
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> traces_;
  int requests_ = 0;
  bool repaired_ = false;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
};

// A process of `steps` calls of recorder.note, each a state; input {work}.
std::string ChainProcess(const std::string& name, int steps);

}  // namespace fermata::test
