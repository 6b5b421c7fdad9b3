// Whatever arrives and however it is cut, the framer ends in requests within their bounds, or in one error; cutting makes no difference.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "api/http/request_framer.h"
#include "engine/base/assert.h"

namespace {

// A request a line, the error at the end.
std::string Frame(std::string_view bytes, std::size_t step) {
  fermata::RequestFramer framer(1 << 10);
  std::string seen;
  for (std::size_t i = 0; i < bytes.size(); i += step) {
    framer.Feed(bytes.substr(i, step));
    fermata::FramerState state;
    while ((state = framer.Next()) == fermata::FramerState::kRequest) {
      const fermata::HttpRequest request = framer.Take().request;
      FERMATA_ASSERT(request.body.size() <= 1 << 10);
      FERMATA_ASSERT(request.path.find('\0') == std::string::npos && request.path.find("/../") == std::string::npos);
      seen += request.method + ' ' + request.target + ' ' + request.body + '\n';
    }
    if (state == fermata::FramerState::kError) return seen + "error";
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = Frame(bytes, size + 1);
  FERMATA_ASSERT(size > (8 << 10) || whole == Frame(bytes, 1));
  return 0;
}
