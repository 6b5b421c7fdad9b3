#include "engine/storage/postgres/hints.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "engine/base/assert.h"
#include "engine/model/limits.h"

namespace fermata::postgres {
namespace {

constexpr std::string_view kLetters = "sicpjln";  // of the kinds, in their order
// Hints may get lost, so that they need not wait for the log.
constexpr const char* kListen = "SET synchronous_commit = off; LISTEN fermata";
constexpr const char* kNotify = "SELECT pg_notify('fermata', $1)";

Hint HintIn(const std::string& text) {
  Hint hint{static_cast<Hint::Kind>(kLetters.find(text.front())), {}};
  for (std::size_t at = 1; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at + 1), text.size());
    hint.words.push_back(text.substr(at + 1, end - at - 1));
    at = end;
  }
  return hint;
}

// Only what comes back as it was: no divider in it.
bool MayBeToldOf(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

Hints::Hints(ConnectSettings settings)
    : settings_(std::move(settings)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  FERMATA_ASSERT(wake_ >= 0);
}

Hints::~Hints() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    Wake();
  }
  stop_.notify_all();
  if (thread_.joinable()) thread_.join();
  ::close(wake_);
}

void Hints::SetOthers(bool there) {
  others_ = there;
  std::lock_guard lock(mutex_);
  if (there && !thread_.joinable()) thread_ = std::thread([this] { Run(); });
}

void Hints::Tell(Hint::Kind kind, std::string_view word) {
  if (!others_ || !MayBeToldOf(word)) return;
  std::lock_guard lock(mutex_);
  Gathered& gathered = gathered_[static_cast<std::size_t>(kind)];
  gathered.told = true;
  const std::size_t bytes = gathered.bytes + 1 + word.size();
  if (!word.empty() && bytes < kHintBytesMax && gathered.words.emplace(word).second) gathered.bytes = bytes;
  Wake();
}

void Hints::Listen(std::function<void(const Hint&)> listener) {
  std::lock_guard lock(listener_mutex_);
  listener_ = std::move(listener);
}

void Hints::Run() {
  std::chrono::milliseconds pause(kPostgresReconnectFirstMs);
  while (true) {
    if (connection_ == nullptr && !Connect()) {
      std::unique_lock lock(mutex_);
      if (stop_.wait_for(lock, pause, [this] { return stopping_; })) return;
      pause = std::min(pause * 2, std::chrono::milliseconds(kHintPauseMsMax));
      continue;
    }
    pause = std::chrono::milliseconds(kPostgresReconnectFirstMs);
    AwaitNews();
    Send();
    Receive();
    if (connection_->lost()) connection_.reset();
    std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

bool Hints::Connect() {
  Result<std::unique_ptr<Connection>> connected = Connection::Connect(settings_);
  if (!connected || !(*connected)->Execute(kListen)) return false;
  connection_ = *std::move(connected);
  return true;
}

void Hints::AwaitNews() {
  std::array<pollfd, 2> news = {{{connection_->socket(), POLLIN, 0}, {wake_, POLLIN, 0}}};
  (void)::poll(news.data(), news.size(), -1);
}

void Hints::Send() {
  std::vector<Query> queries;
  const std::array<Gathered, kKinds> all = TakeGathered();
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    if (!all[kind].told) continue;
    std::string text(1, kLetters[kind]);
    for (const std::string& word : all[kind].words) text += " " + word;
    queries.push_back({kNotify, {Text(text)}, true});
  }
  if (!queries.empty()) (void)connection_->RunAll(queries);
}

std::array<Hints::Gathered, Hints::kKinds> Hints::TakeGathered() {
  std::lock_guard lock(mutex_);
  if (woken_) {
    std::uint64_t count = 0;
    (void)!::read(wake_, &count, sizeof count);
    woken_ = false;
  }
  return std::exchange(gathered_, {});
}

void Hints::Receive() {
  for (const std::string& text : connection_->TakeNotifications()) {
    if (text.empty() || kLetters.find(text.front()) == std::string_view::npos) continue;
    const Hint hint = HintIn(text);
    std::lock_guard lock(listener_mutex_);
    if (listener_) listener_(hint);
  }
}

// With mutex_ held.
void Hints::Wake() {
  if (std::exchange(woken_, true)) return;
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
}

}  // namespace fermata::postgres
