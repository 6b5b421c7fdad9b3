#include "tests/bench/hot_path.h"

#include "engine/codec/codec.h"
#include "engine/core/apply.h"
#include "engine/language/load.h"

namespace fermata::test {
namespace {

constexpr const char* kManifest = R"(connector: bench
version: 1.0.0
operations: { echo: { input: { type: object }, output: { type: object } } }
)";

constexpr const char* kProcess = R"(fermata: 1
process: chain5
version: 1.0.0
states:
  one:   { call: bench.echo, with: { step: 1 }, save: a, next: two }
  two:   { call: bench.echo, with: { step: 2 }, save: b, next: three }
  three: { call: bench.echo, with: { step: 3 }, save: c, next: four }
  four:  { call: bench.echo, with: { step: 4 }, save: d, next: five }
  five:  { call: bench.echo, with: { step: 5 }, save: e, next: done }
  done:  { end: { step: "${e.step}" } }
)";

constexpr std::int64_t kNowUs = 1'577'836'800'000'000;

InstanceId Id() { return InstanceId::Make(0, kNowUs / 1000, 7, 1); }

}  // namespace

Chain5::Chain5() {
  Bundle bundle;
  bundle.file = "chain5.yaml";
  bundle.text = kProcess;
  bundle.manifests.push_back(LoadManifest("bench.yaml", kManifest).manifest);
  definition_ = LoadDefinition(bundle).definition;
  FERMATA_ASSERT(definition_ != nullptr);
}

void Chain5::Start() {
  state_ = InstanceState();
  state_.id = Id();
  StartInstance start;
  start.input = Value::Map({});
  Do(start);
}

Decision Chain5::Complete() {
  const std::vector<JobView> jobs = JobsInFlight(state_);
  FERMATA_ASSERT(jobs.size() == 1);
  return Do(CompleteJob{jobs[0].job, jobs[0].attempt, JobSuccess{jobs[0].input}});
}

std::vector<std::string> Chain5::Rows() {
  state_ = InstanceState();
  state_.id = Id();
  StartInstance start;
  start.input = Value::Map({});
  std::vector<std::string> rows = {EncodeEvents(Do(start).events)};
  while (!ended()) rows.push_back(EncodeEvents(Complete().events));
  return rows;
}

Decision Chain5::Do(const Command& command) {
  DecisionContext context;
  context.now_us = kNowUs;
  Result<Decision> decision = Decide(*definition_, state_, command, context);
  FERMATA_ASSERT(decision.ok());
  return std::move(*decision);
}

InstanceState Replay(const std::vector<std::string>& rows) {
  InstanceState state;
  state.id = Id();
  for (const std::string& row : rows) {
    Result<std::vector<JournalEvent>> events = DecodeEvents(row);
    FERMATA_ASSERT(events.ok());
    ApplyRow(state, *events);
  }
  return state;
}

}  // namespace fermata::test
