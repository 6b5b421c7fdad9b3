// The main job, as a client sees it: sign up over REST, read the code from the mail, post it to auth, find wallet and account.
// All programs are real: engine, the shop's services, a mail server.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <map>
#include <memory>

#include "engine/model/json.h"
#include "tests/integration/support/fermata_server.h"
#include "tests/support/mailbox.h"

namespace fermata::test {
namespace {

constexpr const char* kPassword = "Tr0ub4dor-and-3-more";

// One service of the shop as a process of its own, always on the same port.
class ShopService {
 public:
  ShopService(std::string name, const std::string& data, std::vector<std::string> more)
      : port_(FreePort()), log_(data + "-" + name + ".log") {
    // The services have consecutive ports, also when one runs alone.
    const int place = name == "billing" ? 1 : name == "notification" ? 2 : 0;
    command_ = {FERMATA_SHOP_BINARY,
                "--only",
                name,
                "--port-base",
                std::to_string(port_ - place),
                "--data",
                data,
                "--mail-templates",
                FERMATA_SOURCE_DIR "/templates/messages/email"};
    command_.insert(command_.end(), more.begin(), more.end());
    Start();
  }

  void Start() {
    process_ = std::make_unique<ChildProcess>(command_, ChildProcess::Environment{}, log_);
    std::string line;
    do line = process_->ReadLine();
    while (!line.empty() && line.find("\"ready\"") == std::string::npos);
    ASSERT_FALSE(line.empty()) << ReadFile(log_);
    http_ = std::make_unique<HttpClient>(port_);
  }
  void Kill() { process_->Kill(); }

  HttpClient& http() { return *http_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  const int port_;
  const std::string log_;
  std::vector<std::string> command_;
  std::unique_ptr<ChildProcess> process_;
  std::unique_ptr<HttpClient> http_;
};

class SignUp : public testing::Test {
 protected:
  SignUp()
      : engine_port_(FreePort()),
        data_(folder_.File("shop")),
        notification_("notification", data_, {"--smtp", mailbox_.smtp_url()}),
        billing_("billing", data_, {}),
        auth_("auth", data_,
              {"--engine", "http://127.0.0.1:" + std::to_string(engine_port_), "--notification", notification_.url()}),
        engine_({"--processes", FERMATA_SOURCE_DIR "/processes", "--connectors", FERMATA_SOURCE_DIR "/connectors"},
                {{"FERMATA_CONNECTOR_AUTH_URL", auth_.url()},
                 {"FERMATA_CONNECTOR_BILLING_URL", billing_.url()},
                 {"FERMATA_CONNECTOR_NOTIFICATION_URL", notification_.url()}},
                engine_port_) {}

  // Gives the instance, which waits for the code.
  Value Begin(const std::string& username) {
    const ClientResponse credentials =
        auth_.http().Post("/credentials", std::string(R"({"password":")") + kPassword + R"("})");
    EXPECT_EQ(credentials.status, 201) << credentials.body;
    const std::string input = R"({"credentialsRef":")" + At(credentials, "credentialsRef") + R"(","username":")" +
                              username + R"(","firstName":"Ann","email":")" + username +
                              R"(@example.org","verifyContact":true})";
    const ClientResponse started =
        engine_.http().Post("/v1/instances?wait=9s&until=await-code", R"({"process":"signup","input":)" + input + "}",
                            "application/json", {{"Idempotency-Key", "signup-" + username}});
    EXPECT_EQ(started.status, 201) << started.body;
    EXPECT_EQ(At(started, "states"), R"(["await-code"])") << started.body;
    return JsonOf(started);
  }

  std::string CodeOf(const std::string& username) {
    const std::vector<Mail> mails = mailbox_.MailsTo(username + "@example.org", 1);
    EXPECT_FALSE(mails.empty());
    return mails.empty() ? "" : CodeIn(mails.front().text);
  }

  void EnterCode(const Value& instance, const std::string& code) {
    const ClientResponse verified =
        auth_.http().Post("/register/verify", R"({"signUpGuid":")" + At(instance, "variables.attempt.signUpGuid") +
                                                  R"(","code":")" + code + R"("})");
    EXPECT_EQ(verified.status, 200) << verified.body;
  }

  void ExpectCompleted(const std::string& id) {
    ClientResponse ended;
    // A service that comes back is tried again within the policy of its manifest, which may take longer than one wait.
    for (int i = 0; i < 6 && (i == 0 || At(ended, "status") == "running" || At(ended, "status") == "waiting"); ++i)
      ended = engine_.http().Get("/v1/instances/" + id + "?wait=9s");
    EXPECT_EQ(At(ended, "status"), "completed") << ended.body;
    EXPECT_EQ(At(ended, "output.closingCode"), "success");
  }

  void ExpectAccounts(const std::string& username) {
    // The detached child begins after the commit that ended its parent's call.
    std::string child;
    for (int i = 0; i < 20'000 && child.empty(); ++i)
      child = At(engine_.http().Get("/v1/instances?process=open-accounts&key=" + username), "items.0.id");
    ASSERT_FALSE(child.empty()) << engine_.http().Get("/v1/instances").body << engine_.Log();
    ExpectChild(child);
    EXPECT_EQ(billing_.http().Get("/wallets/" + username).status, 200);
    EXPECT_EQ(notification_.http().Get("/accounts/" + username).status, 200);
  }

  void ExpectChild(const std::string& id) {
    ClientResponse ended;
    for (int i = 0; i < 6 && (i == 0 || At(ended, "endedAt") == "null"); ++i)
      ended = engine_.http().Get("/v1/instances/" + id + "?wait=9s");
    EXPECT_EQ(At(ended, "status"), "completed") << ended.body;
  }

  // Whether it stands there by itself: six digits within a number or behind a time's point are no code.
  static bool Holds(const std::string& text, const std::string& secret) {
    const auto belongs = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '.'; };
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 1)) {
      const std::size_t end = at + secret.size();
      if ((at == 0 || !belongs(text[at - 1])) && (end == text.size() || !belongs(text[end]))) return true;
    }
    return false;
  }

  // Neither the password nor the code may be anywhere but in the mail and, hashed, with auth.
  void ExpectNowhere(const std::string& secret) {
    ASSERT_GE(secret.size(), 6u);
    for (const std::filesystem::path& root : {engine_.folder().path(), folder_.path()})
      for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
        if (entry.is_regular_file())
          EXPECT_FALSE(Holds(ReadFile(entry.path().string()), secret)) << entry.path() << " holds a secret";
  }

  TempFolder folder_;
  Mailbox mailbox_;
  const int engine_port_;
  const std::string data_;
  ShopService notification_, billing_, auth_;
  FermataServer engine_;
};

TEST_F(SignUp, ACustomerSignsUp) {
  const Value instance = Begin("ann");
  const std::string code = CodeOf("ann");
  EnterCode(instance, code);
  ExpectCompleted(At(instance, "id"));
  ExpectAccounts("ann");
  ExpectNowhere(kPassword);
  ExpectNowhere(code);
}

TEST_F(SignUp, ACustomerSignsUpWhileEverythingIsKilledOnce) {
  const Value instance = Begin("bob");
  engine_.Kill();
  engine_.Start();
  const std::string code = CodeOf("bob");
  auth_.Kill();
  auth_.Start();
  billing_.Kill();
  EnterCode(instance, code);
  ExpectCompleted(At(instance, "id"));
  // The accounts are tried until they are there.
  engine_.Kill();
  engine_.Start();
  billing_.Start();
  notification_.Kill();
  notification_.Start();
  ExpectAccounts("bob");
  const ClientResponse ledger = billing_.http().Get("/wallets/bob");
  EXPECT_EQ(ledger.status, 200);
  ExpectNowhere(kPassword);
  ExpectNowhere(code);
}

TEST_F(SignUp, AWrongCodeIsCountedAndTooManyEndIt) {
  const Value instance = Begin("cyd");
  const std::string code = CodeOf("cyd");
  const std::string wrong = code == "000000" ? "111111" : "000000";
  const std::string body =
      R"({"signUpGuid":")" + At(instance, "variables.attempt.signUpGuid") + R"(","code":")" + wrong + R"("})";
  EXPECT_EQ(auth_.http().Post("/register/verify", body).status, 400);
  EXPECT_EQ(auth_.http().Post("/register/verify", body).status, 400);
  EXPECT_EQ(auth_.http().Post("/register/verify", body).status, 429);
  const ClientResponse ended = engine_.http().Get("/v1/instances/" + At(instance, "id") + "?wait=9s");
  EXPECT_EQ(At(ended, "status"), "failed") << ended.body;
  EXPECT_EQ(At(ended, "error.name"), "too-many-tries");
  EXPECT_EQ(billing_.http().Get("/wallets/cyd").status, 404);
}

}  // namespace
}  // namespace fermata::test
