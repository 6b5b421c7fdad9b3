#include "api/cli/command_line.h"

#include <gtest/gtest.h>

#include <optional>

#include "api/cli/exit_code.h"

namespace fermata {
namespace {

// What `serve` was asked to do; nothing when it was not called.
struct Asked {
  int exit_code = 0;
  std::optional<ServeOptions> serve;
};

Asked Enter(std::vector<std::string> arguments) {
  Asked asked;
  Commands commands;
  commands.serve = [&](const ServeOptions& options) {
    asked.serve = options;
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

TEST(CommandLine, ACommandIsNeeded) { EXPECT_EQ(Enter({}).exit_code, kExitUsage); }

}  // namespace
}  // namespace fermata
