// Why a database cannot be used, in words that help, and without a piece of a password.
#pragma once

#include <optional>
#include <string>

#include "engine/base/result.h"

namespace fermata::postgres {

// A URI out of whose password libpq would take a host or a port, and then quote it. nullopt: it reads it as it was meant.
std::optional<Error> MistakeInUri(const std::string& connection);

// kStorageOpenFailed; `why` is libpq's text, on one line.
Error NotConnected(const std::string& why);

// What to do about a failed query; empty where its message says enough.
std::string HintFor(const std::string& sql_state);

// With a full stop, unless it ends in another sign already.
std::string Sentence(std::string text);

}  // namespace fermata::postgres
