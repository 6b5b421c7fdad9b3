// CloudEvents 1.0 out of HTTP requests: structured, batch and binary mode.
//
// Pure and thread-safe.
#pragma once

#include <string>
#include <vector>

#include "api/http/request.h"
#include "engine/base/result.h"
#include "engine/model/cloud_event.h"

namespace fermata {

// One event of a request, or all that is wrong with it.
struct ReadEvent {
  CloudEvent event;
  std::vector<Error> mistakes;  // kInvalidEvent and kin; paths point into the body
};

struct ReadEvents {
  std::vector<ReadEvent> events;
  bool batch = false;
};

// application/cloudevents-batch+json; application/cloudevents+json; any type with ce-… headers (binary); else application/json as structured.
// Fails when the body as a whole cannot be read (415, 400). `now` is the time of events that have none.
Result<ReadEvents> ReadCloudEvents(const HttpRequest& request, Timestamp now);

}  // namespace fermata
