#include "tests/unit/connectors/conformance/raw_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/assert.h"

namespace fermata::test {

RawServer::RawServer(std::string greeting) : greeting_(std::move(greeting)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  FERMATA_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener_, 16) == 0);
  FERMATA_ASSERT(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  FERMATA_ASSERT(::pipe(wake_) == 0);
  thread_ = std::thread([this] { Serve(); });
}

RawServer::~RawServer() {
  ::close(wake_[1]);
  thread_.join();
  for (int socket : held_) ::close(socket);
  ::close(wake_[0]);
  ::close(listener_);
}

void RawServer::Serve() {
  for (;;) {
    pollfd wanted[] = {{listener_, POLLIN, 0}, {wake_[0], 0, 0}};
    if (::poll(wanted, 2, -1) <= 0 || wanted[1].revents != 0) return;
    const int socket = ::accept(listener_, nullptr, nullptr);
    if (socket < 0) continue;
    held_.push_back(socket);
    if (greeting_.empty()) continue;
    ::send(socket, greeting_.data(), greeting_.size(), MSG_NOSIGNAL);
    ::shutdown(socket, SHUT_WR);
  }
}

}  // namespace fermata::test
