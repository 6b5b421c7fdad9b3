// What customers ask; whose session it is says auth.
#include <algorithm>
#include <charconv>

#include "api/http/server.h"
#include "engine/model/json.h"
#include "examples/shop/common/database.h"
#include "examples/shop/notification/message_store.h"
#include "examples/shop/notification/notification.h"

namespace fermata::shop {

Asker NotificationService::WhoAsks(const RestRequest& request) {
  std::shared_ptr<SessionCheck> sessions;
  {
    std::lock_guard lock(sessions_mutex_);
    sessions = sessions_;
  }
  if (!sessions) return {"", "", Refusal(503, "The sessions are not known yet")};
  return sessions->WhoAsks(request);
}

RestAnswer NotificationService::ListMessages(const RestRequest& request) {
  const Asker asker = WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::vector<Value> list;
    for (const Message& message : PushedMessages(sql, asker.username, 0)) list.push_back(MessageValue(message));
    std::reverse(list.begin(), list.end());
    return {200, Value::Object({{"notifications", Value::List(std::move(list))}})};
  });
}

RestAnswer NotificationService::OpenStream(const RestRequest& request) {
  const Asker asker = WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  // A page that comes back says what it has seen; without that it hears what is new only.
  const std::string seen = request.Header("last-event-id");
  long long after = -1;
  std::from_chars(seen.data(), seen.data() + seen.size(), after);
  RestAnswer answer;
  answer.stream = [this, after, customer = asker.username](const StreamHandle& handle) {
    StreamHandle stream = handle;
    // First, so that whoever is welcome hears everything from then on; what comes twice has the same id.
    streams_.Add(customer, stream);
    stream.Write(": welcome\n\n");
    if (after < 0) return;
    database_->Transact([&](soci::session& sql) -> RestAnswer {
      for (const Message& message : PushedMessages(sql, customer, after))
        stream.Write(ServerSentEvent(message.number, "notification", WriteJson(MessageValue(message))));
      return {};
    });
  };
  return answer;
}

RestAnswer NotificationService::RegisterDevice(const RestRequest& request) {
  const Asker asker = WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  const std::string device = request.Text("deviceId");
  if (device.empty() || device.size() > 255) return Refusal(400, "A deviceId should be provided");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    SetDevice(sql, asker.username, device);
    return {200, Value::Object({{"deviceId", Value::String(device)}})};
  });
}

RestAnswer NotificationService::SetPolicy(const RestRequest& request) {
  const Asker asker = WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  const Value* marketing = request.body.Find("marketing");
  if (marketing == nullptr || marketing->kind() != ValueKind::kBool)
    return Refusal(400, "Expected marketing to be true or false");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    SetWantsMarketing(sql, asker.username, marketing->as_bool() ? 1 : 0);
    return {200, Value::Object({{"marketing", *marketing}})};
  });
}

}  // namespace fermata::shop
