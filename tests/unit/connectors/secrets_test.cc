#include "connectors/sdk/secrets.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "connectors/host/secret_store.h"
#include "tests/support/temp_folder.h"

namespace fermata {
namespace {

TEST(RedactTest, LeavesNoPieceOfASecret) {
  EXPECT_EQ(Redact("a hunter2 b hunter2", {"hunter2"}), "a *** b ***");
  EXPECT_EQ(Redact("hunter22", {"hunter2", "hunter22"}), "***");
  EXPECT_EQ(Redact("nothing", {"", "other"}), "nothing");
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
  EXPECT_EQ(MakeSecretStore(folder_.path())->Find("TOKEN"), "s3cret");
}

TEST_F(SecretStoreTest, SeesARotatedSecretAtOnce) {
  const auto store = MakeSecretStore(folder_.path());
  Write("TOKEN", "old");
  EXPECT_EQ(store->Find("TOKEN"), "old");
  Write("TOKEN", "new");
  EXPECT_EQ(store->Find("TOKEN"), "new");
}

TEST_F(SecretStoreTest, FallsBackToTheEnvironment) {
  setenv("FERMATA_SECRET_FROM_ENVIRONMENT", "yes", 1);
  EXPECT_EQ(MakeSecretStore(folder_.path())->Find("FROM_ENVIRONMENT"), "yes");
  EXPECT_EQ(MakeSecretStore({})->Find("FROM_ENVIRONMENT"), "yes");
}

TEST_F(SecretStoreTest, NeverLeavesItsFolder) {
  std::filesystem::create_directory(folder_.path() / "inside");
  Write("OUTSIDE", "x");
  const auto store = MakeSecretStore(folder_.path() / "inside");
  EXPECT_EQ(store->Find("../OUTSIDE"), std::nullopt);
  EXPECT_EQ(store->Find("OUTSIDE"), std::nullopt);
}

}  // namespace
}  // namespace fermata
