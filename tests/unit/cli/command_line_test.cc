#include "api/cli/command_line.h"

#include <gtest/gtest.h>

#include <optional>

#include "api/cli/exit_code.h"

namespace fermata {
namespace {

// What `serve` was asked to do; nothing when it was not called. Of `lsp` the folders.
struct Asked {
  int exit_code = 0;
  std::optional<ServeOptions> serve;
  std::vector<std::string> folders;
};

Asked Enter(std::vector<std::string> arguments) {
  Asked asked;
  Commands commands;
  commands.serve = [&](const ServeOptions& options) {
    asked.serve = options;
    return kExitOk;
  };
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

TEST(CommandLine, ANamedStorageIsNotOverruledByADatabase) {
  EXPECT_EQ(Enter({"serve", "--storage", "memory", "--database", "postgresql://db/fermata"}).serve->storage, "memory");
}

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
