#include "tests/support/free_port.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>

namespace fermata::test {
namespace {

constexpr int kFirst = 10'000, kLast = 32'000;

bool IsFree(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return bound;
}

}  // namespace

int FreePort() {
  // By chance, as other test programs look for ports at the same time.
  thread_local std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<int> ports(kFirst, kLast);
  int port = ports(random);
  while (!IsFree(port)) port = ports(random);
  return port;
}

}  // namespace fermata::test
