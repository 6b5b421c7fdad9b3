// Bytes in, requests or one protocol error out. Pure: no socket, no clock, no thread, so that it can be fuzzed.
//
// Strict where leniency lets two parsers disagree about where a request ends: one Host, one Content-Length of digits, `chunked` as the only transfer
// coding and never beside a length, CR LF everywhere, no folded headers. After an error the connection has to be closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/request.h"
#include "api/http/response.h"
#include "engine/base/error_code.h"
#include "engine/model/limits.h"

namespace fermata {

struct FramedRequest {
  HttpRequest request;
  bool keep_alive = true;
  bool http_1_0 = false;
};

struct FramingError {
  int status = 400;
  ErrorCode code{};
  std::string detail;
};

enum class FramerState { kNeedMore, kRequest, kError };
enum class FramerPhase {
  kIdle,
  kHead,
  kBody
};  // which timeout is running: none of the next request's bytes is here, some, its head

class RequestFramer {
 public:
  explicit RequestFramer(std::size_t body_bytes_max = kHttpBodyBytesMax);

  void Feed(std::string_view bytes);
  // Works on what was fed, up to the end of one request. After kRequest call Take(); after kError it stays kError.
  FramerState Next();
  FramedRequest Take();
  // Asserts kError.
  const FramingError& error() const;

  FramerPhase phase() const;
  // Bytes that were fed and do not belong to a finished request.
  std::size_t buffered() const { return buffer_.size() - begin_; }
  // True once for a request that waits for "100 Continue" and whose body has not begun to arrive.
  bool TakeContinueWanted();

 private:
  enum class Part { kHead, kSizedBody, kChunkSize, kChunkData, kChunkEnd, kTrailer, kDone, kFailed };

  // Each works on one part and says whether it got to its end.
  bool ReadHead();
  bool ReadSizedBody();
  bool ReadChunkSize();
  bool ReadChunkData();
  bool ReadChunkEnd();
  bool ReadTrailer();

  bool CheckUnfinishedHead(std::string_view head);
  bool ParseHead(std::string_view head);
  bool ParseRequestLine(std::string_view line);
  bool ParseTarget(std::string_view target);
  bool ParseHeaderLine(std::string_view line, HttpHeaders& headers);
  bool CheckHost(std::string_view authority);
  bool ReadConnectionOptions();
  bool ChooseBody();
  bool ReadExpectation();

  bool Fail(int status, ErrorCode code, std::string detail);
  std::string_view Rest() const { return std::string_view(buffer_).substr(begin_); }
  void Skip(std::size_t bytes) { begin_ += bytes; }
  void Compact();

  std::size_t body_bytes_max_;
  std::string buffer_;
  std::size_t begin_ = 0;     // of what is not consumed yet
  std::size_t searched_ = 0;  // of Rest(): already searched for the end of the head or line
  Part part_ = Part::kHead;
  std::uint64_t missing_ = 0;  // bytes of the body or chunk
  std::size_t trailer_bytes_ = 0;
  std::string authority_;  // of an absolute target
  bool skipped_empty_line_ = false;
  bool continue_wanted_ = false;
  FramedRequest current_;
  FramingError error_;
};

}  // namespace fermata
