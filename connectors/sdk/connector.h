// What a connector developer implements: a name, a manifest, one function.
//
// The host calls Run() on its own threads, several at once, never more than the operation's `limits.concurrency`.
// Retries, deadlines over all attempts, and undo belong to the engine: Run() makes exactly one try.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/model/manifest.h"
#include "engine/model/outcome.h"
#include "engine/model/value.h"

namespace fermata {

// One outside call.
struct Job {
  // The same for every try of one activation ("<instance id>/<activation>", an undo has its own): send it to the service,
  // which must let a repeated key take effect once.
  std::string idempotency_key;
  std::string instance_id;
  std::string process;
  std::string state;
  std::string connector;
  std::string operation;                           // without the connector's name
  Value input;                                     // fits the manifest's input schema
  std::int64_t attempt = 1;                        // counts from 1
  std::string traceparent;                         // W3C trace context; may be empty
  std::chrono::steady_clock::time_point deadline;  // of this try
  ManifestPtr manifest{};                          // the one that the process was checked against; null = not known
};

class Connector {
 public:
  virtual ~Connector() = default;

  // The manifest as YAML text; its `connector:` is the name. Called once, before the first Run().
  virtual std::string_view ManifestYaml() const = 0;

  // One try. Must return by `job.deadline` (cut your own calls short: job.deadline is also the limit of what you pass to libraries).
  // Called from several threads at once. May throw nothing: what is thrown becomes TechnicalFailure{kInternal} without its text.
  virtual Outcome Run(const Job& job) = 0;
};

}  // namespace fermata
