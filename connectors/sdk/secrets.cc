#include "connectors/sdk/secrets.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/base/base64.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr std::string_view kStars = "***";
// Shorter pieces of base64 occur by chance.
constexpr std::size_t kBase64PieceMin = 8;
// Shorter numbers are amounts and counts more often than secrets.
constexpr int kSecretDigitsMin = 6;

int HexOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// How many characters of `text` at `at` stand for `wanted`, plain, percent-encoded or escaped; 0 if they stand for another one.
std::size_t LengthOf(std::string_view text, std::size_t at, char wanted) {
  if (at < text.size() && text[at] == wanted) return 1;
  if (at + 2 < text.size() && text[at] == '%') {
    const int high = HexOf(text[at + 1]), low = HexOf(text[at + 2]);
    if (high >= 0 && low >= 0 && static_cast<char>(high * 16 + low) == wanted) return 3;
  }
  if (at < text.size() && text[at] == '+' && wanted == ' ') return 1;
  if (at + 1 < text.size() && text[at] == '\\') {
    const char escaped = text[at + 1];
    if (escaped == wanted && (wanted == '"' || wanted == '/')) return 2;
    if ((escaped == 'n' && wanted == '\n') || (escaped == 't' && wanted == '\t')) return 2;
  }
  return 0;
}

// A backslash of the secret is one as it is, or two.
std::size_t MatchAt(std::string_view text, std::size_t at, std::string_view secret) {
  std::size_t end = at;
  for (const char wanted : secret) {
    const std::size_t length = LengthOf(text, end, wanted);
    if (length == 0) return 0;
    end += length;
    if (wanted == '\\' && length == 1 && end < text.size() && text[end] == '\\') ++end;
  }
  return end - at;
}

void ReplaceEncoded(std::string& text, std::string_view secret) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t length = MatchAt(text, at, secret);
    if (length == 0) continue;
    text.replace(at, length, kStars);
    at += kStars.size() - 1;
  }
}

void ReplaceAll(std::string& text, std::string_view piece) {
  for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + kStars.size()))
    text.replace(at, piece.size(), kStars);
}

// The characters that any base64 of a text with the secret in it has: without those that its neighbours have a part in. The secret may begin at
// each of the three bytes of a group.
void ReplaceBase64(std::string& text, std::string_view secret) {
  for (std::size_t shift = 0; shift < 3; ++shift) {
    std::string piece = EncodeBase64(std::string(shift, '-') + std::string(secret));
    const std::size_t begin = (shift * 8 + 5) / 6;
    piece = piece.substr(begin, (shift + secret.size()) * 8 / 6 - begin);
    if (piece.size() < kBase64PieceMin) continue;
    ReplaceAll(text, piece);
    std::replace(piece.begin(), piece.end(), '+', '-');
    std::replace(piece.begin(), piece.end(), '/', '_');
    ReplaceAll(text, piece);
  }
}

double NumberOf(const Value& value) {
  return value.kind() == ValueKind::kInt      ? static_cast<double>(value.as_int())
         : value.kind() == ValueKind::kDouble ? value.as_double()
                                              : std::nan("");
}

bool IsSecretNumber(const Value& number, const std::vector<std::string>& secrets) {
  return std::any_of(secrets.begin(), secrets.end(), [&](const std::string& secret) {
    const auto digits = std::count_if(secret.begin(), secret.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits < kSecretDigitsMin) return false;
    // Zeros in front are no number of JSON.
    const Result<Value> as_number = ParseJson(secret.substr(std::min(secret.find_first_not_of('0'), secret.size())));
    if (!as_number.ok()) return false;
    return *as_number == number || (as_number->kind() != number.kind() && NumberOf(*as_number) == NumberOf(number));
  });
}

}  // namespace

bool IsSecretName(std::string_view name) {
  // With the ending: each name that is one can be bound to hosts.
  const std::size_t longest = name.ends_with(kSecretHostsEnding) ? 63 + kSecretHostsEnding.size() : 63;
  if (name.empty() || name.size() > longest || name[0] < 'A' || name[0] > 'Z') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

std::string Redact(std::string text, const std::vector<std::string>& secrets) {
  // Longest first, so that a secret that contains another one leaves no rest of itself.
  std::vector<std::string_view> ordered(secrets.begin(), secrets.end());
  std::sort(ordered.begin(), ordered.end(), [](auto a, auto b) { return a.size() > b.size(); });
  for (std::string_view secret : ordered) {
    if (secret.empty()) continue;
    ReplaceEncoded(text, secret);
    ReplaceBase64(text, secret);
  }
  return text;
}

Value Redact(const Value& value, const std::vector<std::string>& secrets) {
  if (secrets.empty()) return value;
  switch (value.kind()) {
    case ValueKind::kString:
      return Value::String(Redact(std::string(value.as_string()), secrets));
    case ValueKind::kInt:
    case ValueKind::kDouble:
      return IsSecretNumber(value, secrets) ? Value::String(kStars) : value;
    case ValueKind::kList: {
      std::vector<Value> items;
      for (const Value& item : value.as_list()) items.push_back(Redact(item, secrets));
      return Value::List(std::move(items));
    }
    case ValueKind::kMap: {
      std::vector<MapEntry> entries;
      std::set<std::string> keys;
      for (const auto& [key, item] : value.as_map()) {
        std::string name = Redact(std::string(key.as_string()), secrets);
        if (!keys.insert(name).second) continue;
        entries.emplace_back(Value::String(name), Redact(item, secrets));
      }
      return Value::Map(std::move(entries));
    }
    default:
      return value;
  }
}

}  // namespace fermata
