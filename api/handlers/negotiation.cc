#include "api/handlers/negotiation.h"

#include <zlib.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "api/http/tokens.h"
#include "engine/base/hash.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's way to say gzip
constexpr int kGzipMemory = 8;
constexpr std::size_t kTagDigits = 32;

template <class Visit>
void ForEachElement(std::string_view list, const Visit& visit) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    visit(TrimSpace(list.substr(0, comma)));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

// "gzip;q=0" refuses it.
bool HasWeight(std::string_view parameters) {
  const std::size_t at = parameters.find("q=");
  if (at == std::string_view::npos) return true;
  return parameters.find_first_of("123456789", at) != std::string_view::npos;
}

bool ReadsGzip(std::string_view accepted) {
  std::optional<bool> named, any;
  ForEachElement(accepted, [&](std::string_view element) {
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    const std::string_view coding = TrimSpace(element.substr(0, semicolon));
    const bool wanted = HasWeight(element.substr(semicolon));
    if (EqualsIgnoringCase(coding, "gzip") || EqualsIgnoringCase(coding, "x-gzip")) named = wanted;
    if (coding == "*") any = wanted;
  });
  return named.value_or(any.value_or(false));
}

bool Names(std::string_view list, std::string_view tag) {
  bool found = false;
  ForEachElement(list, [&](std::string_view element) {
    if (element.starts_with("W/")) element.remove_prefix(2);
    found = found || element == "*" || element == tag;
  });
  return found;
}

const std::string* Find(const HttpResponse& response, std::string_view name) {
  for (const auto& [header, value] : response.headers)
    if (EqualsIgnoringCase(header, name)) return &value;
  return nullptr;
}

bool IsText(const HttpResponse& response) {
  const std::string* type = Find(response, "content-type");
  return type && (type->starts_with("text/") || type->find("json") != std::string::npos ||
                  type->find("yaml") != std::string::npos || type->find("svg") != std::string::npos);
}

// Empty when zlib fails: then it goes out as it is.
std::string Gzip(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kGzipMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    return {};
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  packed.resize(done ? stream.total_out : 0);
  deflateEnd(&stream);
  return packed;
}

// Whether the client has it already.
bool Tag(const Negotiation& negotiation, HttpResponse& response) {
  const std::string tag = '"' + Sha256Hex(response.body).substr(0, kTagDigits) + '"';
  response.Header("ETag", "W/" + tag);
  // Kept by clients, but asked for each time.
  if (!Find(response, "cache-control")) response.Header("Cache-Control", "private, no-cache");
  return !negotiation.if_none_match.empty() && Names(negotiation.if_none_match, tag);
}

}  // namespace

Negotiation NegotiationOf(const HttpRequest& request) {
  Negotiation negotiation;
  negotiation.reads = request.method == "GET" || request.method == "HEAD";
  if (const std::string* tags = request.FindHeader("if-none-match"); tags && negotiation.reads)
    negotiation.if_none_match = *tags;
  if (const std::string* codings = request.FindHeader("accept-encoding")) negotiation.gzip = ReadsGzip(*codings);
  return negotiation;
}

void Negotiate(const Negotiation& negotiation, HttpResponse& response) {
  if (Find(response, "etag") || Find(response, "content-encoding")) return;
  const bool tagged = negotiation.reads && response.status == 200 && Tag(negotiation, response);
  const bool packable = response.body.size() >= kHttpCompressBytesMin && IsText(response);
  // Which origins may read it is said in a header, too.
  if (packable) response.Header("Vary", "Accept-Encoding, Origin");
  if (tagged) {
    response.status = 304;
    response.body.clear();
    std::erase_if(response.headers,
                  [](const auto& header) { return EqualsIgnoringCase(header.first, "content-type"); });
    return;
  }
  if (!packable || !negotiation.gzip) return;
  std::string packed = Gzip(response.body);
  if (packed.empty() || packed.size() >= response.body.size()) return;
  response.body = std::move(packed);
  response.Header("Content-Encoding", "gzip");
}

}  // namespace fermata
