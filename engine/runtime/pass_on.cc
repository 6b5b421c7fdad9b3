#include "engine/runtime/pass_on.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/runtime/remote_order.h"

namespace fermata {
namespace {

constexpr int kJobsLookedAt = 100;  // of an operation, for a worker of another node

template <class Reply, class Read>
Exchange::Answer AnswerWith(Answer<Reply> answer, Read read) {
  return [answer = std::move(answer), read](Result<Value> reply) {
    if (!reply.ok()) return answer(reply.error());
    answer(read(*reply));
  };
}

}  // namespace

void PassOn(Exchange& exchange, StartOrder order) {
  RemoteStart start{std::move(order.request), order.definition->version, std::move(order.key), std::move(order.input)};
  exchange.Send(order.logical_shard, kRemoteStart, ValueOf(start), AnswerWith(std::move(order.answer), StartReplyIn));
}

void PassOn(Exchange& exchange, EventOrder order, int shard_count) {
  exchange.Send(HomeOf(order.message, shard_count), kRemoteEvent, ValueOf(order.message),
                AnswerWith(std::move(order.answer), EventReplyIn));
}

void PassOn(Exchange& exchange, InstanceOrder order) {
  exchange.Send(order.request.instance.shard(), kRemoteCommand, ValueOf(order.request),
                AnswerWith(std::move(order.answer), CommandReplyIn));
}

void PassOn(Exchange& exchange, ReportOrder order) {
  exchange.Send(order.report.key.instance.shard(), kRemoteReport, ValueOf(order.report),
                AnswerWith(std::move(order.answer), JobReplyIn));
}

void PassOn(Exchange& exchange, LeaseTheseOrder order) {
  const int shard = order.keys.front().instance.shard();
  const RemoteLease lease{std::move(order.keys), order.fetch.tenant, order.fetch.worker, order.fetch.lease_ms};
  exchange.Send(shard, kRemoteLease, ValueOf(lease), AnswerWith(std::move(order.answer), LeaseGrantIn));
}

std::vector<JobRow> JobsElsewhere(Storage& storage, const Pauses& pauses, const std::string& tenant,
                                  const std::vector<std::string>& operations, const ShardSet& elsewhere,
                                  std::int64_t now_us) {
  std::vector<JobRow> found;
  for (const std::string& operation : operations) {
    if (pauses.HoldsCallsOf(operation)) continue;
    Result<std::vector<JobRow>> rows = storage.FindAvailableJobs({tenant, operation, now_us, elsewhere, kJobsLookedAt});
    if (rows.ok()) std::move(rows->begin(), rows->end(), std::back_inserter(found));
  }
  return found;
}

std::vector<JobKey> TakeSome(std::vector<JobRow>& found, const JobFetch& fetch, unsigned spread) {
  const auto may_have = [&](const JobRow& row) { return !fetch.may_take || fetch.may_take(row.process); };
  std::vector<int> shards;
  for (const JobRow& row : found)
    if (may_have(row)) shards.push_back(row.instance.shard());
  std::vector<JobKey> keys;
  if (shards.empty()) return keys;
  const int shard = shards[spread % shards.size()];
  std::erase_if(found, [&](const JobRow& row) {
    if (row.instance.shard() != shard || static_cast<int>(keys.size()) >= fetch.max || !may_have(row)) return false;
    keys.push_back(KeyOf(row));
    return true;
  });
  return keys;
}

std::vector<JobKey> FindJobsElsewhere(Storage& storage, const Pauses& pauses, const JobFetch& fetch,
                                      const ShardSet& elsewhere, std::int64_t now_us, unsigned spread) {
  std::vector<JobRow> found = JobsElsewhere(storage, pauses, fetch.tenant, fetch.operations, elsewhere, now_us);
  return TakeSome(found, fetch, spread);
}

}  // namespace fermata
