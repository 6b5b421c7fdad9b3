// The text of a mail as it goes over the wire: headers, and the text and HTML parts as alternatives. Pure and
// thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace fermata {

struct MailMessage {
  std::string from, to;   // plain addresses
  std::string from_name;  // may be empty
  std::string subject;
  std::string text, html;
  std::string message_id;  // without the angle brackets
  std::int64_t date_seconds = 0;
};

// RFC 5322 and MIME with CRLF line ends, ASCII only. Refuses addresses that are none (7022) and line ends in headers
// (7023).
Result<std::string> BuildMessage(const MailMessage& message);

// Whether it is a plain `local@domain` in ASCII that may stand in a header and an SMTP command.
bool IsMailAddress(std::string_view text);

// A message id that is the same for the same key, so that a repeated mail is recognised as one.
std::string MessageIdOf(std::string_view idempotency_key, std::string_view domain);

}  // namespace fermata
