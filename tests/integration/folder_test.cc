// `serve --processes DIR`: what is saved goes live, what is wrong is refused, and what was there stays.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/integration/support/fermata_server.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

std::string Say(const std::string& version, const std::string& word) {
  return "fermata: 1\nprocess: say\nversion: " + version + "\nstates:\n  done: { end: { word: \"" + word + "\" } }\n";
}

class Folder : public testing::Test {
 protected:
  void Save(const std::string& name, const std::string& text) {
    // As editors do: a new file takes the name.
    WriteFile(folder_.File(name + ".tmp"), text);
    std::filesystem::rename(folder_.File(name + ".tmp"), folder_.File(name));
  }
  // Asks until the answer is `word`, for as long as the HTTP client has patience with a server: about ten seconds.
  std::string WordWithin(FermataServer& server, const std::string& word) {
    std::string last;
    for (int i = 0; i < 2'000; ++i) {
      last = At(server.Run("say", "{}"), "output.word");
      if (last == word) break;
    }
    return last;
  }
  std::string LogWith(FermataServer& server, const std::string& text) {
    for (int i = 0; i < 2'000 && server.Log().find(text) == std::string::npos; ++i) server.http().Get("/healthz");
    return server.Log();
  }

  TempFolder folder_;
};

TEST_F(Folder, WhatIsThereIsLiveBeforeTheServerIsReady) {
  Save("say.yaml", Say("1.0.0", "one"));
  FermataServer server({"--storage", "memory", "--processes", folder_.path().string()});
  EXPECT_EQ(At(server.Run("say", "{}"), "output.word"), "one");
}

TEST_F(Folder, UnderDevASavedChangeGoesLive) {
  Save("say.yaml", Say("1.0.0", "one"));
  FermataServer server({"--storage", "memory", "--processes", folder_.path().string(), "--dev"});
  Save("say.yaml", Say("1.0.0", "two"));
  EXPECT_EQ(WordWithin(server, "two"), "two");
  EXPECT_TRUE(At(server.http().Get("/v1/definitions/say"), "version").starts_with("1.0.0+"));
}

TEST_F(Folder, ABadFileIsRefusedLoudlyAndTheOldOneStays) {
  Save("say.yaml", Say("1.0.0", "one"));
  FermataServer server({"--storage", "memory", "--processes", folder_.path().string(), "--dev"});
  Save("say.yaml", "fermata: 1\nprocess: say\nversion: 1.0.0\nstates:\n  a: { next: nowhere }\n");
  const std::string log = LogWith(server, "FM-2104");
  EXPECT_NE(log.find("say.yaml:5:14: error FM-2104"), std::string::npos) << log;
  EXPECT_EQ(At(server.Run("say", "{}"), "output.word"), "one");
  Save("say.yaml", Say("1.0.0", "three"));
  EXPECT_EQ(WordWithin(server, "three"), "three");
}

TEST_F(Folder, WithoutDevOtherContentNeedsANewVersion) {
  Save("say.yaml", Say("1.0.0", "one"));
  FermataServer server({"--storage", "memory", "--processes", folder_.path().string()});
  Save("say.yaml", Say("1.0.0", "two"));
  EXPECT_NE(LogWith(server, "FM-4012").find("1.0.1"), std::string::npos) << server.Log();
  EXPECT_EQ(At(server.Run("say", "{}"), "output.word"), "one");
  Save("say.yaml", Say("1.0.1", "two"));
  EXPECT_EQ(WordWithin(server, "two"), "two");
}

TEST_F(Folder, ANewFileGoesLive) {
  FermataServer server({"--storage", "memory", "--processes", folder_.path().string()});
  EXPECT_EQ(server.Run("say", "{}").status, 404);
  Save("say.yaml", Say("1.0.0", "new"));
  for (int i = 0; i < 2'000 && server.Run("say", "{}").status == 404; ++i) continue;
  EXPECT_EQ(At(server.Run("say", "{}"), "output.word"), "new");
}

TEST_F(Folder, ASavedManifestMovesNoLiveVersionOfAProcessThatStayedAsItWas) {
  const auto manifest = [](const std::string& name, const std::string& version) {
    return "connector: " + name + "\nversion: " + version + "\nkind: worker\noperations:\n  go: {}\n";
  };
  TempFolder connectors;
  const auto save_manifests = [&](const std::string& version) {
    for (const std::string name : {"used", "other"}) {
      WriteFile(connectors.File(name + ".tmp"), manifest(name, version));
      std::filesystem::rename(connectors.File(name + ".tmp"), connectors.File(name + ".yaml"));
    }
  };
  const auto caller = [](const std::string& version) {
    return "fermata: 1\nprocess: caller\nversion: " + version +
           "\nstates:\n  go: { call: used.go, next: done }\n  done: { end: {} }\n";
  };
  save_manifests("1.0.0");
  Save("say.yaml", Say("1.0.0", "one"));
  Save("caller.yaml", caller("1.0.0"));
  FermataServer server(
      {"--storage", "memory", "--processes", folder_.path().string(), "--connectors", connectors.path().string()});
  Save("caller.yaml", caller("2.0.0"));
  Save("say.yaml", Say("2.0.0", "two"));
  ASSERT_EQ(WordWithin(server, "two"), "two");
  ASSERT_EQ(At(server.http().Get("/v1/definitions/caller"), "version"), "2.0.0");
  for (const std::string process : {"say", "caller"})
    ASSERT_EQ(
        server.http().Post("/v1/definitions/" + process + "/live", R"({"version":"1.0.0"})", "application/json").status,
        200);
  // `zulu` comes last in the folder: when it is there, all others have been looked at.
  save_manifests("1.0.1");
  Save("zulu.yaml", "fermata: 1\nprocess: zulu\nversion: 1.0.0\nstates:\n  done: { end: {} }\n");
  for (int i = 0; i < 2'000 && server.Run("zulu", "{}").status == 404; ++i) continue;
  EXPECT_NE(server.http().Get("/v1/connectors").body.find("\"1.0.1\""), std::string::npos);
  EXPECT_EQ(At(server.Run("say", "{}"), "output.word"), "one");
  // What it calls has changed, so the file is another one under the same version: refused, and what was live stays.
  EXPECT_NE(server.Log().find("FM-4012"), std::string::npos) << server.Log();
  EXPECT_EQ(At(server.http().Get("/v1/definitions/caller"), "version"), "1.0.0");
}

TEST_F(Folder, AManifestOfTheOptionWinsOverTheOneBesideTheProcess) {
  const auto manifest = [](const std::string& operation) {
    return "connector: used\nversion: 1.0.0\nkind: worker\noperations:\n  " + operation + ": {}\n";
  };
  TempFolder connectors;
  std::filesystem::create_directories(folder_.File("connectors"));
  WriteFile(folder_.File("connectors/used.yaml"), manifest("stop"));
  WriteFile(connectors.File("used.yaml"), manifest("go"));
  Save("caller.yaml",
       "fermata: 1\nprocess: caller\nversion: 1.0.0\nstates:\n  go: { call: used.go, next: done }\n  done: { end: {} "
       "}\n");
  FermataServer server(
      {"--storage", "memory", "--processes", folder_.path().string(), "--connectors", connectors.path().string()});
  EXPECT_EQ(server.http().Get("/v1/definitions/caller").status, 200) << server.Log();
}

TEST_F(Folder, AMissingFolderIsRefused) {
  const CommandResult result = RunCommand(
      {FERMATA_BINARY, "serve", "--port", "0", "--storage", "memory", "--processes", folder_.File("missing")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("FM-8005"), std::string::npos) << result.err;
}

TEST_F(Folder, AMissingFolderOfSecretsIsRefused) {
  const CommandResult result =
      RunCommand({FERMATA_BINARY, "serve", "--port", "0", "--storage", "memory", "--secrets", folder_.File("missing")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("FM-7011"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("missing"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace fermata::test
