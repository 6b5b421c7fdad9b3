// verify, backup, export and import as operators use them, beside a running server and without one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "engine/model/json.h"
#include "tests/integration/support/fermata_server.h"
#include "tests/support/postgres.h"

namespace fermata::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kPatient = R"(fermata: 1
process: patient
version: 1.0.0
key: "${input.id}"
input: { type: object, required: [id], properties: { id: { type: string } } }
events: { wake: { key: "${event.data.id}" } }
states:
  sleeping: { on: { wake: done }, after: { 1d: done } }
  done: { end: {} }
)";

class StoreCommands : public testing::Test {
 protected:
  void StartOne(FermataServer& server, const std::string& id) {
    const ClientResponse answer =
        server.http().Post("/v1/instances", R"({"process":"patient","input":{"id":")" + id + R"("}})");
    ASSERT_EQ(answer.status, 201) << answer.body;
  }
  static std::string DataOf(const FermataServer& server) { return server.folder().File("engine"); }
  static CommandResult Fermata(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), FERMATA_BINARY);
    return RunCommand(arguments);
  }
  static std::size_t CountOn(FermataServer& server) {
    return JsonOf(server.http().Get("/v1/instances?process=patient&status=waiting")).Find("items")->as_list().size();
  }
  std::string File(const std::string& name) const { return folder_.File(name); }

  TempFolder folder_;
};

TEST_F(StoreCommands, VerifyBackupAndExportWorkBesideAServer) {
  FermataServer server;
  ASSERT_EQ(server.Deploy(kPatient).status, 201);
  StartOne(server, "a");
  const CommandResult verified = Fermata({"verify", "--data", DataOf(server)});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("ok: 1 instance (1 live)"));

  const CommandResult repaired = Fermata({"verify", "--repair", "--data", DataOf(server)});
  EXPECT_EQ(repaired.exit_code, 1);
  EXPECT_THAT(repaired.err, HasSubstr("FM-5002"));

  const CommandResult copied = Fermata({"backup", "--data", DataOf(server), "--to", File("copy")});
  EXPECT_EQ(copied.exit_code, 0) << copied.out << copied.err;
  EXPECT_THAT(copied.out, HasSubstr("ok: 1 instance"));
  StartOne(server, "b");
  const CommandResult exported = Fermata({"export", File("all"), "--data", DataOf(server)});
  EXPECT_EQ(exported.exit_code, 0) << exported.err;

  FermataServer other;
  const auto goes_on_with = [&](const std::function<CommandResult()>& fill) {
    other.Stop();
    fs::remove_all(DataOf(other));
    const CommandResult filled = fill();
    EXPECT_EQ(filled.exit_code, 0) << filled.err;
    other.Start();
  };
  goes_on_with([&] {
    fs::copy(File("copy"), DataOf(other));
    return CommandResult{0, "", ""};
  });
  EXPECT_EQ(CountOn(other), 1u);
  goes_on_with([&] { return Fermata({"import", File("all"), "--data", DataOf(other)}); });
  EXPECT_EQ(CountOn(other), 2u);
  EXPECT_EQ(CountOn(server), 2u);
}

TEST_F(StoreCommands, ProgramsGetObjects) {
  FermataServer server;
  ASSERT_EQ(server.Deploy(kPatient).status, 201);
  StartOne(server, "a");
  const CommandResult verified = Fermata({"verify", "--json", "--data", DataOf(server)});
  const Value report = ParseJson(verified.out).value();
  EXPECT_EQ(At(report, "sound"), "true");
  EXPECT_EQ(At(report, "live"), "1");
  const CommandResult absent = Fermata({"verify", "--json", "--data", File("absent")});
  EXPECT_EQ(absent.exit_code, 1);
  EXPECT_EQ(At(ParseJson(absent.out).value(), "error.code"), "FM-5001");
  EXPECT_FALSE(fs::exists(File("absent")));
}

TEST_F(StoreCommands, AnImportNeedsAnEmptyPlaceAndAWholeFile) {
  FermataServer server;
  ASSERT_EQ(server.Deploy(kPatient).status, 201);
  ASSERT_EQ(Fermata({"export", File("all"), "--data", DataOf(server)}).exit_code, 0);
  EXPECT_THAT(Fermata({"export", File("all"), "--data", DataOf(server)}).err, HasSubstr("FM-5015"));
  ASSERT_EQ(Fermata({"import", File("all"), "--data", File("moved")}).exit_code, 0);
  const CommandResult again = Fermata({"import", File("all"), "--data", File("moved")});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.out, HasSubstr("imported already"));
  const CommandResult used = Fermata({"import", File("all"), "--data", DataOf(server)});
  EXPECT_EQ(used.exit_code, 1);
  WriteFile(File("half"), ReadFile(File("all")).substr(0, 500));
  EXPECT_THAT(Fermata({"import", File("half"), "--data", File("other")}).err, HasSubstr("FM-5014"));
  const CommandResult missing = Fermata({"import", File("absent"), "--data", File("other")});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("FM-8002"));
  EXPECT_FALSE(fs::exists(File("other")));
  const CommandResult nowhere = Fermata({"export", File("absent/all"), "--data", DataOf(server)});
  EXPECT_THAT(nowhere.err, AllOf(HasSubstr("FM-5001"), HasSubstr("Make its folder")));
}

TEST_F(StoreCommands, ADatabaseInUseIsNotMeasured) {
  const std::string database = PostgresCluster::Shared().CreateDatabase();
  FermataServer server({"--database", database});
  const CommandResult refused = Fermata({"bench", "chain5", "--database", database, "--seconds", "1"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("FM-8007"), HasSubstr("createdb bench")));
}

TEST_F(StoreCommands, AnUnreadableConnectionStringIsAWrongCommandLine) {
  for (const char* command : {"serve", "verify"})
    EXPECT_EQ(Fermata({command, "--database", "postgresql://a:b@c@d/x"}).exit_code, 2) << command;
}

TEST_F(StoreCommands, ADatabaseHasABackupOfItsOwn) {
  const CommandResult backup = Fermata({"backup", "--database", "postgresql://nowhere/x", "--to", File("copy")});
  EXPECT_EQ(backup.exit_code, 2);
  EXPECT_THAT(backup.err, HasSubstr("pg_basebackup"));
}

}  // namespace
}  // namespace fermata::test
