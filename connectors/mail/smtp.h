// Hands one mail to an SMTP server, by libcurl.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "engine/model/outcome.h"

namespace fermata {

struct SmtpServer {
  std::string url;             // "smtp://127.0.0.1:2525" or "smtps://…"
  std::string user, password;  // both or none; with them TLS is required, for a password never goes over an open line
};

struct SmtpFailure {
  // Absent: the server refused this mail or this address for good (a 5xx reply).
  std::optional<TechnicalError> technical;
  std::string reason;  // holds neither address nor password
};

// nullopt when the server has taken the mail. Thread-safe.
std::optional<SmtpFailure> SendMail(const SmtpServer& server, const std::string& from, const std::string& to,
                                    const std::string& message, std::chrono::steady_clock::time_point deadline);

}  // namespace fermata
