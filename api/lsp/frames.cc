#include "api/lsp/frames.h"

#include <strings.h>
#include <charconv>
#include <istream>
#include <ostream>

#include "api/lsp/bounds.h"

namespace fermata {
namespace {

// A line without its end; false at the end of the stream. What is longer than a head may be is cut.
bool ReadLine(std::istream& in, std::string& line) {
  line.clear();
  for (int c = in.get(); c != std::istream::traits_type::eof(); c = in.get()) {
    if (c == '\n') {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return true;
    }
    if (line.size() < kFrameHeadBytesMax) line += static_cast<char>(c);
  }
  return false;
}

// The number behind "Content-Length:"; -1 if the line is another one, -2 if it is no number.
long long LengthIn(const std::string& line) {
  constexpr std::string_view kName = "content-length:";
  if (line.size() < kName.size() || strncasecmp(line.data(), kName.data(), kName.size()) != 0) return -1;
  const std::size_t begin = line.find_first_not_of(' ', kName.size());
  if (begin == std::string::npos) return -2;
  long long length = 0;
  const auto [end, error] = std::from_chars(line.data() + begin, line.data() + line.size(), length);
  return error == std::errc() && end == line.data() + line.size() && length >= 0 ? length : -2;
}

}  // namespace

Frame ReadFrame(std::istream& in) {
  std::string line;
  long long length = -1;
  std::size_t head_bytes = 0;
  while (true) {
    if (!ReadLine(in, line)) return {};
    head_bytes += line.size();
    if (line.empty() && head_bytes == 0) continue;
    if (line.empty()) break;
    if (const long long given = LengthIn(line); given != -1) length = given;
  }
  if (length < 0 || head_bytes > kFrameHeadBytesMax)
    return {Frame::Kind::kMalformed, "", "Expected a head with Content-Length, but there is none."};
  if (static_cast<unsigned long long>(length) > kFrameBodyBytesMax) {
    in.ignore(length);
    return {Frame::Kind::kMalformed, "",
            "Expected a message of at most " + std::to_string(kFrameBodyBytesMax) + " bytes, but it has " +
                std::to_string(length) + "."};
  }
  Frame frame{Frame::Kind::kMessage, std::string(static_cast<std::size_t>(length), '\0'), ""};
  in.read(frame.body.data(), length);
  if (in.gcount() != length) return {};
  return frame;
}

void WriteFrame(const std::string& body, std::ostream& out) {
  out << "Content-Length: " << body.size() << "\r\n\r\n" << body << std::flush;
}

}  // namespace fermata
