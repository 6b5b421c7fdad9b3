#include "api/http/acceptor.h"

#include <pistache/listener.h>
#include <pistache/peer.h>
#include <pistache/transport.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "api/http/codes.h"
#include "api/http/connection.h"

namespace fermata {
namespace {

constexpr const char* kConnectionKey = "connection";
constexpr int kListenBacklog = 1024;
constexpr std::size_t kReadBytes = 64 << 10;
constexpr auto kCloseWait = std::chrono::milliseconds(500);

// How many sockets the workers hold, so that Stop() can wait for them to close.
class PeerCount {
 public:
  void Change(int by) {
    const std::lock_guard lock(mutex_);
    count_ += by;
    if (count_ == 0) none_.notify_all();
  }
  void WaitForNone() {
    std::unique_lock lock(mutex_);
    none_.wait_for(lock, kCloseWait, [&] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ = 0;
};

struct Shared {
  Acceptor::Open open;
  PeerCount peers;
};

std::shared_ptr<Connection> ConnectionOf(const Pistache::Tcp::Peer& peer) {
  return std::static_pointer_cast<Connection>(peer.tryGetData(kConnectionKey));
}

// Attaches our connection to Pistache's peer; input comes from WorkerTransport.
class PeerHandler : public Pistache::Tcp::Handler {
 public:
  explicit PeerHandler(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  PROTOTYPE_OF(Pistache::Tcp::Handler, PeerHandler)

  // Must not throw: the peer would stay without being polled.
  void onConnection(const std::shared_ptr<Pistache::Tcp::Peer>& peer) override {
    shared_->peers.Change(1);
    try {
      const Pistache::Address& address = peer->address();
      if (auto connection = shared_->open(peer->fd(), address.host() + ':' + address.port().toString())) {
        peer->putData(kConnectionKey, std::move(connection));
        return;
      }
    } catch (...) {  // memory, or an address of an odd family
    }
    ::shutdown(peer->fd(), SHUT_RDWR);  // polled from now on, read as closed, removed
  }
  void onInput(const char*, std::size_t, const std::shared_ptr<Pistache::Tcp::Peer>&) override {}

 private:
  std::shared_ptr<Shared> shared_;
};

// Reads peers itself; leaves Pistache's own queues to Pistache.
class WorkerTransport : public Pistache::Tcp::Transport {
 public:
  explicit WorkerTransport(std::shared_ptr<Shared> shared)
      : Transport(std::make_shared<PeerHandler>(shared)), shared_(std::move(shared)) {}

  std::shared_ptr<Pistache::Aio::Handler> clone() const override { return std::make_shared<WorkerTransport>(shared_); }

  void onReady(const Pistache::Aio::FdSet& fds) override {
    for (const auto& entry : fds) {
      const auto found = peers.find(static_cast<int>(entry.getTag().value()));
      if (found != peers.end()) {
        Read(found->second);
      } else if (entry.isReadable()) {
        PassOn(entry);
      }
    }
  }

 private:
  void PassOn(const Pistache::Aio::FdSet::Entry& entry) {
    Pistache::Polling::Event event(entry.getTag());
    event.flags = Pistache::Flags<Pistache::Polling::NotifyOn>(Pistache::Polling::NotifyOn::Read);
    try {
      Transport::onReady(Pistache::Aio::FdSet({event}));
    } catch (const std::exception&) {  // a late event of a socket that is closed already
    }
  }

  // Edge-triggered: until it would block.
  void Read(std::shared_ptr<Pistache::Tcp::Peer> peer) {
    thread_local std::array<char, kReadBytes> buffer;
    const std::shared_ptr<Connection> connection = ConnectionOf(*peer);
    for (;;) {
      const ssize_t got = ::recv(peer->fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got > 0) {
        if (connection) connection->OnBytes(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
        continue;
      }
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
      break;  // closed, or an error of the socket
    }
    removePeer(peer);
    if (connection) connection->OnReadClosed();
    shared_->peers.Change(-1);
  }

  std::shared_ptr<Shared> shared_;
};

}  // namespace

class Acceptor::Impl {
 public:
  explicit Impl(Open open) : shared_(std::make_shared<Shared>()) { shared_->open = std::move(open); }

  Result<int> Start(const std::string& host, int port, int threads) {
    using Pistache::Tcp::Options;
    try {
      listener_ = std::make_unique<Pistache::Tcp::Listener>();
      const Pistache::Flags<Options> flags(Options::NoDelay | Options::ReuseAddr | Options::CloseOnExec);
      listener_->init(static_cast<std::size_t>(threads), flags, "http", kListenBacklog);
      listener_->setHandler(std::make_shared<PeerHandler>(shared_));
      listener_->setTransportFactory([shared = shared_] { return std::make_shared<WorkerTransport>(shared); });
      // Pistache takes an IPv6 address in brackets only.
      const bool is_ipv6 = host.find(':') != std::string::npos;
      listener_->bind(
          Pistache::Address(is_ipv6 ? '[' + host + ']' : host, Pistache::Port(static_cast<std::uint16_t>(port))));
      listener_->runThreaded();
      return static_cast<int>(listener_->getPort());
    } catch (const std::exception& failure) {
      listener_.reset();
      return Error{kHttpCannotListen,
                   "Expected to listen on " + host + " port " + std::to_string(port) + ", but: " + failure.what() + ".",
                   "", ""};
    }
  }

  void Stop() {
    if (!listener_) return;
    shared_->peers.WaitForNone();
    listener_->shutdown();
    listener_.reset();
  }

 private:
  std::shared_ptr<Shared> shared_;
  std::unique_ptr<Pistache::Tcp::Listener> listener_;
};

Acceptor::Acceptor(Open open) : impl_(std::make_unique<Impl>(std::move(open))) {}
Acceptor::~Acceptor() { Stop(); }
Result<int> Acceptor::Start(const std::string& host, int port, int threads) {
  return impl_->Start(host, port, threads);
}
void Acceptor::Stop() { impl_->Stop(); }

}  // namespace fermata
