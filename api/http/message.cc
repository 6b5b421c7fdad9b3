#include "api/http/message.h"

#include <ctime>

#include <array>
#include <cstdio>

#include "api/http/tokens.h"

namespace fermata {
namespace {

// IMF-fixdate. Formatted once a second and thread; strftime would follow the locale.
const std::string& HttpDate() {
  thread_local std::time_t formatted_at = -1;
  thread_local std::string date;
  const std::time_t now = std::time(nullptr);
  if (now == formatted_at) return date;
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[utc.tm_wday], utc.tm_mday,
                kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  date = text.data();
  formatted_at = now;
  return date;
}

bool IsOurs(std::string_view lower_case_name) {
  return lower_case_name == "connection" || lower_case_name == "content-length" || lower_case_name == "date" ||
         lower_case_name == "transfer-encoding";
}

bool IsToken(std::string_view name) {
  for (char c : name) {
    if (!IsTokenByte(c)) return false;
  }
  return !name.empty();
}

void AppendHeaders(const HttpResponse& response, std::string& out) {
  bool cached = false;
  bool sniffed = false;
  bool referred = false;
  for (const auto& [name, value] : response.headers) {
    const std::string lower = LowerCase(name);
    if (IsOurs(lower) || !IsToken(lower)) continue;
    cached = cached || lower == "cache-control";
    sniffed = sniffed || lower == "x-content-type-options";
    referred = referred || lower == "referrer-policy";
    out += name;
    out += ": ";
    for (char c : value) out += IsFieldByte(c) ? c : ' ';
    out += "\r\n";
  }
  if (!cached) out += "Cache-Control: no-store\r\n";
  if (!sniffed) out += "X-Content-Type-Options: nosniff\r\n";
  if (!referred) out += "Referrer-Policy: no-referrer\r\n";
}

std::string StartHead(const HttpResponse& response) {
  std::string out;
  out.reserve(512 + response.body.size());
  out += "HTTP/1.1 ";
  out += std::to_string(response.status);
  out += ' ';
  out += ReasonPhrase(response.status);
  out += "\r\nDate: ";
  out += HttpDate();
  out += "\r\n";
  AppendHeaders(response, out);
  return out;
}

}  // namespace

std::string WriteMessage(const HttpResponse& response, AfterAnswer after, BodyOf body_of) {
  const bool has_body = response.status != 204 && response.status != 304;
  std::string out = StartHead(response);
  if (has_body) {
    out += "Content-Length: ";
    out += std::to_string(response.body.size());
    out += "\r\n";
  }
  // keep-alive is said because HTTP/1.0 clients wait for it.
  out += after == AfterAnswer::kClose ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
  if (has_body && body_of == BodyOf::kGet) out += response.body;
  return out;
}

std::string WriteStreamHead(const HttpResponse& head, StreamFraming framing) {
  std::string out = StartHead(head);
  if (framing == StreamFraming::kChunked) out += "Transfer-Encoding: chunked\r\n";
  out += "Connection: close\r\n\r\n";
  return out;
}

std::string WriteChunk(std::string_view bytes) {
  std::array<char, 24> size;
  const int digits = std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
  std::string out(size.data(), static_cast<std::size_t>(digits));
  out += bytes;
  out += "\r\n";
  return out;
}

}  // namespace fermata
