#include "examples/shop/common/event_outbox.h"

#include <utility>
#include <vector>

#include "engine/model/json.h"
#include "examples/shop/common/database.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr std::chrono::milliseconds kRetryPause{300};
constexpr int kSendTimeoutMs = 5'000;

struct OutboxEvent {
  long long id = 0;
  std::string event;
};

std::vector<OutboxEvent> ReadEvents(soci::session& sql) {
  std::vector<OutboxEvent> events;
  // With the table's name: alone it would be the text, which PostgreSQL calls so, too.
  soci::rowset<soci::row> found = (sql.prepare << "select cast(event_outbox_id as text), event from event_outbox order "
                                                  "by event_outbox.event_outbox_id limit 100");
  for (const soci::row& row : found) events.push_back({std::stoll(row.get<std::string>(0)), row.get<std::string>(1)});
  return events;
}

void RemoveEvent(soci::session& sql, long long id) {
  sql << "delete from event_outbox where event_outbox_id = :id", soci::use(id);
}

}  // namespace

const char* const kOutboxTable = "create table if not exists event_outbox (event_outbox_id {id}, event text not null)";

std::string MakeEvent(const std::string& source, const std::string& type, const Value& data) {
  return WriteJson(Value::Object({{"specversion", Value::String("1.0")},
                                  {"id", Value::String(NewGuid())},
                                  {"source", Value::String(source)},
                                  {"type", Value::String(type)},
                                  {"time", Value::String(NowText())},
                                  {"datacontenttype", Value::String("application/json")},
                                  {"data", data}}));
}

void AddEvent(soci::session& sql, const std::string& event) {
  sql << "insert into event_outbox (event) values (:event)", soci::use(event);
}

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
