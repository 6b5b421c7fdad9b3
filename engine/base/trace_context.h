// The `traceparent` of W3C Trace Context: which request of which program something belongs to.
//
// Pure and thread-safe.
#pragma once

#include <string_view>

namespace fermata {

// Views into the text; both empty where it is none (another version's may have more at the end).
struct TraceContext {
  std::string_view trace_id, span_id;  // 32 and 16 hexadecimal digits, not all zero
  bool ok() const { return !trace_id.empty(); }
};

TraceContext ParseTraceparent(std::string_view text);

}  // namespace fermata
