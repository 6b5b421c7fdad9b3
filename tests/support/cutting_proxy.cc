#include "tests/support/cutting_proxy.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include "engine/base/assert.h"

namespace fermata::test {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

std::string ReadSome(int fd) {
  std::array<char, 16'384> buffer;
  const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
  return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
}

void SendAll(int fd, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t size = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) return;
    sent += static_cast<std::size_t>(size);
  }
}

}  // namespace

CuttingProxy::CuttingProxy(int server_port) : server_port_(server_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  FERMATA_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  FERMATA_ASSERT(::listen(listener_, 16) == 0);
  FERMATA_ASSERT(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

CuttingProxy::~CuttingProxy() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

// Several connections live at once (readers, lanes): each gets a thread.
void CuttingProxy::Serve() {
  std::vector<std::thread> relays;
  while (!stopping_) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) break;
    relays.emplace_back([this, client] {
      const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = Loopback(server_port_);
      if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) Relay(client, server);
      ::close(client);
      ::close(server);
    });
  }
  for (std::thread& relay : relays) relay.join();
}

void CuttingProxy::Relay(int client, int server) {
  std::optional<Wish> answered;  // cut when the answer comes
  while (!stopping_) {
    std::array<pollfd, 2> ready{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), 100) < 0) return;
    if (ready[0].revents != 0) {
      const std::string bytes = ReadSome(client);
      if (bytes.empty()) return;
      std::optional<Wish> wish = Take(bytes);
      if (wish && wish->cut == Cut::kBefore) return wish->at_the_cut();
      if (wish) answered = std::move(wish);
      SendAll(server, bytes);
    }
    if (ready[1].revents != 0) {
      const std::string bytes = ReadSome(server);
      if (answered && answered->cut == Cut::kSilent) {
        answered->at_the_cut();
        return AwaitEnd(client);
      }
      if (answered) return answered->at_the_cut();
      if (bytes.empty()) return;
      SendAll(client, bytes);
    }
  }
}

// Until the client hangs up; what it sends goes nowhere.
void CuttingProxy::AwaitEnd(int client) {
  while (!stopping_) {
    pollfd ready{client, POLLIN, 0};
    if (::poll(&ready, 1, 100) > 0 && ReadSome(client).empty()) return;
  }
}

void CuttingProxy::CutNext(Cut cut, std::string words, std::function<void()> at_the_cut) {
  if (!at_the_cut) at_the_cut = [] {};
  std::lock_guard lock(mutex_);
  wish_ = Wish{cut, std::move(words), std::move(at_the_cut)};
}

bool CuttingProxy::waiting() const {
  std::lock_guard lock(mutex_);
  return wish_.has_value();
}

std::optional<CuttingProxy::Wish> CuttingProxy::Take(const std::string& request) {
  std::lock_guard lock(mutex_);
  if (!wish_ || request.find(wish_->words) == std::string::npos) return std::nullopt;
  return std::exchange(wish_, std::nullopt);
}

}  // namespace fermata::test
