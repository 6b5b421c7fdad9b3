#include "api/cli/command_line.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "api/cli/exit_code.h"

namespace fermata {
namespace {

// What `serve` was asked to do; nothing when it was not called. Of `lsp` the folders.
struct Asked {
  int exit_code = 0;
  std::optional<ServeOptions> serve;
  std::optional<BenchOptions> bench;
  std::optional<StoreCommand> store;
  std::optional<VerifyAuditOptions> audit;
  std::vector<std::string> folders;
};

Asked Enter(std::vector<std::string> arguments) {
  Asked asked;
  Commands commands;
  commands.serve = [&](const ServeOptions& options) {
    asked.serve = options;
    return kExitOk;
  };
  commands.bench = [&](const BenchOptions& options) {
    asked.bench = options;
    return kExitOk;
  };
  commands.store = [&](const StoreCommand& command) {
    asked.store = command;
    return kExitOk;
  };
  commands.verify_audit = [&](const VerifyAuditOptions& options) {
    asked.audit = options;
    return kExitOk;
  };
  commands.version = "1.2.3";
  commands.lsp = [&](const std::vector<std::string>& folders) {
    asked.folders = folders;
    return kExitOk;
  };
  commands.builtin_manifests = [] { return std::vector<ManifestPtr>{}; };
  arguments.insert(arguments.begin(), "fermata");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  asked.exit_code = RunCommandLine(static_cast<int>(argv.size()), argv.data(), commands);
  return asked;
}

TEST(CommandLine, ServeKeepsAFileUnlessADatabaseIsNamed) {
  EXPECT_EQ(Enter({"serve"}).serve->storage, "sqlite");
  EXPECT_EQ(Enter({"serve", "--database", "postgresql://db/fermata"}).serve->storage, "postgres");
}

// FERMATA_DATABASE, as long as it lives.
class DatabaseVariableSet {
 public:
  explicit DatabaseVariableSet(const char* value) { setenv("FERMATA_DATABASE", value, 1); }
  ~DatabaseVariableSet() { unsetenv("FERMATA_DATABASE"); }
};

constexpr const char* kNamed = "postgresql://db/named";
const std::vector<std::vector<std::string>> kStoreCommands = {
    {"verify"}, {"verify", "--repair"}, {"backup", "--to", "copy"}, {"export", "all"}, {"import", "all"}};

std::vector<std::string> With(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(CommandLine, WithoutOptionsTheEnvironmentNamesTheDatabase) {
  const DatabaseVariableSet set("postgresql://db/live");
  EXPECT_EQ(Enter({"serve"}).serve->storage, "postgres");
  EXPECT_EQ(Enter({"serve", "--node", "a"}).serve->database, "postgresql://db/live");
  for (const auto& command : kStoreCommands)
    EXPECT_EQ(Enter(command).store->database, "postgresql://db/live") << command[0];
}

TEST(CommandLine, ANamedDatabaseBeatsTheEnvironment) {
  const DatabaseVariableSet set("postgresql://db/live");
  EXPECT_EQ(Enter({"serve", "--database", kNamed}).serve->database, kNamed);
  EXPECT_EQ(Enter({"bench", "chain5", "--database", kNamed}).bench->database, kNamed);
  EXPECT_EQ(Enter({"audit", "verify", "--database", kNamed}).audit->database, kNamed);
  for (const auto& command : kStoreCommands)
    EXPECT_EQ(Enter(With(command, {"--database", kNamed})).store->database, kNamed) << command[0];
}

TEST(CommandLine, ANamedFolderBeatsTheEnvironment) {
  const DatabaseVariableSet set("postgresql://db/live");
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--data", "d"}, {"--storage", "memory"}}) {
    EXPECT_NE(Enter(With({"serve"}, more)).serve->storage, "postgres");
    EXPECT_EQ(Enter(With({"serve"}, more)).serve->database, "");
  }
  for (const auto& command : kStoreCommands) {
    const Asked asked = Enter(With(command, {"--data", "d"}));
    EXPECT_EQ(asked.store->database, "") << command[0];
    EXPECT_EQ(asked.store->data, "d");
  }
}

TEST(CommandLine, TheDatabaseOfTheEnvironmentIsMeasuredOnlyWhereThatIsAskedFor) {
  const DatabaseVariableSet set("postgresql://db/live");
  EXPECT_EQ(Enter({"bench", "chain5"}).bench->storage, "sqlite");
  EXPECT_EQ(Enter({"bench", "chain5"}).bench->database, "");
  EXPECT_EQ(Enter({"bench", "chain5", "--storage", "postgres"}).bench->database, "postgresql://db/live");
}

TEST(CommandLine, OptionsThatContradictEachOtherAreRefused) {
  const std::vector<std::string> both = {"--data", "d", "--database", kNamed};
  for (const auto& command : kStoreCommands) EXPECT_EQ(Enter(With(command, both)).exit_code, kExitUsage) << command[0];
  EXPECT_EQ(Enter(With({"audit", "verify"}, both)).exit_code, kExitUsage);
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--storage", "sqlite", "--database", kNamed},
                                               {"--storage", "memory", "--database", kNamed},
                                               {"--storage", "postgres", "--data", "d"},
                                               {"--storage", "postgres"},
                                               {"--node", "a"},
                                               {"--node", "a", "--data", "d"}}) {
    const Asked asked = Enter(With({"serve"}, more));
    EXPECT_EQ(asked.exit_code, kExitUsage) << more[0] << " " << more[1];
    EXPECT_FALSE(asked.serve);
  }
}

TEST(CommandLine, AFolderBesideAnotherStorageIsNotUsedByAServer) {
  EXPECT_EQ(Enter({"serve", "--data", "d", "--database", kNamed}).serve->database, kNamed);
  EXPECT_EQ(Enter({"serve", "--data", "d", "--storage", "memory"}).serve->storage, "memory");
  EXPECT_EQ(Enter({"bench", "chain5", "--data", "d", "--database", kNamed}).bench->database, kNamed);
}

TEST(CommandLine, APlaceWithoutANameIsRefused) {
  std::vector<std::vector<std::string>> commands = kStoreCommands;
  commands.push_back({"serve"});
  for (const auto& command : commands) {
    EXPECT_EQ(Enter(With(command, {"--database", ""})).exit_code, kExitUsage) << command[0];
    EXPECT_EQ(Enter(With(command, {"--data", ""})).exit_code, kExitUsage) << command[0];
    const DatabaseVariableSet set("");
    EXPECT_EQ(Enter(command).exit_code, kExitUsage) << command[0];
    EXPECT_EQ(Enter(With(command, {"--data", "d"})).exit_code, kExitOk) << command[0];
  }
}

TEST(CommandLine, ANodeHasAName) {
  const auto enter = [](const std::string& name) {
    return Enter({"serve", "--database", kNamed, "--node", name}).exit_code;
  };
  for (const std::string& good : {std::string("a"), std::string("db-1.example_x:8080"), std::string(64, 'n')})
    EXPECT_EQ(enter(good), kExitOk) << good;
  for (const std::string& bad :
       {std::string(), std::string("\u00e4"), std::string("b/c"), std::string("a b"), std::string(65, 'n')})
    EXPECT_EQ(enter(bad), kExitUsage) << bad;
}

TEST(CommandLine, TheVersionIsAlsoAnOption) { EXPECT_EQ(Enter({"--version"}).exit_code, kExitOk); }

TEST(CommandLine, AnUnknownStorageIsRefused) {
  const Asked asked = Enter({"serve", "--storage", "mysql"});
  EXPECT_EQ(asked.exit_code, kExitUsage);
  EXPECT_FALSE(asked.serve);
}

// Nothing listens on port 1, so that both say that no server answers: the option was understood.
TEST(CommandLine, TheServerMayStandBeforeOrBehindTheCommand) {
  EXPECT_EQ(Enter({"--server", "http://127.0.0.1:1", "list"}).exit_code, kExitUnreachable);
  EXPECT_EQ(Enter({"list", "--server", "http://127.0.0.1:1"}).exit_code, kExitUnreachable);
}

// What a command does with the files behind the option: 0 where it took them as its own.
TEST(CommandLine, ConnectorsTakeOneFolderEachTimeAndLeaveThePathsBehindThem) {
  const std::string folder = testing::TempDir(), hello = FERMATA_SOURCE_DIR "/examples/hello/hello.yaml";
  EXPECT_EQ(Enter({"check", "--connectors", folder, hello}).exit_code, kExitOk);
  EXPECT_EQ(Enter({"check", "--connectors", folder, "--connectors", folder, hello}).exit_code, kExitOk);
  EXPECT_EQ(Enter({"draw", "--connectors", folder, hello}).exit_code, kExitOk);
  EXPECT_EQ(Enter({"diff", "--connectors", folder, hello, hello}).exit_code, kExitOk);
  EXPECT_EQ(Enter({"test", "--connectors", folder, FERMATA_SOURCE_DIR "/examples/hello"}).exit_code, kExitOk);
  EXPECT_EQ(Enter({"deploy", "--server", "http://127.0.0.1:1", "--connectors", folder, hello}).exit_code,
            kExitUnreachable);
  EXPECT_EQ(Enter({"lsp", "--connectors", folder}).folders, std::vector<std::string>{folder});
}

TEST(CommandLine, AConnectorFolderThatIsNotThereIsRefused) {
  const std::string missing = testing::TempDir() + "/no-such-folder",
                    hello = FERMATA_SOURCE_DIR "/examples/hello/hello.yaml";
  for (const std::string command : {"check", "draw", "deploy", "test"})
    EXPECT_EQ(Enter({command, hello, "--connectors", missing}).exit_code, kExitUsage) << command;
  EXPECT_EQ(Enter({"diff", hello, hello, "--connectors", missing}).exit_code, kExitUsage);
  EXPECT_EQ(Enter({"lsp", "--connectors", missing}).exit_code, kExitUsage);
  EXPECT_EQ(Enter({"check", hello, "--connectors", hello}).exit_code, kExitUsage);
}

TEST(CommandLine, ACommandIsNeeded) { EXPECT_EQ(Enter({}).exit_code, kExitUsage); }

}  // namespace
}  // namespace fermata
