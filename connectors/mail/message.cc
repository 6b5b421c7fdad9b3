#include "connectors/mail/message.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "connectors/mail/codes.h"
#include "engine/base/base64.h"
#include "engine/base/hash.h"

namespace fermata {
namespace {

bool IsPrintableAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

bool IsOneLine(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
}

// RFC 2047: plain if it can be, otherwise encoded words that never cut a character in two, in lines of
// at most 76 characters. `column` is where the text begins.
std::string EncodeWords(std::string_view text, std::size_t column) {
  if (IsPrintableAscii(text) && text.find("=?") == std::string_view::npos && text.size() < 900)
    return std::string(text);
  // "=?UTF-8?B?" and "?=" are 12 characters, and three bytes are four.
  constexpr std::size_t kLineMax = 76, kFrame = 12;
  std::string encoded;
  while (!text.empty()) {
    std::size_t size = std::min((kLineMax - column - kFrame) / 4 * 3, text.size());
    while (size < text.size() && size > 1 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
    if (!encoded.empty()) encoded += "\r\n ";
    column = 1;
    encoded += "=?UTF-8?B?" + EncodeBase64(text.substr(0, size)) + "?=";
    text.remove_prefix(size);
  }
  return encoded;
}

// RFC 2045 with lines of at most 76 characters; every kind of line end becomes CRLF.
std::string QuotedPrintable(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  std::size_t column = 0;
  auto put = [&](std::string_view piece) {
    if (column + piece.size() > 75) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (c == '\n' || c == '\r') {
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    const bool plain = (c > 0x20 && c <= 0x7e && c != '=') || ((c == ' ' || c == '\t') && !ends_line);
    const auto byte = static_cast<unsigned char>(c);
    const char escaped[] = {'=', kHex[byte >> 4], kHex[byte & 15]};
    put(plain ? std::string_view(&c, 1) : std::string_view(escaped, 3));
  }
  return out;
}

std::string Date(std::int64_t seconds) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t time = seconds;
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[64];
  // Not strftime: its names follow the locale.
  std::snprintf(text, sizeof text, "%s, %02d %s %d %02d:%02d:%02d +0000", kDays[static_cast<std::size_t>(utc.tm_wday)],
                utc.tm_mday, kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                utc.tm_sec);
  return text;
}

std::string Part(std::string_view type, std::string_view body) {
  return "Content-Type: " + std::string(type) +
         "; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + QuotedPrintable(body) + "\r\n";
}

Error Refused(ErrorCode code, std::string message) { return Error{.code = code, .message = std::move(message)}; }

}  // namespace

bool IsMailAddress(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > 254) return false;
  const std::string_view local = text.substr(0, at), domain = text.substr(at + 1);
  auto is_letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  constexpr std::string_view kAtomMarks = "!#$%&'*+-/=?^_`{|}~.";
  if (!std::all_of(local.begin(), local.end(),
                   [&](char c) { return is_letter_or_digit(c) || kAtomMarks.find(c) != std::string_view::npos; }))
    return false;
  if (!std::all_of(domain.begin(), domain.end(), [&](char c) { return is_letter_or_digit(c) || c == '-' || c == '.'; }))
    return false;
  auto has_empty_atom = [](std::string_view dotted) {
    return dotted.empty() || dotted.front() == '.' || dotted.back() == '.' ||
           dotted.find("..") != std::string_view::npos;
  };
  return !has_empty_atom(local) && !has_empty_atom(domain);
}

std::string MessageIdOf(std::string_view idempotency_key, std::string_view domain) {
  return Sha256Hex(idempotency_key).substr(0, 32) + "@" + std::string(domain);
}

Result<std::string> BuildMessage(const MailMessage& message) {
  for (const std::string* address : {&message.from, &message.to})
    if (!IsMailAddress(*address))
      return Refused(kMailAddressRefused, "Expected an e-mail address such as name@example.com, but it is none.");
  for (const std::string* header : {&message.subject, &message.from_name, &message.message_id})
    if (!IsOneLine(*header))
      return Refused(kMailHeaderRefused,
                     "Expected one line for a header of the mail, but it holds a line end or a control character.");

  // The boundary cannot stand in a part: quoted-printable writes every '=' as "=3D".
  const std::string boundary = "=_" + Sha256Hex(message.message_id + message.subject).substr(0, 24);
  std::string out;
  std::string quoted_name;
  if (!message.from_name.empty()) {
    quoted_name = EncodeWords(message.from_name, std::string_view("From: ").size());
    if (quoted_name == message.from_name) {
      quoted_name.erase(
          std::remove_if(quoted_name.begin(), quoted_name.end(), [](char c) { return c == '"' || c == '\\'; }),
          quoted_name.end());
      quoted_name = '"' + quoted_name + '"';
    }
    quoted_name += ' ';
  }
  out += "Date: " + Date(message.date_seconds) + "\r\n";
  out += "From: " + quoted_name + "<" + message.from + ">\r\n";
  out += "To: <" + message.to + ">\r\n";
  out += "Subject: " + EncodeWords(message.subject, std::string_view("Subject: ").size()) + "\r\n";
  out += "Message-ID: <" + message.message_id + ">\r\n";
  out += "MIME-Version: 1.0\r\n";
  // Auto-responders stay silent.
  out += "Auto-Submitted: auto-generated\r\n";
  out += "Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n";
  // The last alternative is the preferred one.
  out += "--" + boundary + "\r\n" + Part("text/plain", message.text);
  out += "--" + boundary + "\r\n" + Part("text/html", message.html);
  out += "--" + boundary + "--\r\n";
  return out;
}

}  // namespace fermata
