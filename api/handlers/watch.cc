// Server-sent events of what becomes durable: /v1/stream of lists, /v1/instances/{id}/stream of one history.
#include <charconv>
#include <memory>
#include <mutex>

#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

std::optional<std::int64_t> ParseNumber(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// Lists that live: instances, incidents and tasks as they change.
class ListStream : public std::enable_shared_from_this<ListStream> {
 public:
  ListStream(Newsroom& newsroom, EventStream stream, Caller caller, std::string process)
      : newsroom_(newsroom), stream_(std::move(stream)), caller_(std::move(caller)), process_(std::move(process)) {}

  // `place` is the id of the last event that the client has: "<edition>-<number>".
  void Begin(const std::string& place) {
    const std::optional<std::int64_t> after = NumberOf(place);
    if (!place.empty() && !after) Gap(0);
    const std::int64_t listener = newsroom_.Listen(
        {[self = shared_from_this()](std::int64_t number, const News& news) { self->Tell(number, news); },
         [self = shared_from_this()](std::int64_t number) { self->Gap(number); }},
        after);
    stream_.OnClosed([&newsroom = newsroom_, listener] { newsroom.Unlisten(listener); });
  }

 private:
  std::string Place(std::int64_t number) const {
    return std::to_string(newsroom_.edition()) + "-" + std::to_string(number);
  }

  // nullopt if it is of another run of the server, or none at all.
  std::optional<std::int64_t> NumberOf(const std::string& place) const {
    const std::string edition = std::to_string(newsroom_.edition()) + "-";
    if (!place.starts_with(edition)) return std::nullopt;
    const std::optional<std::int64_t> number = ParseNumber(place.substr(edition.size()));
    return number == 0 ? std::nullopt : number;
  }

  void Gap(std::int64_t number) { stream_.Send("gap", number > 0 ? Place(number) : "", Value::Object({})); }

  void Tell(std::int64_t number, const News& news) {
    if (news.tenant != caller_.tenant || !caller_.MayUse(news.process)) return;
    if (!process_.empty() && news.process != process_) return;
    constexpr std::string_view kTypes[] = {"instance", "incident", "task"};  // as in News::what
    stream_.Send(kTypes[news.what.index()], Place(number), ViewOf(news));
  }

  Newsroom& newsroom_;
  EventStream stream_;
  const Caller caller_;
  const std::string process_;
};

// One instance's history as it grows: read from the journal, so nothing is ever missing.
class HistoryStream : public std::enable_shared_from_this<HistoryStream> {
 public:
  HistoryStream(const RouteContext& context, EventStream stream, InstanceId id, std::int64_t after)
      : engine_(context.engine()), workers_(context.workers), stream_(std::move(stream)), id_(id), after_(after) {}

  void Begin() {
    const auto look = [self = shared_from_this()](std::int64_t, const News& news) {
      if (news.instance == self->id_) self->Look();
    };
    // Behind: the journal knows.
    const std::int64_t listener =
        engine_.TheNews().Listen({look, [self = shared_from_this()](std::int64_t) { self->Look(); }}, std::nullopt);
    stream_.OnClosed([&newsroom = engine_.TheNews(), listener] { newsroom.Unlisten(listener); });
    Look();
  }

 private:
  // One reader at a time; what comes while it reads is read by it.
  void Look() {
    {
      std::lock_guard lock(mutex_);
      more_ = true;
      if (reading_) return;
      reading_ = true;
    }
    if (!workers_.Post([self = shared_from_this()] { self->Read(); })) stream_.Close();  // the client comes back
  }

  bool Wanted() {
    std::lock_guard lock(mutex_);
    reading_ = more_ && !stream_.closed();
    more_ = false;
    return reading_;
  }

  void Read() {
    while (Wanted())
      for (bool next = true; next;) {
        const std::string cursor = after_ > 0 ? std::to_string(after_) : "";
        const Result<Page<HistoryEntry>> page = engine_.History(id_, cursor, kPageItemsMax);
        if (!page.ok()) return stream_.Close();
        next = Send(page->items) && !page->next_cursor.empty();
      }
  }

  bool Send(const std::vector<HistoryEntry>& entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      // Entries of one decision belong together: only the last has the place to go on from.
      const bool last = i + 1 == entries.size() || entries[i + 1].seq != entries[i].seq;
      if (!stream_.Send("history", last ? std::to_string(entries[i].seq) : "", ViewOf(entries[i]))) return false;
      after_ = entries[i].seq;
    }
    return true;
  }

  Engine& engine_;
  WorkerPool& workers_;
  EventStream stream_;
  const InstanceId id_;
  std::int64_t after_ = 0;  // touched by the one reader
  std::mutex mutex_;
  bool reading_ = false, more_ = false;
};

// Where a client goes on: what its browser remembers, or what it says itself.
std::string ReadPlace(const HttpRequest& request, const QueryReader& query) {
  const std::string* header = request.FindHeader("last-event-id");
  return header && !header->empty() ? *header : query.Text("after").value_or("");
}

void StreamLists(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  const QueryReader query(request, {"process", "after"});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  const std::string process = query.Text("process").value_or("");
  if (!process.empty() && !reply.caller().MayUse(process)) return reply.Fail(BeyondLimits(reply.caller(), process));
  std::make_shared<ListStream>(context.engine().TheNews(), context.streams.Open(reply), reply.caller(), process)
      ->Begin(ReadPlace(request, query));
}

void StreamHistory(const RouteContext& context, const HttpRequest& request, const std::string& name,
                   const Reply& reply) {
  QueryReader query(request, {"after"});
  const std::string place = ReadPlace(request, query);
  const std::optional<std::int64_t> after = place.empty() ? 0 : ParseNumber(place);
  if (!after) query.Fail("after", "Expected the id of an event of this stream, but got '" + place + "'.");
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  const std::optional<InstanceId> id = ReadInstanceId(name, reply);
  if (!id) return;
  context.Later(reply, [=] {
    const Result<InstanceOwner> owner = context.engine().FindOwner(*id);
    if (!owner.ok()) return reply.Fail(owner.error());
    std::make_shared<HistoryStream>(context, context.streams.Open(reply), *id, *after)->Begin();
  });
}

}  // namespace

void AddWatchRoutes(const RouteContext& context) {
  context.Add("GET", "/v1/stream", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    StreamLists(context, request, reply);
  });
  context.Add("GET", "/v1/instances/{id}/stream",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                StreamHistory(context, request, params["id"], reply);
              });
}

}  // namespace fermata
