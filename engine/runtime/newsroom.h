// What has just become durable, told to those who look on: instances that moved, incidents and tasks that opened or closed.
//
// The last kNewsKept stay in memory while anybody listens. Who does not keep up, or comes back to a server that has restarted, is told
// that something is missing, and looks at the lists anew: the news say what changed, rows and journals say what is.
// Thread-safe. Listeners are called on the newsroom's own thread, one news after the other, and must not block.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "engine/runtime/views.h"

namespace fermata {

struct InstanceNews {
  InstanceSummary summary;
  std::vector<std::string> entered;  // states, also those left again
};
struct TaskNews {
  ActivationId activation = 0;
  std::string state, role, user, claimed;
  std::int64_t due_us = 0;  // 0 = none
  std::int64_t comments = 0;
  bool open = true;
  std::string_view change;  // opened, assigned, claimed, released, commented, reminded, changed or closed; a literal
};
struct News {
  std::string tenant, process;
  InstanceId instance;
  std::variant<InstanceNews, IncidentView, TaskNews> what;
};

class Newsroom {
 public:
  using Clock = std::chrono::steady_clock;

  // `edition` tells the news of one run of the server from those of another.
  explicit Newsroom(std::int64_t edition) : edition_(edition) {}
  ~Newsroom() { Stop(); }
  // Waits for the call under way; no listener is called after it.
  void Stop();

  std::int64_t edition() const { return edition_; }
  // Whether anybody listens, or did a moment ago and may come back. Cheap enough to ask for each commit.
  bool Wanted() const;
  void Tell(std::vector<News> news);
  // As if somebody listened here for a while: what is told goes to `forward`, too.
  void WantForOthers(std::chrono::milliseconds time);
  // For the other nodes: what is told here, from the thread that tells it, and that somebody begins to listen. Must not block. Null: there are
  // no others any more.
  void ToOthers(std::function<void(const News&)> forward, std::function<void()> listens);
  // From elsewhere, for those who listen here.
  void TellHere(std::vector<News> news);
  // Whether somebody listens here, or did a moment ago.
  bool HasListeners() const;

  struct Listener {
    // `number` grows; it is the place that Listen() takes to go on after it.
    std::function<void(std::int64_t number, const News&)> on_news;
    // Something between is lost for this listener.
    std::function<void(std::int64_t number)> on_gap;
  };
  // From what comes after `after` on; from now on without it.
  std::int64_t Listen(Listener listener, std::optional<std::int64_t> after);
  // A call that has begun may still be on its way.
  void Unlisten(std::int64_t listener);

 private:
  struct Reader {
    std::shared_ptr<const Listener> listener;
    std::int64_t next = 0;
  };

  void Run();
  // What the reader has not heard yet, some of it.
  std::vector<std::shared_ptr<const News>> TakeLocked(Reader& reader, bool& gap) const;

  const std::int64_t edition_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const News>> kept_;
  std::int64_t next_ = 1;  // number of the next news; kept_ holds those right before it
  std::map<std::int64_t, Reader> readers_;
  std::int64_t next_listener_ = 1;
  std::atomic<int> listening_{0};
  std::atomic<Clock::rep> wanted_until_{0}, others_until_{0};
  std::mutex forward_mutex_;
  std::function<void(const News&)> forward_;
  std::function<void()> listens_;
  bool stopping_ = false;
  std::thread thread_;  // from the first listener on
};

}  // namespace fermata
