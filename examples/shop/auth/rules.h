// What auth accepts of a registration. Pure.
#pragma once

#include <string>

#include "examples/shop/common/rest.h"

namespace fermata::shop {

inline constexpr std::size_t kPasswordCharactersMin = 8, kPasswordBytesMax = 256;

// Empty if all is well, otherwise the sentence for the client. Looks at username, email, phone, firstName and lastName.
std::string FindMistake(const RestRequest& request);
// The same for a password.
std::string FindPasswordMistake(const std::string& password);

// username, firstName (also under its old name fistName), lastName, email, phone: what goes on to the process.
Value CustomerOf(const RestRequest& request);

}  // namespace fermata::shop
