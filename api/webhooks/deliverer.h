// Sends what waits for webhooks: each delivery at least once, until its receiver has taken it or all tries are spent.
//
// Woken by commits, not by polling. One thread reads what is due and notes what became of it, many results in one commit; the requests run on
// threads of their own, at most kWebhookRequestsMax at once to one webhook, so the order of arrival is not that of the events. A try whose
// result could not be noted, or was under way when the server died, is made again. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "api/webhooks/webhook_book.h"
#include "connectors/http/transport.h"
#include "engine/base/worker_pool.h"
#include "engine/model/limits.h"

namespace fermata {

struct DelivererOptions {
  std::string user_agent;
  // How long to wait after the first failed try, the second and so on, each up to kWebhookJitterPercent longer; after one more it has failed.
  std::vector<std::int64_t> retries_ms;
  EgressRules rules;
  std::int64_t pending_max = kWebhookPendingMax, finished_max = kWebhookFinishedMax;
  // Deliveries of these shards are sent here; who owns the first one keeps all within bounds.
  std::function<ShardSet()> shards = [] { return AllShards(); };
};

class Deliverer {
 public:
  // All must outlive it.
  Deliverer(DelivererOptions options, WebhookBook& book, Webhooks& webhooks, Storage& storage, Clock& clock);
  ~Deliverer() { Stop(); }

  // Sends also what the last run of the server has left.
  void Run();
  // Ends the requests under way; they are made again by the next run.
  void Stop();

 private:
  static constexpr std::int64_t kForEver = std::numeric_limits<std::int64_t>::max();

  // What is known in memory of one webhook's deliveries.
  struct Line {
    std::deque<Delivery> ready;
    std::set<std::string> taken;   // ids: ready, under way, or not noted yet
    std::int64_t next_due_us = 0;  // when to look at storage again
    int under_way = 0;
  };
  struct Attempt {
    Delivery delivery;
    int http_status = 0;
    std::string error;  // empty = taken
    std::int64_t retry_after_ms = 0;
  };

  void Loop();
  void Wake(const std::set<std::string>& webhooks);
  // Reads what is due, and hands out as much as there is room for.
  void Refill(const std::string& id, Line& line);
  void HandOut();
  void DropForeign();
  Attempt Try(const Webhook& webhook, Delivery delivery);
  // Makes what became of the tries durable; what could not be is kept for the next time.
  void Note(std::vector<Attempt> attempts);
  // What it makes of the delivery, and of its webhook; whether that is disabled by it.
  bool NoteOne(Attempt& attempt, WebhookBook::Rows& rows);
  // Whether no other delivery of its webhook has been tried and is to be tried again.
  bool IsTheOnlyOneTried(const Delivery& delivery);
  void NoteFailure(Attempt& attempt, std::size_t failures, Webhook& webhook);
  void Settle(const Attempt& attempt);
  // Keeps what waits and what is over within bounds.
  void Tidy();
  void CountIfDue();
  // Whether there is more to do.
  Result<bool> TidyGroup(DeliveryCount& group);
  // Both give how many it was.
  Result<std::int64_t> Delete(const DeliveryCount& group, std::int64_t count);
  Result<std::int64_t> GiveUp(const DeliveryCount& group, std::int64_t due_before_us, std::int64_t count,
                              const std::string& why);
  // It was deleted, and its deliveries are to go.
  void Forget(const std::string& webhook);
  std::int64_t NextUs() const;

  const DelivererOptions options_;
  WebhookBook& book_;
  Webhooks& webhooks_;
  Storage& storage_;
  Clock& clock_;
  HttpTransport transport_;
  std::atomic<bool> stopping_{false};

  // Of the loop's thread.
  std::map<std::string, Line> lines_;
  int under_way_ = 0;
  std::vector<Attempt> unnoted_;
  std::vector<DeliveryCount> groups_;  // as last counted, less what was tidied up since
  std::int64_t tidy_us_ = 0, count_us_ = 0;
  std::string last_served_;  // the next one comes first

  std::mutex mutex_;
  std::condition_variable wake_;
  std::set<std::string> woken_;
  bool all_woken_ = true;
  std::vector<Attempt> results_;
  std::unique_ptr<WorkerPool> pool_;  // from the first request on
  std::thread thread_;
};

}  // namespace fermata
