// Secrets by reference: a connector's configuration says `${secret.NAME}`, and the value is looked up when a call is
// made.
//
// A value must never reach a log, an error text, a job's output or the journal; Redact() is the last fence in front of
// texts that somebody else wrote.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/value.h"

namespace fermata {

class SecretSource {
 public:
  virtual ~SecretSource() = default;

  // The value now (it may be rotated while the engine runs); nullopt if there is none of this name for certain, an error if that cannot be
  // told. Its message names the secret and has no value. Thread-safe.
  virtual Result<std::optional<std::string>> Find(std::string_view name) const = 0;
};

// Names are [A-Z][A-Z0-9_]{0,62}, and each of them with _HOSTS behind it.
bool IsSecretName(std::string_view name);
// The secret NAME_HOSTS lists the hosts ("a.example.com, b.example.com") that the secret NAME is sent to; without it that is any.
inline constexpr std::string_view kSecretHostsEnding = "_HOSTS";

// `text` with every occurrence of one of `secrets` replaced by "***": as it is, with some characters percent-encoded or escaped as in JSON, or
// inside base64 (standard or for URLs). Empty secrets are ignored.
std::string Redact(std::string text, const std::vector<std::string>& secrets);
// The same in all strings and keys of a JSON value; of keys that become one, the first stays. A number that is a secret of six digits or more
// becomes "***". Recurses as deep as the value is: give it what ParseJson let through.
Value Redact(const Value& value, const std::vector<std::string>& secrets);

}  // namespace fermata
