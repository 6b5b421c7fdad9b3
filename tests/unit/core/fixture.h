// Definitions of tests/scenarios, and one instance of them with its journal.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "engine/codec/codec.h"
#include "engine/core/apply.h"
#include "engine/core/decide.h"
#include "engine/language/load.h"
#include "engine/model/json.h"

namespace fermata {

inline std::string ReadTestFile(const std::string& name) {
  std::ifstream stream(std::filesystem::path(FERMATA_SOURCE_DIR) / "tests/scenarios" / name);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

inline DefinitionPtr LoadText(const std::string& name, const std::string& text) {
  Bundle bundle;
  bundle.file = name;
  bundle.text = text;
  for (const char* connector : {"bank", "store"}) {
    const std::string file = std::string("connectors/") + connector + ".yaml";
    bundle.manifests.push_back(LoadManifest(file, ReadTestFile(file)).manifest);
  }
  LoadOutcome loaded = LoadDefinition(bundle);
  EXPECT_NE(loaded.definition, nullptr) << FormatDiagnostics(loaded.diagnostics);
  return loaded.definition;
}

// Every decision is replayed from its encoded row and compared with the live state.
class Instance {
 public:
  explicit Instance(DefinitionPtr definition) : definition_(std::move(definition)) {
    state_.id = replayed_.id = InstanceId::Make(0, 1'577'836'800'000, 7, 1);
  }

  // `target`: the version that a migration goes to.
  Result<Decision> Do(const Command& command, const DefinitionPtr& target = nullptr) {
    DecisionContext context;
    context.now_us = now_us;
    context.migrate_to = target.get();
    Result<Decision> decision = Decide(*definition_, state_, command, context);
    if (!decision.ok()) return decision;
    if (target) definition_ = target;
    if (!decision->events.empty()) {
      rows_.push_back(EncodeEvents(decision->events));
      Result<std::vector<JournalEvent>> events = DecodeEvents(rows_.back());
      EXPECT_TRUE(events.ok());
      ApplyRow(replayed_, *events);
    }
    EXPECT_TRUE(replayed_ == state_) << EncodeSnapshot(replayed_) << "\n" << EncodeSnapshot(state_);
    Result<InstanceState> snapshot = DecodeSnapshot(EncodeSnapshot(state_));
    EXPECT_TRUE(snapshot.ok() && *snapshot == state_);
    return decision;
  }
  Result<Decision> Start(const std::string& input_json) {
    StartInstance start;
    start.input = ParseJson(input_json).value();
    return Do(start);
  }
  // Completes the oldest call in flight.
  Result<Decision> Succeed(const std::string& output_json) {
    const std::vector<JobView> jobs = JobsInFlight(state_);
    EXPECT_FALSE(jobs.empty());
    return Do(CompleteJob{jobs.at(0).job, jobs.at(0).attempt, JobSuccess{ParseJson(output_json).value()}});
  }

  const InstanceState& state() const { return state_; }
  const Definition& definition() const { return *definition_; }
  const std::vector<std::string>& rows() const { return rows_; }
  std::int64_t now_us = 1'577'836'800'000'000;

 private:
  DefinitionPtr definition_;
  InstanceState state_, replayed_;
  std::vector<std::string> rows_;
};

}  // namespace fermata
