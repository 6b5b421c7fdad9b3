// `each` over a great many items: what it costs grows with their number, not with its square.
#include <ctime>
#include <deque>

#include "tests/unit/core/fixture.h"

namespace fermata {
namespace {

const char* const kChart = R"(fermata: 1
process: batch
version: 1.0.0
input: { type: object, required: [items, undone], properties: { items: { type: array }, undone: { type: boolean } } }
states:
  all:
    each: ${input.items}
    concurrency: CONCURRENCY
    states:
      take: { call: store.reserve, with: { i: "${item}" }, UNDO, next: taken }
      taken: { end: { i: "${item}" } }
    save: list
    on_error: { any: lost }
    next: [ { if: input.undone, go: lost }, { go: done } ]
  lost: { fail: lost }
  done: { end: { n: "${size(list)}", last: "${list[size(list) - 1].i}" } }
)";

std::string Replaced(std::string text, const std::string& word, const std::string& with) {
  return text.replace(text.find(word), word.size(), with);
}

// What one instance over so many items took.
struct Cost {
  double cpu_s = 0;
  std::size_t journal_bytes = 0, row_bytes_max = 0;  // without the first row: it holds the list
  std::size_t state_bytes = 0;                       // at the end of the items
  InstanceState state;
};

class Batch {
 public:
  Batch(int concurrency, bool undone) : undone_(undone) {
    std::string text = Replaced(kChart, "CONCURRENCY", std::to_string(concurrency));
    definition_ = LoadText("batch.yaml", Replaced(text, "UNDO", undone ? "undo: { call: store.release }" : "title: x"));
  }

  Cost Run(int items) {
    Cost cost;
    cost.state.id = InstanceId::Make(0, 1'577'836'800'000, 7, 1);
    StartInstance start;
    std::vector<Value> list;
    for (int i = 0; i < items; ++i) list.push_back(Value::Int(i));
    start.input = Value::Object({{"items", Value::List(std::move(list))}, {"undone", Value::Bool(undone_)}});
    const std::clock_t begun = std::clock();
    std::deque<JobView> calls;
    Take(cost, start, calls);
    const Value reply = Value::Object({{"id", Value::String("r")}});
    while (!calls.empty()) {
      const JobView call = calls.front();
      calls.pop_front();
      const std::size_t bytes = Take(cost, CompleteJob{call.job, call.attempt, JobSuccess{reply}}, calls);
      if (cost.state.activations.empty() || ++done_ % (items / 2) == 0) cost.state_bytes = ApproximateBytes(cost.state);
      cost.row_bytes_max = std::max(cost.row_bytes_max, bytes);
    }
    cost.cpu_s = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
    return cost;
  }

 private:
  std::size_t Take(Cost& cost, const Command& command, std::deque<JobView>& calls) {
    DecisionContext context;
    context.now_us = 1'577'836'800'000'000;
    Result<Decision> decision = Decide(*definition_, cost.state, command, context);
    EXPECT_TRUE(decision.ok());
    for (const Effect& effect : decision->effects)
      if (const auto* job = std::get_if<DispatchJob>(&effect)) calls.push_back({job->job, job->attempt, "", "", {}, 0});
    const std::size_t bytes = EncodeEvents(decision->events).size();
    cost.journal_bytes += bytes;
    return bytes;
  }

  bool undone_;
  DefinitionPtr definition_;
  std::int64_t done_ = 0;
};

class EachTest : public testing::TestWithParam<int> {};

TEST_P(EachTest, AHundredThousandItemsCostTenTimesAsMuchAsTenThousand) {
  Batch batch(GetParam(), false);
  const Cost small = batch.Run(10'000), large = batch.Run(100'000);
  ASSERT_EQ(large.state.status, InstanceStatus::kCompleted);
  EXPECT_EQ(WriteJson(large.state.output), R"({"n":100000,"last":99999})");
  EXPECT_LT(large.cpu_s, small.cpu_s * 10 * 4);
  EXPECT_LT(large.journal_bytes, small.journal_bytes * 11);
  // A row of the history is that of one item, however many there are, also where they become a list.
  EXPECT_LT(large.row_bytes_max, 1'000u);
  EXPECT_LT(large.row_bytes_max, small.row_bytes_max + 100);
  EXPECT_LT(large.state_bytes, small.state_bytes * 11);
}

TEST_P(EachTest, UndoingManyItemsTakesTheirNumberNotItsSquare) {
  Batch batch(GetParam(), true);
  const Cost small = batch.Run(3'000), large = batch.Run(30'000);
  ASSERT_EQ(large.state.status, InstanceStatus::kFailed);
  EXPECT_TRUE(large.state.undo_records.empty());
  EXPECT_LT(large.cpu_s, small.cpu_s * 10 * 4);
}

INSTANTIATE_TEST_SUITE_P(Concurrency, EachTest, testing::Values(1, 50));

}  // namespace
}  // namespace fermata
