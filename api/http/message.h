// Turns answers into bytes: heads, chunks. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "api/http/response.h"

namespace fermata {

enum class AfterAnswer { kKeepOpen, kClose };
enum class BodyOf { kGet, kHead };  // HEAD gets the head of GET and no body

std::string WriteMessage(const HttpResponse& response, AfterAnswer after, BodyOf body_of);

// The head of a stream. Chunked, so that a cut stream differs from a finished one; HTTP/1.0 knows no chunks.
enum class StreamFraming { kChunked, kUntilClose };
std::string WriteStreamHead(const HttpResponse& head, StreamFraming framing);
std::string WriteChunk(std::string_view bytes);

}  // namespace fermata
