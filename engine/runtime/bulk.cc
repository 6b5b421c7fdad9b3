#include "engine/runtime/bulk.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "engine/base/log.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/replay.h"

namespace fermata {
namespace {

constexpr std::string_view kBulkKind = "bulk";
constexpr int kPagesPerSecond = 10;
constexpr auto kPauseAfterFailure = std::chrono::milliseconds(200);  // and twice as long after each further one
constexpr int kDoublingsMax = 10;
constexpr auto kLookAgain = std::chrono::milliseconds(kNodePollMs);  // whether this server is to work

bool IsUnderWay(const BulkView& view) { return view.status == BulkStatus::kRunning; }
bool IsOver(const BulkView& view) { return view.status == BulkStatus::kStopped || view.status == BulkStatus::kDone; }

int PageSizeOf(const BulkWork& work) { return std::clamp(work.per_second / kPagesPerSecond, 1, kPageItemsMax); }

Error Unknown(const std::string& id) {
  return {kUnknownBulk, "Expected the id of work in bulk, but none is called '" + id + "'."};
}

void Keep(std::vector<BulkRefusal>& refusals, BulkRefusal refusal) {
  if (refusals.size() < kBulkRefusalsKept) refusals.push_back(std::move(refusal));
}

// The answers to the commands of one page; the last one to come lets the runner go on.
struct Answers {
  std::mutex mutex;
  std::condition_variable all;
  std::size_t left = 0;
  std::vector<std::optional<Error>> errors;  // by command
};

}  // namespace

// What one page has brought.
struct BulkRunner::Page {
  std::int64_t visited = 0, done = 0, refused = 0;
  std::vector<BulkRefusal> refusals;
  std::string cursor;  // where the next one begins; empty = nothing is left
};

Status BulkRunner::Load() {
  std::lock_guard changing(change_mutex_);
  is_current_ = false;
  return ReadAgainLocked();
}

Status BulkRunner::ReadAgainLocked() {
  if (is_current_) return Done{};
  Result<std::vector<StandingOrderRow>> rows = storage_.ReadStandingOrders(kBulkKind);
  if (!rows.ok()) return rows.error();
  std::map<std::string, BulkView> works;
  std::int64_t last_id_us = 0;
  for (const StandingOrderRow& row : *rows) {
    Result<BulkView> view = DecodeBulk(row.id, row.bytes);
    if (!view.ok()) return view.error();
    last_id_us = std::max(last_id_us, view->created_us);
    works.emplace(row.id, std::move(*view));
  }
  {
    std::lock_guard lock(mutex_);
    works_ = std::move(works);
    last_id_us_ = std::max(last_id_us_, last_id_us);
    is_current_ = true;
  }
  wake_.notify_all();
  return Done{};
}

Status BulkRunner::CommitLocked(Batch batch) {
  Status committed = commit_(std::move(batch));
  if (committed.ok()) return committed;
  is_current_ = false;
  (void)ReadAgainLocked();
  return committed;
}

void BulkRunner::Run() {
  thread_ = std::thread([this] { Loop(); });
}

void BulkRunner::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// ---- orders ----

Result<BulkTrial> BulkRunner::Try(const BulkWork& work) {
  BulkTrial trial;
  InstanceQuery query{work.filter, ""};
  query.filter.limit = kPageItemsMax;
  do {
    Result<fermata::Page<InstanceSummary>> page = engine_.List(query);
    if (!page.ok()) return page.error();
    for (const InstanceSummary& instance : page->items) {
      ++trial.total;
      Result<std::vector<Command>> commands = CommandsFor(work, instance.id);
      if (!commands.ok() && !IsUnreadable(commands.error())) return commands.error();
      std::optional<Error> refused;
      if (!commands.ok()) refused = commands.error();
      for (std::size_t i = 0; commands.ok() && !refused && i < commands->size(); ++i)
        if (Status status = engine_.Check(instance.id, (*commands)[i]); !status.ok()) refused = status.error();
      if (refused) {
        ++trial.refused;
        Keep(trial.refusals, {instance.id, *std::move(refused)});
      } else if (!commands->empty()) {
        ++trial.possible;
      }
    }
    query.cursor = std::move(page->next_cursor);
    trial.complete = query.cursor.empty();
  } while (!trial.complete && trial.total < kBulkTrialMax);
  return trial;
}

std::optional<Result<BulkRunner::Begun>> BulkRunner::Remembered(const BulkWork& work) const {
  if (work.idempotency_key.empty()) return std::nullopt;
  for (const auto& [id, view] : works_) {
    const BulkWork& other = view.work;
    if (other.idempotency_key != work.idempotency_key || other.filter.tenant != work.filter.tenant) continue;
    if (other.request_hash == work.request_hash) return Result<Begun>(Begun{view, true});
    return Result<Begun>(Error{kIdempotencyKeyReused, "Expected a new Idempotency-Key for a new request, but '" +
                                                          work.idempotency_key + "' was used with another one."});
  }
  return std::nullopt;
}

Result<BulkRunner::Begun> BulkRunner::Start(BulkWork work) {
  Result<Begun> begun = Begin(std::move(work));
  if (begun.ok()) peers_.await();
  return begun;
}

Result<BulkRunner::Begun> BulkRunner::Begin(BulkWork work) {
  {
    std::lock_guard lock(mutex_);
    if (std::optional<Result<Begun>> remembered = Remembered(work)) return *std::move(remembered);
  }
  BulkView view;
  view.work = std::move(work);
  view.created_us = clock_.NowUs();
  InstanceFilter& filter = view.work.filter;
  filter.live = true;
  // It ends: instances that start meanwhile are not its business.
  filter.started_before_us = std::min(filter.started_before_us.value_or(INT64_MAX), view.created_us + 1);
  InstanceQuery query{filter, ""};
  query.filter.limit = kPageItemsMax;
  do {
    Result<fermata::Page<InstanceSummary>> page = engine_.List(query);
    if (!page.ok()) return page.error();
    view.total += static_cast<std::int64_t>(page->items.size());
    query.cursor = std::move(page->next_cursor);
  } while (!query.cursor.empty());

  std::lock_guard changing(change_mutex_);
  if (Status current = ReadAgainLocked(); !current.ok()) return current.error();
  std::vector<std::string> too_old;
  {
    std::lock_guard lock(mutex_);
    // Again: the same request may have come meanwhile.
    if (std::optional<Result<Begun>> remembered = Remembered(view.work)) return *std::move(remembered);
    if (std::optional<Error> refused = RefuseMore(filter.tenant)) return *std::move(refused);
    last_id_us_ = std::max(last_id_us_ + 1, view.created_us);
    char digits[20];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(last_id_us_));
    view.id = std::string("bulk-") + digits;
    too_old = TooOld(filter.tenant);
  }
  Batch batch;
  for (const std::string& id : too_old) batch.standing_orders_deleted.push_back({std::string(kBulkKind), id, ""});
  batch.standing_orders.push_back({std::string(kBulkKind), view.id, EncodeBulk(view)});
  if (Status committed = CommitLocked(std::move(batch)); !committed.ok()) return committed.error();
  {
    std::lock_guard lock(mutex_);
    for (const std::string& id : too_old) works_.erase(id);
    works_.emplace(view.id, view);
  }
  wake_.notify_all();
  return Begun{std::move(view), false};
}

std::optional<Error> BulkRunner::RefuseMore(const std::string& tenant) const {
  const auto under_way = std::count_if(works_.begin(), works_.end(), [&](const auto& work) {
    return !IsOver(work.second) && work.second.work.filter.tenant == tenant;
  });
  if (under_way < kBulksUnderWayMax) return std::nullopt;
  return Error{kBulkForbids,
               "Expected at most " + std::to_string(kBulksUnderWayMax) +
                   " works in bulk under way, but there are as many already.",
               "", "Wait for one to end, or stop one."};
}

// The oldest of the tenant that are over, beyond those that are kept for people to look at.
std::vector<std::string> BulkRunner::TooOld(const std::string& tenant) const {
  std::vector<std::string> over;
  std::size_t all = 0;
  for (const auto& [id, view] : works_) {
    if (view.work.filter.tenant != tenant) continue;
    ++all;
    if (IsOver(view)) over.push_back(id);
  }
  const std::size_t excess = all < kBulksKeptMax ? 0 : all - kBulksKeptMax + 1;
  over.resize(std::min(over.size(), excess));
  return over;
}

std::vector<BulkView> BulkRunner::All(const std::string& tenant) const {
  std::lock_guard lock(mutex_);
  std::vector<BulkView> all;
  for (auto at = works_.rbegin(); at != works_.rend(); ++at)
    if (at->second.work.filter.tenant == tenant) all.push_back(at->second);
  return all;
}

Result<BulkView> BulkRunner::Find(const std::string& tenant, const std::string& id) const {
  std::lock_guard lock(mutex_);
  const auto found = works_.find(id);
  if (found == works_.end() || found->second.work.filter.tenant != tenant) return Unknown(id);
  return found->second;
}

Result<BulkView> BulkRunner::Change(const std::string& id, const std::function<Status(BulkView&)>& change) {
  std::lock_guard changing(change_mutex_);
  if (peers_.there()) is_current_ = false;  // another server may have changed it
  if (Status current = ReadAgainLocked(); !current.ok()) return current.error();
  BulkView changed;
  {
    std::lock_guard lock(mutex_);
    const auto found = works_.find(id);
    if (found == works_.end()) return Unknown(id);
    changed = found->second;
  }
  if (Status allowed = change(changed); !allowed.ok()) return allowed.error();
  Batch batch;
  batch.standing_orders.push_back({std::string(kBulkKind), id, EncodeBulk(changed)});
  if (Status committed = CommitLocked(std::move(batch)); !committed.ok()) return committed.error();
  {
    std::lock_guard lock(mutex_);
    works_.insert_or_assign(id, changed);
  }
  wake_.notify_all();
  return changed;
}

// The server that works may note its progress at the same moment, over what was ordered here: then it is ordered again.
Result<BulkView> BulkRunner::Steer(const std::string& tenant, const std::string& id, BulkOrder order) {
  constexpr int kTries = 10;
  for (int tries = 1;; ++tries) {
    Result<BulkView> steered = SteerOnce(tenant, id, order);
    if (!steered.ok() || !peers_.there() || tries == kTries) return steered;
    peers_.await();
    if (Status read = Load(); !read.ok()) return read.error();
    Result<BulkView> now = Find(tenant, id);
    if (!now.ok() || now->status == steered->status || IsOver(*now)) return now;
  }
}

Result<BulkView> BulkRunner::SteerOnce(const std::string& tenant, const std::string& id, BulkOrder order) {
  if (Result<BulkView> known = Find(tenant, id); !known.ok()) return known;
  return Change(id, [&](BulkView& view) -> Status {
    if (IsOver(view))
      return Error{kBulkForbids, "Expected work in bulk that is under way, but '" + id + "' is " +
                                     std::string(BulkStatusName(view.status)) + "."};
    view.status = order == BulkOrder::kPause    ? BulkStatus::kPaused
                  : order == BulkOrder::kResume ? BulkStatus::kRunning
                                                : BulkStatus::kStopped;
    if (view.status == BulkStatus::kStopped) view.ended_us = clock_.NowUs();
    return Done{};
  });
}

// ---- the runner ----

std::pair<const BulkView*, std::chrono::steady_clock::time_point> BulkRunner::NextUnderWay() const {
  std::pair<const BulkView*, std::chrono::steady_clock::time_point> next{nullptr, {}};
  std::set<std::string_view> seen;
  for (const auto& [id, view] : works_) {
    const std::string& tenant = view.work.filter.tenant;
    if (!IsUnderWay(view) || !seen.insert(tenant).second) continue;
    const auto pace = paces_.find(tenant);
    const auto at = pace == paces_.end() ? std::chrono::steady_clock::time_point() : pace->second.next;
    if (!next.first || at < next.second) next = {&view, at};
  }
  return next;
}

void BulkRunner::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!is_current_) {
      lock.unlock();
      const bool read = Load().ok();
      lock.lock();
      if (!read) wake_.wait_for(lock, kPauseAfterFailure, [this] { return stopping_; });
      continue;
    }
    const auto [next, at] = NextUnderWay();
    if (next == nullptr) {
      wake_.wait(lock);
      continue;
    }
    if (!peers_.works_here()) {
      wake_.wait_for(lock, kLookAgain);
      continue;
    }
    const auto began = std::chrono::steady_clock::now();
    if (began < at) {
      wake_.wait_until(lock, at);  // or until somebody orders something else
      continue;
    }
    const BulkView view = *next;
    lock.unlock();
    Page page;
    const bool worked = WorkPage(view, page).ok() && NotePage(view.id, page, page.cursor.empty());
    lock.lock();
    Pace& pace = paces_[view.work.filter.tenant];
    if (worked) {
      pace = {began + std::chrono::microseconds(page.visited * 1'000'000 / std::max(view.work.per_second, 1)), 0};
    } else {
      const auto wait = kPauseAfterFailure * (std::int64_t{1} << std::min(pace.failures++, kDoublingsMax));
      pace.next = began + std::min<std::chrono::milliseconds>(wait, std::chrono::milliseconds(kBulkRetryMsMax));
    }
  }
}

bool BulkRunner::NotePage(const std::string& id, const Page& page, bool last) {
  Result<BulkView> noted = Change(id, [&](BulkView& view) -> Status {
    view.visited += page.visited;
    view.done += page.done;
    view.refused += page.refused;
    for (const BulkRefusal& refusal : page.refusals) Keep(view.refusals, refusal);
    view.cursor = page.cursor;
    if (last && !IsOver(view)) {
      view.status = BulkStatus::kDone;
      view.ended_us = clock_.NowUs();
    }
    return Done{};
  });
  // The page is begun again, and acts once.
  if (!noted.ok())
    LogWarning("Work in bulk could not note its progress.", {{"bulk", id}, {"reason", noted.error().message}});
  return noted.ok();
}

Result<std::vector<Command>> BulkRunner::CommandsFor(const BulkWork& work, const InstanceId& id) {
  const auto* resolve = std::get_if<ResolveIncident>(&work.command);
  if (resolve == nullptr) return std::vector<Command>{work.command};
  Result<InstanceView> instance = engine_.Get(id);
  if (!instance.ok() && instance.error().code == kUnknownInstance) return std::vector<Command>();
  if (!instance.ok()) return instance.error();
  std::vector<Command> commands;
  for (const IncidentView& incident : instance->incidents) {
    if (!work.incident_error.empty() && incident.error != work.incident_error) continue;
    ResolveIncident one = *resolve;
    one.incident = incident.number;
    commands.push_back(std::move(one));
  }
  return commands;
}

Result<bool> BulkRunner::WorkPage(const BulkView& view, Page& page) {
  InstanceQuery query{view.work.filter, view.cursor};
  query.filter.limit = PageSizeOf(view.work);
  Result<fermata::Page<InstanceSummary>> found = engine_.List(query);
  if (!found.ok()) return found.error();
  std::vector<std::pair<InstanceId, Command>> all;
  std::map<InstanceId, std::optional<Error>> outcomes;
  for (const InstanceSummary& instance : found->items) {
    Result<std::vector<Command>> commands = CommandsFor(view.work, instance.id);
    if (!commands.ok() && !IsUnreadable(commands.error())) return commands.error();
    if (!commands.ok()) {
      outcomes.emplace(instance.id, commands.error());
      continue;
    }
    for (Command& command : *commands) all.emplace_back(instance.id, std::move(command));
  }
  auto answers = std::make_shared<Answers>();
  answers->left = all.size();
  answers->errors.resize(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    CommandRequest request;
    request.instance = all[i].first;
    request.tenant = view.work.filter.tenant;
    request.idempotency_key = view.id + " " + all[i].first.ToString();
    if (const auto* resolve = std::get_if<ResolveIncident>(&all[i].second))
      request.idempotency_key += "-" + std::to_string(resolve->incident);
    request.request_hash = view.id;
    request.command = std::move(all[i].second);
    engine_.Send(std::move(request), [answers, i](Result<CommandReply> reply) {
      std::lock_guard lock(answers->mutex);
      if (!reply.ok()) answers->errors[i] = reply.error();
      if (--answers->left == 0) answers->all.notify_all();
    });
  }
  std::unique_lock lock(answers->mutex);
  answers->all.wait(lock, [&] { return answers->left == 0; });
  page.visited = static_cast<std::int64_t>(found->items.size());
  page.cursor = std::move(found->next_cursor);
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::optional<Error>& error = answers->errors[i];
    if (error && !IsRefusal(*error) && !IsUnreadable(*error))
      return *std::move(error);  // storage or overload: the page is begun again
    const auto [outcome, first] = outcomes.try_emplace(all[i].first, error);
    if (!first && error) outcome->second = error;
  }
  for (const auto& [instance, error] : outcomes) {
    (error ? page.refused : page.done) += 1;
    if (error) Keep(page.refusals, {instance, *error});
  }
  return true;
}

}  // namespace fermata
