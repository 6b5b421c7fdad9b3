// An event from outside or from another instance: CloudEvents 1.0, as far as the engine looks at it.
#pragma once

#include <string>

#include "engine/base/time.h"
#include "engine/model/value.h"

namespace fermata {

struct CloudEvent {
  std::string id;
  std::string source;
  std::string type;
  std::string subject;  // may be empty
  Timestamp time;       // the sender's, or that of acceptance
  Value data;
  Value extensions;  // a map of the other attributes (traceparent, …); null if none
  friend bool operator==(const CloudEvent&, const CloudEvent&) = default;
};

// `event` as expressions see it: {id, source, type, subject, time (RFC 3339 text), data, and the extensions}.
Value ToValue(const CloudEvent& event);

}  // namespace fermata
