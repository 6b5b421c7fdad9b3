// The parts of the way from a command to the disk. Times are for one workflow of five calls, or for one commit.
#include <benchmark/benchmark.h>

#include <future>

#include "engine/codec/codec.h"
#include "engine/core/apply.h"
#include "engine/model/json.h"
#include "engine/storage/memory/memory_storage.h"
#include "engine/storage/sqlite/sqlite_storage.h"
#include "tests/bench/hot_path.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

void Decide(benchmark::State& state) {
  Chain5 chain;
  for (auto _ : state) {
    chain.Start();
    while (!chain.ended()) benchmark::DoNotOptimize(chain.Complete());
  }
}
BENCHMARK(Decide);

void DecideAndEncode(benchmark::State& state) {
  Chain5 chain;
  for (auto _ : state) benchmark::DoNotOptimize(chain.Rows());
}
BENCHMARK(DecideAndEncode);

// The unit of ratio_test.
void Parse(benchmark::State& state) {
  const std::vector<std::string> rows = Chain5().Rows();
  for (auto _ : state)
    for (const std::string& row : rows) benchmark::DoNotOptimize(ParseJson(row));
}
BENCHMARK(Parse);

void Decode(benchmark::State& state) {
  const std::vector<std::string> rows = Chain5().Rows();
  for (auto _ : state)
    for (const std::string& row : rows) benchmark::DoNotOptimize(DecodeEvents(row));
}
BENCHMARK(Decode);

void Apply(benchmark::State& state) {
  std::vector<std::vector<JournalEvent>> decoded;
  for (const std::string& row : Chain5().Rows()) decoded.push_back(DecodeEvents(row).value());
  for (auto _ : state) {
    InstanceState replayed;
    for (const auto& events : decoded) ApplyRow(replayed, events);
    benchmark::DoNotOptimize(replayed);
  }
}
BENCHMARK(Apply);

void EncodeAndDecodeSnapshot(benchmark::State& state) {
  Chain5 chain;
  chain.Start();
  for (auto _ : state) benchmark::DoNotOptimize(DecodeSnapshot(EncodeSnapshot(chain.state())));
}
BENCHMARK(EncodeAndDecodeSnapshot);

// One row a workflow in a commit, as a shard hands them over: `state.range(0)` is the size of the batch.
void CommitBatches(benchmark::State& state, Storage& storage) {
  const std::string row = Chain5().Rows().at(1);
  std::int64_t number = 0;
  for (auto _ : state) {
    Batch batch;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      ++number;
      batch.journal.push_back({InstanceId::Make(0, number, static_cast<std::uint64_t>(number), 0), 1, number, row});
    }
    std::promise<CommitOutcome> done;
    storage.Commit(0, std::move(batch), [&](CommitOutcome outcome) { done.set_value(outcome); });
    if (done.get_future().get() != CommitOutcome::kCommitted) state.SkipWithError("the commit failed");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void CommitToMemory(benchmark::State& state) { CommitBatches(state, *MakeMemoryStorage()); }
BENCHMARK(CommitToMemory)->Arg(1)->Arg(256)->UseRealTime();

void CommitToSqlite(benchmark::State& state) {
  const TempFolder folder;
  CommitBatches(state, **OpenSqlite({folder.File("bench.db"), SqliteSync::kFull, 1}));
}
BENCHMARK(CommitToSqlite)->Arg(1)->Arg(256)->UseRealTime();

}  // namespace
}  // namespace fermata::test
