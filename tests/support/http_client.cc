#include "tests/support/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace fermata::test {
namespace {

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void ParseHead(std::string_view head, ClientResponse& response) {
  std::size_t end = head.find("\r\n");
  response.status = std::atoi(std::string(head.substr(std::min<std::size_t>(9, head.size()), 3)).c_str());
  while (end != std::string_view::npos) {
    head.remove_prefix(end + 2);
    end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::size_t value = std::min(line.find_first_not_of(' ', colon + 1), line.size());
    response.headers.emplace_back(Lower(std::string(line.substr(0, colon))), line.substr(value));
  }
}

void ReadChunks(RawClient& client, ClientResponse& response) {
  for (;;) {
    const std::string line = client.ReadUntil("\r\n");
    if (!line.ends_with("\r\n")) return;
    const std::size_t size = std::strtoul(line.c_str(), nullptr, 16);
    std::string data;
    while (data.size() < size + 2) {
      const std::string more = client.ReadExactly(size + 2 - data.size());
      if (more.empty()) return;
      data += more;
    }
    response.body += data.substr(0, size);
    if (size == 0) {
      response.complete = true;
      return;
    }
  }
}

}  // namespace

RawClient::RawClient(int port) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{kPatienceMs / 1000, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int on = 1;  // small pieces leave at once
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) Close();
}

RawClient::~RawClient() { Close(); }

void RawClient::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::HalfClose() { ::shutdown(fd_, SHUT_WR); }

void RawClient::Reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  Close();
}

std::string RawClient::ReadSome() {
  if (!buffer_.empty()) return std::exchange(buffer_, {});
  std::array<char, 65536> bytes;
  const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
  return got > 0 ? std::string(bytes.data(), static_cast<std::size_t>(got)) : std::string();
}

std::string RawClient::ReadExactly(std::size_t count) {
  std::string all;
  while (all.size() < count) {
    const std::string more = ReadSome();
    if (more.empty()) return all;
    all += more;
  }
  buffer_ = all.substr(count);
  all.resize(count);
  return all;
}

std::string RawClient::ReadUntil(std::string_view end) {
  std::string all;
  std::size_t found;
  while ((found = all.find(end)) == std::string::npos) {
    const std::string more = ReadSome();
    if (more.empty()) return all;
    all += more;
  }
  buffer_ = all.substr(found + end.size());
  all.resize(found + end.size());
  return all;
}

std::string RawClient::ReadToEnd() {
  std::string all;
  for (std::string more = ReadSome(); !more.empty(); more = ReadSome()) all += more;
  return all;
}

bool RawClient::SeesClose() {
  buffer_.clear();
  std::array<char, 65536> bytes;
  ssize_t got;
  while ((got = ::recv(fd_, bytes.data(), bytes.size(), 0)) > 0) {
  }
  return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

std::string ClientResponse::Header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

ClientResponse ReadResponse(RawClient& client, std::string_view method) {
  ClientResponse response;
  do {
    response = {};
    const std::string head = client.ReadUntil("\r\n\r\n");
    if (!head.ends_with("\r\n\r\n")) return response;
    ParseHead(std::string_view(head).substr(0, head.size() - 4), response);
  } while (response.status == 100);
  const std::string length = response.Header("content-length");
  if (method == "HEAD" || response.status == 204 || response.status == 304) {
    response.complete = true;
  } else if (!length.empty()) {
    const std::size_t bytes = std::strtoul(length.c_str(), nullptr, 10);
    response.body = client.ReadExactly(bytes);
    response.complete = response.body.size() == bytes;
  } else if (response.Header("transfer-encoding") == "chunked") {
    ReadChunks(client, response);
  } else {
    response.body = client.ReadToEnd();
    response.complete = true;
  }
  return response;
}

ClientResponse HttpClient::Get(std::string_view target,
                               const std::vector<std::pair<std::string, std::string>>& headers) {
  return Request("GET", target, headers, {});
}

ClientResponse HttpClient::Post(std::string_view target, std::string_view body, std::string_view content_type,
                                const std::vector<std::pair<std::string, std::string>>& headers) {
  auto all = headers;
  all.emplace_back("Content-Type", content_type);
  return Request("POST", target, all, body);
}

ClientResponse HttpClient::Request(std::string_view method, std::string_view target,
                                   const std::vector<std::pair<std::string, std::string>>& headers,
                                   std::string_view body) {
  std::string message = std::string(method) + ' ' + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n";
  for (const auto& [name, value] : headers) message += name + ": " + value + "\r\n";
  if (!body.empty() || method == "POST") message += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  message += "\r\n";
  message += body;
  const bool kept = raw_ != nullptr;
  if (!kept) raw_ = std::make_unique<RawClient>(port_);
  ClientResponse response;
  if (raw_->Send(message)) response = ReadResponse(*raw_, method);
  if (response.status == 0 && kept) {  // the kept connection had been closed meanwhile
    raw_ = std::make_unique<RawClient>(port_);
    if (raw_->Send(message)) response = ReadResponse(*raw_, method);
  }
  if (response.status == 0 || response.Header("connection") == "close") raw_.reset();
  if (observer_) observer_(method, target, response);
  return response;
}

}  // namespace fermata::test
