#include "examples/shop/auth/rules.h"

#include <algorithm>

#include "connectors/mail/message.h"

namespace fermata::shop {
namespace {

std::size_t Characters(const std::string& utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool IsPlain(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
}

bool IsPhone(const std::string& text) {
  const auto digits = std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool known = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || std::string_view("+-() ").find(c) != std::string_view::npos;
  });
  return known && digits >= 5 && digits <= 15;
}

std::string FirstName(const RestRequest& request) {
  const std::string name = request.Text("firstName");
  return name.empty() ? request.Text("fistName") : name;
}

}  // namespace

std::string FindMistake(const RestRequest& request) {
  const std::string username = request.Text("username"), email = request.Text("email"), phone = request.Text("phone");
  if (username.empty() || email.empty()) return "Username, password, email should be provided";
  if (Characters(username) > 50 || !IsPlain(username) || username.find(' ') != std::string::npos)
    return "Username should have at most 50 characters and no spaces";
  if (!IsMailAddress(email)) return "Email should be an address such as name@example.com";
  if (!phone.empty() && !IsPhone(phone)) return "Phone should be a number such as +7 900 123-45-67";
  for (const std::string& name : {FirstName(request), request.Text("lastName")})
    if (Characters(name) > 150 || !IsPlain(name)) return "Names should have at most 150 characters";
  return "";
}

std::string FindPasswordMistake(const std::string& password) {
  if (password.empty()) return "Username, password, email should be provided";
  if (Characters(password) < kPasswordCharactersMin) return "Password should have at least 8 characters";
  if (password.size() > kPasswordBytesMax) return "Password should have at most 256 bytes";
  return "";
}

Value CustomerOf(const RestRequest& request) {
  return Value::Object({{"username", Value::String(request.Text("username"))},
                        {"firstName", Value::String(FirstName(request))},
                        {"lastName", Value::String(request.Text("lastName"))},
                        {"email", Value::String(request.Text("email"))},
                        {"phone", Value::String(request.Text("phone"))}});
}

}  // namespace fermata::shop
