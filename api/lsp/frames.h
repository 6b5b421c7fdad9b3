// Messages on a stream as the language server protocol frames them: a head with Content-Length, a blank line, a body of JSON.
//
// Not thread-safe. Bounded: a head or body beyond its limit is skipped and told, and the next message is read as if nothing had been.
#pragma once

#include <iosfwd>
#include <string>

namespace fermata {

struct Frame {
  enum class Kind { kMessage, kMalformed, kEnd };
  Kind kind = Kind::kEnd;
  std::string body;    // of a message
  std::string reason;  // of a malformed one
};

// Blocks until a message is complete or the stream ends.
Frame ReadFrame(std::istream& in);
void WriteFrame(const std::string& body, std::ostream& out);

}  // namespace fermata
