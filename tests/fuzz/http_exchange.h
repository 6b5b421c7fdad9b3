// Raw bytes to a server on this machine, and whether what comes back is well formed HTTP.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/request_framer.h"
#include "engine/base/assert.h"
#include "engine/model/json.h"

namespace fermata::fuzz {

inline constexpr int kPatienceMs = 250;  // long polls and streams are left after it

inline int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // From another address each time: one alone runs out of ports while the system remembers connections that are over.
  static std::uint32_t clients = 0;
  sockaddr_in from = address;
  from.sin_port = 0;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + ++clients % 60'000);
  FERMATA_ASSERT(bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0);
  FERMATA_ASSERT(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

// All that the server answers to these bytes; what comes after so long a silence is not waited for.
inline std::string Exchange(int port, std::string_view bytes, int patience_ms = kPatienceMs) {
  const int fd = Connect(port);
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;  // it has closed: its answer is there
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  shutdown(fd, SHUT_WR);
  std::string answer;
  char buffer[1 << 14];
  for (pollfd readable{fd, POLLIN, 0}; poll(&readable, 1, patience_ms) == 1;) {
    const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  close(fd);
  return answer;
}

// The methods of the requests in it, as the server's framer sees them.
inline std::vector<std::string> MethodsIn(std::string_view bytes) {
  RequestFramer framer;
  framer.Feed(bytes);
  std::vector<std::string> methods;
  while (framer.Next() == FramerState::kRequest) methods.push_back(framer.Take().request.method);
  return methods;
}

inline std::string HeaderOf(std::string_view head, std::string_view name) {
  const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + name.size() + 4;
  return std::string(head.substr(begin, head.find("\r\n", begin) - begin));
}

// Takes one answer off; false if its end is not there.
inline bool TakeAnswer(std::string_view& answers, bool head_only) {
  const std::size_t head_end = answers.find("\r\n\r\n");
  if (head_end == std::string::npos) return false;
  const std::string_view head = answers.substr(0, head_end + 2);
  FERMATA_ASSERT(head.starts_with("HTTP/1.1 ") && head.size() > 12);
  const int status = std::stoi(std::string(head.substr(9, 3)));
  FERMATA_ASSERT(status >= 100 && status != 500 && status <= 505);
  answers.remove_prefix(head_end + 4);
  if (status == 100) return TakeAnswer(answers, head_only);
  if (HeaderOf(head, "Transfer-Encoding") == "chunked" || HeaderOf(head, "Content-Type") == "text/event-stream")
    return false;
  if (head_only || status == 204 || status == 304) return true;
  const std::size_t length = std::stoul(HeaderOf(head, "Content-Length"));
  if (answers.size() < length) return false;
  const std::string_view body = answers.substr(0, length);
  if (status >= 400) {
    FERMATA_ASSERT(HeaderOf(head, "Content-Type") == "application/problem+json");
    if (HeaderOf(head, "Content-Encoding").empty()) FERMATA_ASSERT(ParseJson(body).ok());
  }
  answers.remove_prefix(length);
  return true;
}

// Each request that the bytes hold has one well formed answer, as far as answers have come.
inline void CheckAnswers(std::string_view bytes, std::string_view answers) {
  for (const std::string& method : MethodsIn(bytes))
    if (!TakeAnswer(answers, method == "HEAD")) return;
  if (!answers.empty()) TakeAnswer(answers, false);
}

}  // namespace fermata::fuzz
