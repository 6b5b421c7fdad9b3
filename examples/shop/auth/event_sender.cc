#include "examples/shop/auth/event_sender.h"

#include <utility>

#include "engine/model/json.h"
#include "examples/shop/auth/signup_store.h"

namespace fermata::shop {
namespace {

constexpr std::chrono::milliseconds kRetryPause{300};
constexpr int kSendTimeoutMs = 5'000;

}  // namespace

EventSender::EventSender(Database& database, std::string engine_url)
    : database_(database), engine_(std::move(engine_url)), thread_([this] { Work(); }) {}

EventSender::~EventSender() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void EventSender::Wake() {
  {
    std::lock_guard lock(mutex_);
    has_work_ = true;
  }
  wake_.notify_all();
}

void EventSender::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!has_work_) {
      wake_.wait(lock);
      continue;
    }
    has_work_ = false;
    lock.unlock();
    const bool sent = SendAll();
    lock.lock();
    if (sent) continue;
    has_work_ = true;
    wake_.wait_for(lock, kRetryPause, [this] { return stopping_; });
  }
}

bool EventSender::SendAll() {
  std::vector<OutboxEvent> events;
  const RestAnswer read = database_.Transact([&](soci::session& sql) -> RestAnswer {
    events = ReadEvents(sql);
    return {};
  });
  if (read.status != 200) return false;
  for (const OutboxEvent& event : events) {
    Result<Value> body = ParseJson(event.event);
    const RestReply reply =
        engine_.Post("/v1/events", body.ok() ? *body : Value(), "", kSendTimeoutMs, "application/cloudevents+json");
    // Refused for good (a process that does not know it): sending it again would not help.
    const bool refused = reply.status >= 400 && reply.status < 500 && reply.status != 408 && reply.status != 429;
    if (!refused && (reply.status < 200 || reply.status >= 300)) return false;
    database_.Transact([&](soci::session& sql) -> RestAnswer {
      RemoveEvent(sql, event.id);
      return {};
    });
  }
  if (!events.empty()) Wake();
  return true;
}

}  // namespace fermata::shop
