#include "api/cli/scenario_commands.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <thread>

namespace fermata {
namespace {

// Between two looks at the files: a change is seen at once, and looking costs nothing to speak of.
constexpr std::chrono::milliseconds kWatchPause{200};

}  // namespace

void DescribeTest(CLI::App& command, TestOptions& options) {
  command.add_option("--filter", options.filter, "only cases with this text in their names");
  command.add_option("--junit", options.junit, "writes a report for CI there");
  command
      .add_option("--coverage-min", options.coverage_min,
                  "percent of its states, transitions, errors and undos that the cases of each process must visit")
      ->check(CLI::Range(0.0, 100.0));
  command.add_flag("--watch", options.watch, "again after each change of a file");
  command.add_flag("--json", options.json, "for programs");
}

void DescribeNew(CLI::App& command, NewOptions& options) {
  command.add_option("name", options.name, "of the new process");
  command.add_option("folder", options.folder, "where it is to be")->option_text("DIR [.]");
  command.add_option("--from", options.from, "one of those that --list names");
  command.add_flag("--list", options.list, "the starting points that there are");
}

int RunTestOrWatch(const TestOptions& options) {
  if (!options.watch) return RunTest(options, std::cout);
  return WatchTests(options, std::cout, [] {
    std::this_thread::sleep_for(kWatchPause);
    return true;
  });
}

}  // namespace fermata
