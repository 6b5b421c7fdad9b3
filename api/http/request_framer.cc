#include "api/http/request_framer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "api/http/codes.h"
#include "api/http/target.h"
#include "api/http/tokens.h"
#include "engine/base/assert.h"

namespace fermata {
namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"};
constexpr std::size_t kMethodBytesMax = 16;

// A target's bytes as browsers and curl send them: visible ASCII; the few that they always escape stay out.
bool IsTargetByte(char c) { return c > ' ' && c < 0x7f && std::string_view("\"<>#").find(c) == std::string_view::npos; }

}  // namespace

RequestFramer::RequestFramer(std::size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

void RequestFramer::Feed(std::string_view bytes) { buffer_.append(bytes); }

FramerState RequestFramer::Next() {
  bool advanced = true;
  while (advanced && part_ != Part::kDone && part_ != Part::kFailed) {
    switch (part_) {
      case Part::kHead:
        advanced = ReadHead();
        break;
      case Part::kSizedBody:
        advanced = ReadSizedBody();
        break;
      case Part::kChunkSize:
        advanced = ReadChunkSize();
        break;
      case Part::kChunkData:
        advanced = ReadChunkData();
        break;
      case Part::kChunkEnd:
        advanced = ReadChunkEnd();
        break;
      case Part::kTrailer:
        advanced = ReadTrailer();
        break;
      case Part::kDone:
      case Part::kFailed:
        break;
    }
  }
  Compact();
  if (part_ == Part::kFailed) return FramerState::kError;
  return part_ == Part::kDone ? FramerState::kRequest : FramerState::kNeedMore;
}

FramedRequest RequestFramer::Take() {
  FERMATA_ASSERT(part_ == Part::kDone);
  FramedRequest taken = std::exchange(current_, FramedRequest());
  part_ = Part::kHead;
  searched_ = 0;
  skipped_empty_line_ = false;
  continue_wanted_ = false;
  authority_.clear();
  return taken;
}

const FramingError& RequestFramer::error() const {
  FERMATA_ASSERT(part_ == Part::kFailed);
  return error_;
}

FramerPhase RequestFramer::phase() const {
  if (part_ != Part::kHead) return FramerPhase::kBody;
  return buffered() == 0 ? FramerPhase::kIdle : FramerPhase::kHead;
}

bool RequestFramer::TakeContinueWanted() {
  return std::exchange(continue_wanted_, false) && buffered() == 0 && current_.request.body.empty();
}

bool RequestFramer::Fail(int status, ErrorCode code, std::string detail) {
  part_ = Part::kFailed;
  error_ = {status, code, std::move(detail)};
  return false;
}

void RequestFramer::Compact() {
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = 0;
  } else if (begin_ >= kHttpHeadBytesMax) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
}

bool RequestFramer::ReadHead() {
  if (!skipped_empty_line_ && Rest().substr(0, 2) == "\r\n") {  // old clients send one behind a body
    Skip(2);
    skipped_empty_line_ = true;
  }
  const std::string_view rest = Rest();
  const std::size_t end = rest.find("\r\n\r\n", searched_ < 3 ? 0 : searched_ - 3);
  searched_ = rest.size();
  if (end == std::string_view::npos) return CheckUnfinishedHead(rest);
  if (end + 4 > kHttpHeadBytesMax) {
    CheckUnfinishedHead(rest);
    if (part_ != Part::kFailed) Fail(431, kHttpHeadTooLarge, "Expected a head of at most 16 KiB, but it is larger.");
    return false;
  }
  if (!ParseHead(rest.substr(0, end))) return false;
  Skip(end + 4);
  searched_ = 0;
  return true;
}

// Refuses early what cannot become a head any more, so that nobody has to wait for a timeout. Always false: there is no whole head.
bool RequestFramer::CheckUnfinishedHead(std::string_view head) {
  const std::size_t line_end = head.find('\n');
  if (std::min(line_end, head.size()) > kHttpTargetBytesMax + kMethodBytesMax + 16) {
    return Fail(414, kHttpTargetTooLong, "Expected a target of at most 8 KiB, but it is longer.");
  }
  if (line_end != std::string_view::npos && (line_end == 0 || head[line_end - 1] != '\r')) {
    return Fail(400, kHttpMalformedRequest,
                "Expected lines that end with CR LF, but the request line ends with a bare LF.");
  }
  if (head.size() > kHttpHeadBytesMax)
    return Fail(431, kHttpHeadTooLarge, "Expected a head of at most 16 KiB, but it is larger.");
  // Neither a TLS hello nor a line that begins with a control character will become a request.
  if (!head.empty() && !IsTokenByte(head[0]) && head[0] != '\r') {
    return Fail(400, kHttpMalformedRequest, "Expected a method at the start of the request, but found another byte.");
  }
  return false;
}

bool RequestFramer::ParseHead(std::string_view head) {
  std::size_t line_end = head.find("\r\n");
  if (!ParseRequestLine(head.substr(0, line_end))) return false;
  HttpHeaders& headers = current_.request.headers;
  while (line_end != std::string_view::npos) {
    head.remove_prefix(line_end + 2);
    line_end = head.find("\r\n");
    if (headers.size() == static_cast<std::size_t>(kHttpHeadersMax)) {
      return Fail(431, kHttpHeadTooLarge, "Expected at most 100 headers, but there are more.");
    }
    if (!ParseHeaderLine(head.substr(0, line_end), headers)) return false;
  }
  return CheckHost(authority_) && ReadConnectionOptions() && ChooseBody() && ReadExpectation();
}

bool RequestFramer::ParseRequestLine(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || first == 0) {
    return Fail(400, kHttpMalformedRequest,
                "Expected 'METHOD target HTTP/1.1' with single spaces, but the request line differs.");
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!std::all_of(method.begin(), method.end(), IsTokenByte)) {
    return Fail(400, kHttpMalformedRequest, "Expected a method of letters, but it holds other bytes.");
  }
  if (target.size() > kHttpTargetBytesMax)
    return Fail(414, kHttpTargetTooLong, "Expected a target of at most 8 KiB, but it is longer.");
  const bool versioned = version.size() == 8 && version.substr(0, 5) == "HTTP/" && IsDigit(version[5]) &&
                         version[6] == '.' && IsDigit(version[7]);
  if (!versioned)
    return Fail(400, kHttpMalformedRequest,
                "Expected HTTP/1.1 at the end of the request line, but found something else.");
  if (version[5] != '1' || version[7] > '1') {
    return Fail(505, kHttpUnsupportedVersion,
                "Expected HTTP/1.1 or HTTP/1.0, but the request is " + std::string(version) + ".");
  }
  current_.http_1_0 = version[7] == '0';
  if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end()) {
    return Fail(501, kHttpUnknownMethod,
                "Expected GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, but the method is another.");
  }
  current_.request.method = method;
  return ParseTarget(target);
}

bool RequestFramer::ParseTarget(std::string_view target) {
  HttpRequest& request = current_.request;
  if (!std::all_of(target.begin(), target.end(), IsTargetByte)) {
    return Fail(400, kHttpMalformedRequest,
                "Expected a target of visible ASCII with the rest percent-encoded, but it holds other bytes.");
  }
  if (target == "*" && request.method == "OPTIONS") {
    request.target = request.path = "*";
    request.path_segments = {"*"};
    return true;
  }
  constexpr std::string_view kScheme = "http://";
  if (EqualsIgnoringCase(target.substr(0, kScheme.size()), kScheme)) {
    const std::size_t path = std::min(target.find_first_of("/?", kScheme.size()), target.size());
    authority_ = target.substr(kScheme.size(), path - kScheme.size());
    if (authority_.empty()) return Fail(400, kHttpBadHost, "Expected a host in the target, but there is none.");
    request.target = target.substr(path);
    if (request.target.empty() || request.target[0] == '?') request.target.insert(0, "/");
  } else {
    request.target = target;
  }
  if (request.target.empty() || request.target[0] != '/') {
    return Fail(400, kHttpMalformedRequest, "Expected a target that begins with '/', but it does not.");
  }
  std::optional<std::string> complaint = DecodeTarget(request.target, request);
  return !complaint || Fail(400, kHttpBadPath, *std::move(complaint));
}

bool RequestFramer::ParseHeaderLine(std::string_view line, HttpHeaders& headers) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (colon == std::string_view::npos || name.empty() || !std::all_of(name.begin(), name.end(), IsTokenByte)) {
    return Fail(400, kHttpMalformedHeader,
                "Expected header lines 'Name: value', but one has no such name (folded lines and spaces before ':' are "
                "refused).");
  }
  const std::string_view value = TrimSpace(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), IsFieldByte)) {
    return Fail(400, kHttpMalformedHeader,
                "Expected header values without control characters, but " + LowerCase(name) + " holds one.");
  }
  headers.emplace_back(LowerCase(name), value);
  return true;
}

bool RequestFramer::CheckHost(std::string_view authority) {
  const std::string* host = nullptr;
  for (const auto& [name, value] : current_.request.headers) {
    if (name != "host") continue;
    if (host != nullptr) return Fail(400, kHttpBadHost, "Expected one Host header, but there are several.");
    host = &value;
  }
  if (host == nullptr)
    return current_.http_1_0 || Fail(400, kHttpBadHost, "Expected a Host header, but there is none.");
  if (!IsHostAndPort(*host))
    return Fail(400, kHttpBadHost,
                "Expected Host to be a name or address with an optional port, but it is something else.");
  if (!authority.empty() && !EqualsIgnoringCase(authority, *host)) {
    return Fail(400, kHttpBadHost, "Expected the host of the target to be that of the Host header, but they differ.");
  }
  return true;
}

bool RequestFramer::ReadConnectionOptions() {
  bool close = false;
  bool keep_alive = false;
  for (const auto& [name, value] : current_.request.headers) {
    if (name != "connection") continue;
    close = close || HasListItem(value, "close");
    keep_alive = keep_alive || HasListItem(value, "keep-alive");
  }
  current_.keep_alive = !close && (keep_alive || !current_.http_1_0);
  return true;
}

bool RequestFramer::ChooseBody() {
  const std::string* length = nullptr;
  const std::string* coding = nullptr;
  for (const auto& [name, value] : current_.request.headers) {
    const std::string** seen = name == "content-length" ? &length : name == "transfer-encoding" ? &coding : nullptr;
    if (seen == nullptr) continue;
    if (*seen != nullptr)
      return Fail(400, kHttpAmbiguousLength, "Expected one " + name + " header, but there are several.");
    *seen = &value;
  }
  if (length != nullptr && coding != nullptr) {
    return Fail(400, kHttpAmbiguousLength, "Expected Content-Length or Transfer-Encoding, but there are both.");
  }
  if (coding != nullptr) {
    if (current_.http_1_0)
      return Fail(400, kHttpAmbiguousLength, "Expected no Transfer-Encoding in HTTP/1.0, but there is one.");
    if (!EqualsIgnoringCase(*coding, "chunked"))
      return Fail(501, kHttpUnsupportedCoding, "Expected the transfer coding 'chunked', but it is another.");
    part_ = Part::kChunkSize;
    return true;
  }
  if (length == nullptr) {
    part_ = Part::kDone;
    return true;
  }
  if (length->empty() || !std::all_of(length->begin(), length->end(), IsDigit)) {
    return Fail(400, kHttpAmbiguousLength, "Expected Content-Length to be digits, but it is something else.");
  }
  const auto parsed = std::from_chars(length->data(), length->data() + length->size(), missing_);
  if (parsed.ec != std::errc() || missing_ > body_bytes_max_) {
    return Fail(
        413, kHttpBodyTooLarge,
        "Expected a body of at most " + std::to_string(body_bytes_max_) + " bytes, but it has " + *length + ".");
  }
  part_ = missing_ == 0 ? Part::kDone : Part::kSizedBody;
  return true;
}

bool RequestFramer::ReadExpectation() {
  const std::string* expectation = current_.request.FindHeader("expect");
  if (expectation == nullptr || current_.http_1_0) return true;
  if (!EqualsIgnoringCase(*expectation, "100-continue")) {
    return Fail(417, kHttpUnknownExpectation, "Expected the expectation '100-continue', but it is another.");
  }
  continue_wanted_ = part_ != Part::kDone;
  return true;
}

bool RequestFramer::ReadSizedBody() {
  const std::string_view piece = Rest().substr(0, missing_);
  current_.request.body.append(piece);
  Skip(piece.size());
  missing_ -= piece.size();
  if (missing_ > 0) return false;
  part_ = Part::kDone;
  return true;
}

bool RequestFramer::ReadChunkSize() {
  const std::string_view rest = Rest();
  const std::size_t end = rest.find("\r\n");
  if (std::min(end, rest.size()) > kHttpChunkLineBytesMax) {
    return Fail(400, kHttpMalformedRequest, "Expected a chunk's size line of at most 1 KiB, but it is longer.");
  }
  if (end == std::string_view::npos) return false;
  const std::string_view line = rest.substr(0, end);
  const std::string_view digits = line.substr(0, line.find_first_not_of("0123456789abcdefABCDEF"));
  const std::string_view extension = TrimSpace(line.substr(digits.size()));
  std::uint64_t size = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
  const bool extended = extension.empty()
                            ? digits.size() == line.size()
                            : extension[0] == ';' && std::all_of(extension.begin(), extension.end(), IsFieldByte);
  if (digits.empty() || !extended)
    return Fail(400, kHttpMalformedRequest, "Expected a chunk's size in hexadecimal, but found something else.");
  if (parsed.ec != std::errc() || size > body_bytes_max_ - current_.request.body.size()) {
    return Fail(413, kHttpBodyTooLarge,
                "Expected a body of at most " + std::to_string(body_bytes_max_) + " bytes, but its chunks are more.");
  }
  Skip(end + 2);
  missing_ = size;
  trailer_bytes_ = 0;
  part_ = size == 0 ? Part::kTrailer : Part::kChunkData;
  return true;
}

bool RequestFramer::ReadChunkData() {
  if (!ReadSizedBody()) return false;
  part_ = Part::kChunkEnd;
  return true;
}

bool RequestFramer::ReadChunkEnd() {
  const std::string_view rest = Rest().substr(0, 2);
  if (rest != std::string_view("\r\n").substr(0, rest.size())) {
    return Fail(400, kHttpMalformedRequest, "Expected CR LF behind a chunk, but found other bytes.");
  }
  if (rest.size() < 2) return false;
  Skip(2);
  part_ = Part::kChunkSize;
  return true;
}

// Trailers are checked and dropped: no handler may mistake one for a header.
bool RequestFramer::ReadTrailer() {
  const std::string_view rest = Rest();
  const std::size_t end = rest.find("\r\n");
  if (trailer_bytes_ + std::min(end, rest.size()) > kHttpHeadBytesMax) {
    return Fail(431, kHttpHeadTooLarge, "Expected trailers of at most 16 KiB, but they are larger.");
  }
  if (end == std::string_view::npos) return false;
  HttpHeaders dropped;
  if (end > 0 && !ParseHeaderLine(rest.substr(0, end), dropped)) return false;
  if (end == 0) part_ = Part::kDone;
  trailer_bytes_ += end + 2;
  Skip(end + 2);
  return true;
}

}  // namespace fermata
