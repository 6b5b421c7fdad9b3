#include "connectors/sdk/secrets.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>

#include "connectors/host/codes.h"
#include "connectors/host/sealed_secrets.h"
#include "connectors/host/secret_store.h"
#include "engine/base/base64.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"
#include "tests/support/read_file.h"
#include "tests/support/temp_folder.h"

namespace fermata {
namespace {

TEST(RedactTest, LeavesNoPieceOfASecret) {
  EXPECT_EQ(Redact("a hunter2 b hunter2", {"hunter2"}), "a *** b ***");
  EXPECT_EQ(Redact("hunter22", {"hunter2", "hunter22"}), "***");
  EXPECT_EQ(Redact("nothing", {"", "other"}), "nothing");
}

TEST(RedactTest, KnowsASecretThatIsPercentEncodedOrEscaped) {
  const std::vector<std::string> secrets = {"p/1 \"q\\\n&c"};
  EXPECT_EQ(Redact("?t=p%2F1%20%22q%5C%0A%26c&x=1", secrets), "?t=***&x=1");
  EXPECT_EQ(Redact("?t=p%2f1+%22q%5c%0a%26c", secrets), "?t=***");
  EXPECT_EQ(Redact("?t=p/1%20\"q\\\n&c", secrets), "?t=***");
  EXPECT_EQ(Redact(R"({"t":"p\/1 \"q\\\n&c"})", secrets), R"({"t":"***"})");
  EXPECT_EQ(Redact("?t=p%2F1%20%22q%5C%0A%26d", secrets), "?t=p%2F1%20%22q%5C%0A%26d");
}

TEST(RedactTest, KnowsASecretInsideBase64WhereverItBegins) {
  const std::string secret = "correct~horse?>";
  for (const char* user : {"", "a:", "ab:", "abc:"}) {
    std::string encoded = EncodeBase64(std::string(user) + secret + ";");
    EXPECT_NE(encoded.find("Y"), std::string::npos);
    std::string text = Redact("Basic " + encoded, {secret});
    EXPECT_NE(text.find("***"), std::string::npos) << text;
    EXPECT_LE(text.size(), 6 + 3 + encoded.size() - 18) << text;
    std::replace(encoded.begin(), encoded.end(), '+', '-');
    std::replace(encoded.begin(), encoded.end(), '/', '_');
    EXPECT_NE(Redact(encoded, {secret}).find("***"), std::string::npos) << encoded;
  }
}

TEST(RedactTest, ReplacesNumbersThatAreSecrets) {
  const Value answer = ParseJson(R"({"a":[12345678,12345679],"b":12345678.0,"c":1234,"d":true})").value();
  EXPECT_EQ(WriteJson(Redact(answer, {"12345678"})), R"({"a":["***",12345679],"b":"***","c":1234,"d":true})");
  EXPECT_EQ(WriteJson(Redact(answer, {"0012345679", "1234"})),
            R"({"a":[12345678,"***"],"b":12345678.0,"c":1234,"d":true})");
}

TEST(SecretNameTest, TakesCapitalsDigitsAndUnderscores) {
  for (const char* name : {"A", "BILLING_TOKEN", "T0KEN"}) EXPECT_TRUE(IsSecretName(name)) << name;
  for (const char* name : {"", "a", "../ETC", "0A", "_A", "A.B", "A/B"}) EXPECT_FALSE(IsSecretName(name)) << name;
}

class SecretStoreTest : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) { std::ofstream(folder_.File(name)) << text; }

  test::TempFolder folder_;
};

TEST_F(SecretStoreTest, ReadsAFileWithoutItsLineEnd) {
  Write("TOKEN", "s3cret\n");
  EXPECT_EQ(MakeSecretStore({folder_.path(), {}})->Find("TOKEN").value(), "s3cret");
}

TEST_F(SecretStoreTest, SeesARotatedSecretAtOnce) {
  const auto store = MakeSecretStore({folder_.path(), {}});
  Write("TOKEN", "old");
  EXPECT_EQ(store->Find("TOKEN").value(), "old");
  Write("TOKEN", "new");
  EXPECT_EQ(store->Find("TOKEN").value(), "new");
}

TEST_F(SecretStoreTest, FallsBackToTheEnvironment) {
  setenv("FERMATA_SECRET_FROM_ENVIRONMENT", "yes", 1);
  EXPECT_EQ(MakeSecretStore({folder_.path(), {}})->Find("FROM_ENVIRONMENT").value(), "yes");
  EXPECT_EQ(MakeSecretStore({})->Find("FROM_ENVIRONMENT").value(), "yes");
}

TEST_F(SecretStoreTest, WhatItCannotReadIsNoSecretThatIsNotThere) {
  setenv("FERMATA_SECRET_TOKEN_HOSTS", "example.com", 1);
  setenv("FERMATA_SECRET_LONG_HOSTS", "example.com", 1);
  std::filesystem::create_directory(folder_.path() / "TOKEN_HOSTS");
  Write("LONG_HOSTS", std::string(kSecretBytesMax + 1, 'x'));
  const auto store = MakeSecretStore({folder_.path(), {}});
  for (const char* name : {"TOKEN_HOSTS", "LONG_HOSTS"}) {
    const auto found = store->Find(name);
    ASSERT_FALSE(found.ok()) << name;
    EXPECT_EQ(found.error().code, kSecretUnreadable);
    EXPECT_NE(found.error().message.find(name), std::string::npos) << found.error().message;
  }
  const auto unmounted = MakeSecretStore({folder_.path() / "absent", {}})->Find("TOKEN_HOSTS");
  EXPECT_EQ(unmounted.error().code, kSecretUnreadable);
}

TEST_F(SecretStoreTest, AFolderThatIsNoneIsRefusedBeforeItIsUsed) {
  Write("FILE", "x");
  for (const auto& path : {folder_.path() / "absent", folder_.path() / "FILE"}) {
    const Status refused = CheckSecretPlaces({path, {}});
    ASSERT_FALSE(refused.ok()) << path;
    EXPECT_EQ(refused.error().code, kSecretsUnreadable);
    EXPECT_NE(refused.error().message.find(path.string()), std::string::npos) << refused.error().message;
  }
  EXPECT_TRUE(CheckSecretPlaces({folder_.path(), {}}).ok());
  EXPECT_TRUE(CheckSecretPlaces({}).ok()) << "no folder was named";
}

TEST_F(SecretStoreTest, NeverLeavesItsFolder) {
  std::filesystem::create_directory(folder_.path() / "inside");
  Write("OUTSIDE", "x");
  const auto store = MakeSecretStore({folder_.path() / "inside", {}});
  EXPECT_EQ(store->Find("../OUTSIDE").value(), std::nullopt);
  EXPECT_EQ(store->Find("OUTSIDE").value(), std::nullopt);
}

TEST_F(SecretStoreTest, FindsWhatIsSealedWithTheKeyAndOnlyWithIt) {
  const SealingKeys keys = SealingKeys::Parse(SealingKeys::NewLine("a")).value();
  const std::filesystem::path file = folder_.path() / "sealed";
  EXPECT_TRUE(ReadSealedSecrets(file, keys).value().empty());
  ASSERT_TRUE(WriteSealedSecrets(file, keys, {{"TOKEN", "hunter2"}, {"OTHER", "x"}}).ok());
  const std::string bytes = test::ReadFile(file);
  EXPECT_EQ(bytes.find("hunter2"), std::string::npos);
  EXPECT_EQ(bytes.find("TOKEN"), std::string::npos);
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(MakeSecretStore({{}, file, keys})->Find("TOKEN").value(), "hunter2");
  EXPECT_EQ(MakeSecretStore({{}, file, keys})->Find("ABSENT").value(), std::nullopt);
  EXPECT_EQ(MakeSecretStore({{}, file})->Find("TOKEN").error().code, kSecretUnreadable);
  setenv("FERMATA_SECRET_IN_BOTH", "x", 1);
  EXPECT_EQ(MakeSecretStore({{}, file})->Find("IN_BOTH").error().code, kSecretUnreadable);
  const SealingKeys other = SealingKeys::Parse(SealingKeys::NewLine("a")).value();
  EXPECT_EQ(ReadSealedSecrets(file, other).error().code, kSealedUnreadable);
}

}  // namespace
}  // namespace fermata
