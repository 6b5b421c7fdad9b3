// The command line as scripts see it: what it prints, and its exit codes (docs/cli.md).
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "engine/model/json.h"
#include "tests/integration/support/fermata_server.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

constexpr const char* kHello = FERMATA_SOURCE_DIR "/examples/hello/hello.yaml";

class CommandLine : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new FermataServer({"--storage", "memory"}); }
  static void TearDownTestSuite() { delete server_; }

  static CommandResult Run(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), FERMATA_BINARY);
    return RunCommand(arguments, input);
  }
  // A command to the server of this suite.
  static CommandResult Ask(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.end(), {"--server", server_->url()});
    return Run(std::move(arguments), input);
  }

  static FermataServer* server_;
};
FermataServer* CommandLine::server_ = nullptr;

TEST_F(CommandLine, AClientsWholeWay) {
  const CommandResult deployed = Ask({"deploy", kHello});
  EXPECT_EQ(deployed.exit_code, 0) << deployed.err;
  EXPECT_EQ(deployed.out, "hello 1.0.0 deployed\n");
  EXPECT_EQ(Ask({"deploy", kHello}).out, "hello 1.0.0 is there already, and live\n");
  const CommandResult started = Ask({"start", "hello", "--input", R"({"name":"Ann"})", "--wait", "5s", "--json"});
  ASSERT_EQ(started.exit_code, 0) << started.err;
  const Value instance = *ParseJson(started.out);
  EXPECT_EQ(At(instance, "output.greeting"), "Hello, Ann!");
  const CommandResult got = Ask({"get", At(instance, "id")});
  EXPECT_NE(got.out.find("status     completed\n"), std::string::npos) << got.out;
  EXPECT_EQ(got.out.find("\x1b"), std::string::npos) << "Colours are for terminals.";
  EXPECT_NE(Ask({"list", "--process", "hello"}).out.find(At(instance, "id")), std::string::npos);
  const std::string history = Ask({"history", At(instance, "id")}).out;
  EXPECT_NE(history.find("Z  ends: completed "), std::string::npos) << history;
  EXPECT_EQ(Ask({"incidents"}).exit_code, 0);
}

TEST_F(CommandLine, InputComesFromStdinAndFiles) {
  Ask({"deploy", kHello});
  EXPECT_EQ(Ask({"start", "hello", "--input", "-"}, R"({"name":"Bo"})").exit_code, 0);
  const TempFolder folder;
  WriteFile(folder.File("in.json"), R"({"name":"Cy"})");
  EXPECT_EQ(Ask({"start", "hello", "--input", "@" + folder.File("in.json")}).exit_code, 0);
  EXPECT_EQ(Ask({"start", "hello", "--input", "@" + folder.File("missing.json")}).exit_code, 2);
}

TEST_F(CommandLine, EventsAndSteering) {
  const TempFolder folder;
  WriteFile(
      folder.File("wait.yaml"),
      "fermata: 1\nprocess: wait\nversion: 1.0.0\nkey: ${input.ref}\nevents: { go: { key: \"${event.data.ref}\" } }\n"
      "states:\n  here: { on: { go: done }, after: { 1d: done } }\n  done: { end: {} }\n");
  ASSERT_EQ(Ask({"deploy", folder.File("wait.yaml")}).exit_code, 0);
  const std::string one = At(*ParseJson(Ask({"start", "wait", "--input", R"({"ref":"r1"})", "--json"}).out), "id");
  EXPECT_EQ(Ask({"suspend", one}).exit_code, 0);
  EXPECT_EQ(Ask({"resume", one}).exit_code, 0);
  EXPECT_EQ(Ask({"send", "go", "--data", R"({"ref":"r1"})"}).out, "accepted: delivered to 1\n");
  EXPECT_NE(Ask({"get", one, "--wait", "5s"}).out.find("completed"), std::string::npos);
  const std::string two = At(*ParseJson(Ask({"start", "wait", "--input", R"({"ref":"r2"})", "--json"}).out), "id");
  EXPECT_NE(Ask({"cancel", two, "--reason", "enough", "--wait", "5s"}).out.find("cancelled"), std::string::npos);
}

TEST_F(CommandLine, RepeatedCommandsActOnceAndListsKnowVariables) {
  const TempFolder folder;
  WriteFile(folder.File("kept.yaml"),
            "fermata: 1\nprocess: kept\nversion: 1.0.0\nsearchable: [city]\nvars: { city: \"${input.city}\" }\n"
            "states:\n  here: { after: { 1d: done } }\n  done: { end: {} }\n");
  ASSERT_EQ(Ask({"deploy", folder.File("kept.yaml")}).exit_code, 0);
  const std::string id = At(*ParseJson(Ask({"start", "kept", "--input", R"({"city":"Rome"})", "--json"}).out), "id");
  EXPECT_NE(Ask({"list", "--process", "kept", "--var", "city=Rome"}).out.find(id), std::string::npos);
  EXPECT_EQ(Ask({"list", "--process", "kept", "--var", "city=Oslo"}).out.find(id), std::string::npos);
  EXPECT_EQ(Ask({"list", "--var", "town=Rome"}).exit_code, 4);
  EXPECT_EQ(Ask({"list", "--var", "city"}).exit_code, 2);
  // The second resume would be refused, were it not the first one again.
  EXPECT_EQ(Ask({"suspend", id}).exit_code, 0);
  EXPECT_EQ(Ask({"resume", id, "--idempotency-key", id}).exit_code, 0);
  EXPECT_EQ(Ask({"resume", id, "--idempotency-key", id}).exit_code, 0);
  EXPECT_EQ(Ask({"suspend", id, "--idempotency-key", id}).exit_code, 4);
}

constexpr const char* kParcelProcess = R"(fermata: 1
process: post-parcel
version: 1.0.0
key: ${input.ref}
input: { type: object, required: [ref], properties: { ref: { type: string } } }
vars: { weight: 1 }
events: { weighed: { key: "${event.data.ref}" } }
states:
  wait: { on: { weighed: [ { if: "event.data.weight == weight", go: check } ] }, after: { 1d: done } }
  check: { ask: Is it sealed?, assign: { role: packer }, next: pack }
  pack: { call: parcels.pack, next: done }
  done: { end: {} }
)";

// Deploys it and starts one.
std::string StartParcel(const FermataServer& server, const std::string& ref) {
  const TempFolder folder;
  WriteFile(folder.File("post-parcel.yaml"), kParcelProcess);
  WriteFile(folder.File("parcels.yaml"),
            "connector: parcels\nversion: 1.0.0\nkind: worker\noperations:\n  pack: { timeout: 1h }\n");
  const auto ask = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), FERMATA_BINARY);
    arguments.insert(arguments.end(), {"--server", server.url()});
    return RunCommand(arguments);
  };
  EXPECT_EQ(ask({"deploy", folder.File("parcels.yaml"), folder.File("post-parcel.yaml")}).exit_code, 0);
  const CommandResult started = ask({"start", "post-parcel", "--input", R"({"ref":")" + ref + "\"}", "--json"});
  EXPECT_EQ(started.exit_code, 0) << started.err;
  return At(*ParseJson(started.out), "id");
}

TEST_F(CommandLine, AnOperatorSeesWhatAnInstanceWaitsForAndRepairsIt) {
  const std::string id = StartParcel(*server_, "p-1");
  const CommandResult told = Ask({"explain", id});
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_NE(told.out.find("post-parcel 1.0.0 " + id + " is waiting in wait, key p-1\n"), std::string::npos) << told.out;
  EXPECT_NE(told.out.find("  event weighed with the key p-1\n    -> check if event.data.weight == weight\n"),
            std::string::npos)
      << told.out;
  EXPECT_NE(told.out.find("\n    -> done\n"), std::string::npos) << told.out;
  const std::string refused = Ask({"explain", id, "--event", "weighed", "--data", R"({"ref":"p-1","weight":2})"}).out;
  EXPECT_NE(refused.find("the event weighed would not be taken now, but kept\n  "), std::string::npos) << refused;
  EXPECT_EQ(Ask({"explain", id, "--data", "{}"}).exit_code, 2);
  EXPECT_EQ(At(*ParseJson(Ask({"explain", id, "--json"}).out), "waits.0.for.0.event"), "weighed");

  EXPECT_NE(Ask({"set", id, "weight=2", "--reason", "weighed again"}).out.find(R"("weight":2)"), std::string::npos);
  const std::string taken = Ask({"explain", id, "--event", "weighed", "--data", R"({"ref":"p-1","weight":2})"}).out;
  EXPECT_NE(taken.find("the event weighed would be taken by wait\n"), std::string::npos) << taken;
  EXPECT_EQ(Ask({"set", id, "weight"}).exit_code, 2);
  EXPECT_EQ(Ask({"set", id, "weight=heavy"}).exit_code, 2);
  EXPECT_EQ(Ask({"set", id, "weight=1", "weight=2"}).exit_code, 2);
  EXPECT_EQ(Ask({"set", id, "colour=1"}).exit_code, 4);

  const std::string preview = Ask({"move", id, "--to", "check", "--dry-run"}).out;
  EXPECT_NE(preview.find("leaves     wait\n"), std::string::npos) << preview;
  EXPECT_NE(preview.find("enters     check\n"), std::string::npos) << preview;
  EXPECT_NE(preview.find("given up:\nwait"), std::string::npos) << preview;
  EXPECT_NE(preview.find("'Is it sealed?' of the role packer"), std::string::npos) << preview;
  EXPECT_NE(Ask({"get", id}).out.find("[\"wait\"]"), std::string::npos) << "A preview moves nothing.";
  EXPECT_NE(Ask({"move", id, "--to", "pack", "--from", "wait", "--reason", "it is sealed"}).out.find("[\"pack\"]"),
            std::string::npos);
  EXPECT_EQ(Ask({"move", id, "--to", "nowhere"}).exit_code, 4);
  EXPECT_EQ(Ask({"move", id}).exit_code, 2);
  const std::string jobs = Ask({"jobs", "--instance", id}).out;
  EXPECT_NE(jobs.find("parcels.pack  post-parcel  pack"), std::string::npos) << jobs;
  EXPECT_EQ(Ask({"jobs", "--state", "lost"}).exit_code, 4);
  EXPECT_NE(Ask({"history", id}).out.find("it is sealed"), std::string::npos);
}

TEST_F(CommandLine, WorkInBulkIsTriedBegunAndFollowed) {
  const std::string one = StartParcel(*server_, "b-1"), two = StartParcel(*server_, "b-2");
  const std::vector<std::string> cancel = {"bulk", "start", "cancel", "--process", "post-parcel", "--state", "wait"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), cancel.begin(), cancel.end());
    return Ask(more);
  };
  const CommandResult tried = with({"--dry-run"});
  EXPECT_EQ(tried.out, "2 of 2 instances would take it, 0 would not\nNothing has happened yet.\n") << tried.err;
  const CommandResult done = with({"--follow", "--per-second", "100", "--reason", "no stamps"});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_NE(done.out.find(" cancel done: 2 of 2, 2 done, 0 refused\n"), std::string::npos) << done.out;
  EXPECT_NE(Ask({"get", one}).out.find("cancelled"), std::string::npos);
  const std::string id = done.out.substr(0, done.out.find(' '));
  EXPECT_NE(Ask({"bulk", "list"}).out.find(id), std::string::npos);
  EXPECT_EQ(Ask({"bulk", "show", id, "--follow"}).out.find(id), 0u);
  EXPECT_EQ(At(*ParseJson(Ask({"bulk", "show", id, "--json"}).out), "done"), "2");
  EXPECT_EQ(Ask({"bulk", "stop", id}).exit_code, 4) << "It is over.";
  EXPECT_EQ(Ask({"bulk", "show", "none"}).exit_code, 4);
  EXPECT_EQ(Ask({"bulk", "start", "burn", "--process", "post-parcel"}).exit_code, 2);
  EXPECT_EQ(Ask({"bulk", "start", "cancel"}).exit_code, 2);
  EXPECT_EQ(Ask({"bulk"}).exit_code, 2);
}

TEST_F(CommandLine, WebhooksAreAddedLookedAtAndRemoved) {
  const CommandResult added = Ask({"webhooks", "add", "http://127.0.0.1:1/hooks", "--event", "instance.completed",
                                   "--event", "incident.opened", "--description", "the warehouse"});
  ASSERT_EQ(added.exit_code, 0) << added.err;
  const std::string id = added.out.substr(0, added.out.find('\n'));
  EXPECT_NE(added.out.find("shown this once: whsec_"), std::string::npos) << added.out;
  const std::string list = Ask({"webhooks", "list"}).out;
  EXPECT_NE(list.find(id), std::string::npos) << list;
  EXPECT_EQ(list.find("whsec_"), std::string::npos) << list;
  EXPECT_EQ(Ask({"webhooks", "deliveries", id, "--status", "failed"}).exit_code, 0);
  EXPECT_EQ(Ask({"webhooks", "retry", id}).out, "0 deliveries are sent again\n");
  EXPECT_EQ(Ask({"webhooks", "retry", id, "none"}).exit_code, 4);
  EXPECT_EQ(Ask({"webhooks", "remove", id}).out, id + " is told nothing more\n");
  EXPECT_EQ(Ask({"webhooks", "remove", id}).exit_code, 4);
  EXPECT_EQ(Ask({"webhooks", "deliveries", id, "--status", "lost"}).exit_code, 2);
  EXPECT_EQ(Ask({"webhooks", "add", "http://example.com/"}).exit_code, 2);
  EXPECT_EQ(Ask({"webhooks", "add", "ftp://example.com/", "--event", "task.opened"}).exit_code, 4);
  EXPECT_EQ(Ask({"webhooks"}).exit_code, 2);
}

TEST_F(CommandLine, WhatIsPausedGoesOnByResume) {
  Ask({"deploy", kHello});
  EXPECT_EQ(Ask({"pause", "process", "hello", "--reason", "a flood"}).out, "process hello is paused\n");
  EXPECT_EQ(Ask({"start", "hello", "--input", R"({"name":"Di"})"}).exit_code, 4);
  EXPECT_NE(Ask({"pauses"}).out.find("a flood"), std::string::npos);
  EXPECT_EQ(Ask({"resume", "process", "hello"}).out.find("process hello goes on, was paused since "), 0u);
  EXPECT_EQ(Ask({"start", "hello", "--input", R"({"name":"Di"})"}).exit_code, 0);
  EXPECT_EQ(Ask({"resume", "process", "hello"}).exit_code, 4) << "It is not paused.";
  EXPECT_EQ(Ask({"pause", "planet", "hello"}).exit_code, 2);
}

TEST_F(CommandLine, EveryCommandExplainsItself) {
  for (const char* name :
       {"explain", "set", "move", "bulk", "pause", "pauses", "resume", "jobs", "tasks", "complete"}) {
    const CommandResult help = Run({name, "--help"});
    EXPECT_EQ(help.exit_code, 0) << name;
    EXPECT_NE(help.out.find("Usage: "), std::string::npos) << help.out;
  }
}

TEST_F(CommandLine, ARefusalIsExplainedAndExits4) {
  Ask({"deploy", kHello});
  const CommandResult refused = Ask({"start", "hello", "--input", "{}"});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_EQ(refused.err, "error FM-4008: Expected the property 'name', but it is missing.\n  /input\n");
  const CommandResult as_json = Ask({"get", "nonsense", "--json"});
  EXPECT_EQ(as_json.exit_code, 4);
  EXPECT_EQ(At(*ParseJson(as_json.out), "code"), "FM-4003");
}

TEST_F(CommandLine, ADefinitionWithErrorsIsShownWithExcerpts) {
  const TempFolder folder;
  WriteFile(folder.File("bad.yaml"), "fermata: 1\nprocess: bad\nversion: 1.0.0\nstates:\n  a: { next: b }\n");
  const CommandResult deployed = Ask({"deploy", folder.File("bad.yaml")});
  EXPECT_EQ(deployed.exit_code, 4);
  EXPECT_NE(deployed.err.find("bad.yaml:5:14: error FM-2104"), std::string::npos) << deployed.err;
  EXPECT_NE(deployed.err.find("^"), std::string::npos);
  EXPECT_EQ(Run({"check", folder.File("bad.yaml")}).exit_code, 1);
}

TEST_F(CommandLine, DeployingAFolderWithoutProcessesIsAMistake) {
  const TempFolder folder;
  const CommandResult deployed = Ask({"deploy", folder.path().string()});
  EXPECT_EQ(deployed.exit_code, 2);
  EXPECT_NE(deployed.err.find("FM-8002"), std::string::npos) << deployed.err;
}

TEST_F(CommandLine, AServerThatIsNotThereExits3) {
  const CommandResult result = Run({"list", "--server", "http://127.0.0.1:1"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(result.err.find("FM-8001"), std::string::npos) << result.err;
}

TEST_F(CommandLine, AWrongCommandLineExits2) {
  EXPECT_EQ(Run({}).exit_code, 2);
  EXPECT_EQ(Run({"serev"}).exit_code, 2);
  EXPECT_EQ(Run({"get"}).exit_code, 2);
  EXPECT_EQ(Run({"resolve", "x-1", "hope"}).exit_code, 2);
  EXPECT_EQ(Run({"--help"}).exit_code, 0);
}

TEST_F(CommandLine, CheckEvalAndVersionNeedNoServer) {
  EXPECT_EQ(Run({"check", kHello}).exit_code, 0);
  EXPECT_EQ(Run({"check", "no-such-file.yaml"}).exit_code, 2);
  const CommandResult eval = Run({"eval"}, R"({"expr":"a + 1","vars":{"a":41}})"
                                           "\n");
  EXPECT_EQ(eval.exit_code, 0);
  EXPECT_EQ(At(*ParseJson(eval.out), "value"), "42");
  EXPECT_TRUE(Run({"version"}).out.starts_with("fermata 0."));
}

TEST_F(CommandLine, TestRunsScenarios) {
  const CommandResult passed = Run({"test", FERMATA_SOURCE_DIR "/examples/hello"});
  EXPECT_EQ(passed.exit_code, 0) << passed.out << passed.err;
}

TEST_F(CommandLine, ServeRefusesAnAddressThatOthersReach) {
  const CommandResult result = Run({"serve", "--host", "0.0.0.0", "--storage", "memory", "--port", "0"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("FM-8003"), std::string::npos) << result.err;
}

TEST_F(CommandLine, ServeListensOnTheLoopbackOfIpv6) {
  const int probe = ::socket(AF_INET6, SOCK_STREAM, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool there = probe >= 0 && ::bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  if (probe >= 0) ::close(probe);
  if (!there) GTEST_SKIP() << "This machine has no IPv6.";
  FermataServer server({"--storage", "memory", "--host", "::1"});
  const std::string url = server.url();
  const CommandResult listed = Run({"list", "--server", "http://[::1]" + url.substr(url.rfind(':'))});
  EXPECT_EQ(listed.exit_code, 0) << listed.err;
}

TEST_F(CommandLine, ASecondServerOnOneFileIsRefused) {
  FermataServer first;
  const CommandResult second = Run({"serve", "--port", "0", "--data", first.folder().File("engine")});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_NE(second.err.find("error FM-50"), std::string::npos) << second.err;
}

TEST_F(CommandLine, SigtermStopsTheServerInOrder) {
  FermataServer server;
  EXPECT_EQ(server.Stop(), 0);
  EXPECT_NE(server.Log().find("The server has stopped."), std::string::npos) << server.Log();
}

TEST_F(CommandLine, SigtermAnswersThoseWhoWait) {
  FermataServer server({"--storage", "memory"});
  ASSERT_EQ(server
                .Deploy("fermata: 1\nprocess: rest\nversion: 1.0.0\nstates:\n  lie: { after: { 1d: done } }\n"
                        "  done: { end: {} }\n")
                .status,
            201);
  RawClient waiting(server.port());
  ASSERT_TRUE(
      waiting.Send("POST /v1/instances?wait=50s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                   "Content-Length: 18\r\n\r\n{\"process\":\"rest\"}"));
  while (At(server.http().Get("/v1/instances?status=waiting"), "items.0.id").empty()) continue;
  EXPECT_EQ(server.Stop(), 0);
  const ClientResponse answer = ReadResponse(waiting);
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(At(answer, "states"), R"(["lie"])");
}

TEST_F(CommandLine, TheHelloExampleRuns) {
  const CommandResult result =
      RunCommand({"env", "FERMATA_SERVER=" + server_->url(), FERMATA_SOURCE_DIR "/examples/hello/run.sh", "Ann"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "Hello, Ann!\n");
}

// The commands of the first page, as a newcomer copies them.
TEST_F(CommandLine, TheCommandsOfTheReadmeWork) {
  const TempFolder folder;
  std::filesystem::create_directories(folder.path() / "build/release");
  std::filesystem::create_symlink(FERMATA_BINARY, folder.path() / "build/release/fermata");
  std::filesystem::create_directory_symlink(FERMATA_SOURCE_DIR "/examples", folder.path() / "examples");
  std::istringstream page(ReadFile(FERMATA_SOURCE_DIR "/README.md"));
  int commands = 0;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("build/release/fermata ")) continue;
    ++commands;
    const CommandResult result = RunCommand({"sh", "-c", "cd '" + folder.path().string() + "' && " + line});
    EXPECT_EQ(result.exit_code, 0) << line << "\n" << result.out << result.err;
    EXPECT_EQ(result.out.find(" warning FM-"), std::string::npos) << result.out;
  }
  EXPECT_EQ(commands, 3);
  EXPECT_NE(ReadFile(folder.File("out.svg")).find("<svg"), std::string::npos);
}

// Compiled against the document as it is now, and run.
TEST_F(CommandLine, TheTypeScriptClientRuns) {
  const std::filesystem::path source = FERMATA_SOURCE_DIR;
  const TempFolder folder;
  const std::filesystem::path client = folder.path() / "examples/client-typescript";
  std::filesystem::create_directories(client);
  for (const char* file : {"package.json", "tsconfig.json", "quickstart.ts"})
    std::filesystem::copy(source / "examples/client-typescript" / file, client / file);
  for (const char* linked : {"api", "examples/hello", "examples/client-typescript/node_modules"})
    std::filesystem::create_directory_symlink(source / linked, folder.path() / linked);
  ASSERT_TRUE(std::filesystem::exists(client / "node_modules/typescript"))
      << "Its packages are missing: npm ci --prefix examples/client-typescript";
  const CommandResult result =
      RunCommand({"sh", "-c",
                  "cd '" + client.string() + "' && npm run --silent build >&2 && FERMATA_SERVER=" + server_->url() +
                      " npm start --silent -- Ann"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(result.out, "completed {\"greeting\":\"Hello, Ann!\"}\n");
}

TEST_F(CommandLine, TheReservationExampleRuns) {
  ChildProcess store({"/usr/bin/python3", FERMATA_SOURCE_DIR "/examples/reservation/store.py", "0"}, {}, "/dev/null");
  const std::string line = store.ReadLine();
  ASSERT_NE(line.find("http://"), std::string::npos) << line;
  FermataServer server({"--storage", "memory", "--processes", FERMATA_SOURCE_DIR "/examples/reservation"},
                       {{"FERMATA_CONNECTOR_STORE_URL", line.substr(line.find("http://"))}});
  const CommandResult result =
      RunCommand({"env", "FERMATA_SERVER=" + server.url(), FERMATA_SOURCE_DIR "/examples/reservation/run.sh"});
  EXPECT_EQ(result.exit_code, 0) << result.err << server.Log();
  EXPECT_EQ(result.out, "place-1\n");
  HttpClient other(std::stoi(line.substr(line.rfind(':') + 1)));
  ASSERT_EQ(other.Post("/reservations", R"({"item":"lamp"})").status, 201);
  const CommandResult third =
      RunCommand({"env", "FERMATA_SERVER=" + server.url(), FERMATA_SOURCE_DIR "/examples/reservation/run.sh"});
  EXPECT_EQ(third.exit_code, 1);
  EXPECT_EQ(third.err, "failed: sold-out\n");
}

}  // namespace
}  // namespace fermata::test
