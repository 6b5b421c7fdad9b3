#include "api/server/bench_load.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "api/cli/codes.h"
#include "api/cli/rest_client.h"

namespace fermata {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kPatienceMs = 60'000;
constexpr int kSampleEvery = 64;      // workflows under load whose latency is taken: each costs a read
constexpr int kBenchClientsMax = 64;  // threads of the REST load
constexpr auto kLookEvery = std::chrono::microseconds(100);

double MillisSince(Clock::time_point began) {
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

Error Stalled() { return {kBenchFailed, "Expected every workflow to complete within a minute, but one has not."}; }

class InProcessLoad final : public Load {
 public:
  explicit InProcessLoad(Engine& engine) : engine_(engine) {}

  Result<LoadResult> Alone(int count) override {
    LoadResult result;
    const Clock::time_point began = Clock::now();
    for (int i = 0; i < count; ++i) {
      const Clock::time_point start = Clock::now();
      std::promise<Result<StartReply>> answered;
      engine_.Start(Request(), [&](Result<StartReply> reply) { answered.set_value(std::move(reply)); });
      Result<StartReply> reply = answered.get_future().get();
      if (!reply.ok()) return reply.error();
      std::promise<bool> ended;
      engine_.WhenReached(reply->id, "", kPatienceMs, [&](bool reached) { ended.set_value(reached); });
      if (!ended.get_future().get()) return Stalled();
      result.latencies_ms.push_back(MillisSince(start));
    }
    result.completed = count;
    result.seconds = MillisSince(began) / 1'000;
    return result;
  }

  Result<LoadResult> Loaded(int concurrency, int seconds) override {
    LoadResult result;
    const std::uint64_t before = engine_.Stats().completed;
    const Clock::time_point began = Clock::now();
    const Clock::time_point end = began + std::chrono::seconds(seconds);
    std::thread sampler([this] { Sample(); });
    std::uint64_t submitted = 0;
    while (Clock::now() < end && !failed_) {
      const std::uint64_t live = submitted - (engine_.Stats().completed - before);
      if (live >= static_cast<std::uint64_t>(concurrency)) {
        std::this_thread::sleep_for(kLookEvery);
        continue;
      }
      for (std::uint64_t i = live; i < static_cast<std::uint64_t>(concurrency); ++i) StartOne(submitted++);
    }
    const Clock::time_point patience = Clock::now() + std::chrono::milliseconds(kPatienceMs);
    while (engine_.Stats().completed - before < submitted && Clock::now() < patience && !failed_)
      std::this_thread::sleep_for(kLookEvery);
    result.completed = static_cast<std::int64_t>(engine_.Stats().completed - before);
    result.seconds = MillisSince(began) / 1'000;
    FinishSampling(sampler);
    if (failed_) return failure_;
    if (static_cast<std::uint64_t>(result.completed) < submitted) return Stalled();
    result.latencies_ms = std::move(latencies_ms_);
    return result;
  }

 private:
  struct Started {
    InstanceId id;
    Clock::time_point at;
  };

  static StartRequest Request() {
    StartRequest request;
    request.process = kBenchProcess;
    request.input = Value::Map({});
    return request;
  }

  void StartOne(std::uint64_t number) {
    engine_.Start(Request(), [this, sampled = number % kSampleEvery == 0, at = Clock::now()](Result<StartReply> reply) {
      if (reply.ok() && !sampled) return;
      std::lock_guard lock(mutex_);
      if (!reply.ok()) {
        if (!failed_.exchange(true)) failure_ = reply.error();
      } else {
        samples_.push_back({reply->id, at});
        ++waiting_;
      }
      wake_.notify_all();
    });
  }

  // Waiting for an instance reads it, which an engine thread must not do.
  void Sample() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return finished_ || !samples_.empty(); });
      if (samples_.empty()) return;
      const Started started = samples_.front();
      samples_.pop_front();
      lock.unlock();
      engine_.WhenReached(started.id, "", kPatienceMs, [this, at = started.at](bool reached) {
        const double took = MillisSince(at);
        std::lock_guard guard(mutex_);
        if (reached) latencies_ms_.push_back(took);
        --waiting_;
        wake_.notify_all();
      });
      lock.lock();
    }
  }

  void FinishSampling(std::thread& sampler) {
    {
      std::unique_lock lock(mutex_);
      finished_ = true;
      wake_.notify_all();
    }
    sampler.join();
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return waiting_ == 0; });
  }

  Engine& engine_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Started> samples_;
  std::vector<double> latencies_ms_;
  std::int64_t waiting_ = 0;
  bool finished_ = false;
  std::atomic<bool> failed_{false};
  Error failure_;
};

class RestLoad final : public Load {
 public:
  explicit RestLoad(int port) : server_("http://127.0.0.1:" + std::to_string(port)) {}

  Result<LoadResult> Alone(int count) override {
    const Clock::time_point never = Clock::now() + std::chrono::hours(1);
    const Clock::time_point began = Clock::now();
    LoadResult result;
    if (Status ran = RunClient(count, never, result); !ran.ok()) return ran.error();
    result.seconds = MillisSince(began) / 1'000;
    return result;
  }

  Result<LoadResult> Loaded(int concurrency, int seconds) override {
    const int clients = std::min(concurrency, kBenchClientsMax);
    const Clock::time_point began = Clock::now();
    const Clock::time_point end = began + std::chrono::seconds(seconds);
    std::vector<LoadResult> results(static_cast<std::size_t>(clients));
    std::vector<Status> outcomes(static_cast<std::size_t>(clients), Done{});
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < results.size(); ++i)
      threads.emplace_back([&, i] { outcomes[i] = RunClient(-1, end, results[i]); });
    for (std::thread& thread : threads) thread.join();
    LoadResult all;
    all.seconds = MillisSince(began) / 1'000;
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!outcomes[i].ok()) return outcomes[i].error();
      all.completed += results[i].completed;
      all.latencies_ms.insert(all.latencies_ms.end(), results[i].latencies_ms.begin(), results[i].latencies_ms.end());
    }
    return all;
  }

 private:
  // One workflow after the other over one connection, until `count` (if not negative) or `end`.
  Status RunClient(int count, Clock::time_point end, LoadResult& result) {
    RestClient client(server_);
    const std::string body = std::string(R"({"process":")") + kBenchProcess + R"(","input":{}})";
    const RestCall call{"POST", "/v1/instances?wait=60s", body, "application/json", {}, kPatienceMs + 10'000};
    while (count != 0 && Clock::now() < end) {
      const Clock::time_point start = Clock::now();
      Result<RestAnswer> answer = client.Call(call);
      if (!answer.ok()) return answer.error();
      const Value* status = answer->json.Find("status");
      if (!status || !status->is_string() || status->as_string() != "completed")
        return Error{kBenchFailed,
                     "Expected a completed workflow, but the server answered " + std::to_string(answer->status) + "."};
      result.latencies_ms.push_back(MillisSince(start));
      ++result.completed;
      if (count > 0) --count;
    }
    return Done{};
  }

  const std::string server_;
};

}  // namespace

std::unique_ptr<Load> MakeInProcessLoad(Engine& engine) { return std::make_unique<InProcessLoad>(engine); }
std::unique_ptr<Load> MakeRestLoad(int port) { return std::make_unique<RestLoad>(port); }

double Percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  return values[std::min(at, values.size() - 1)];
}

}  // namespace fermata
