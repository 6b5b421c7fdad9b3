#include <gtest/gtest.h>

#include <fstream>

#include "connectors/mail/mail_connector.h"
#include "connectors/mail/message.h"
#include "connectors/mail/templates.h"
#include "engine/model/json.h"
#include "tests/support/mailbox.h"

namespace fermata {
namespace {

using namespace std::chrono_literals;

MailMessage Sample() {
  return {.from = "noreply@shop.example",
          .to = "ann@example.com",
          .subject = "Hello",
          .text = "text",
          .html = "<p>text</p>",
          .message_id = "1@shop.example",
          .date_seconds = 1'577'836'800};
}

TEST(MailAddressTest, TakesPlainAddressesOnly) {
  for (const char* good : {"a@b", "ann.lee+shop@mail.example.com", "o'neil@x-y.example"})
    EXPECT_TRUE(IsMailAddress(good)) << good;
  for (const char* bad : {"", "a", "@b", "a@", "a b@c", "a@b c", "a@b\r\nBcc: x@y", "<a@b>", "a@b>,<c@d", "\"a\"@b",
                          "a@b@c", ".a@b", "a.@b", "a..b@c", "a@b..c", "анна@пример.рф"})
    EXPECT_FALSE(IsMailAddress(bad)) << bad;
}

TEST(MailMessageTest, WritesHeadersAndBothParts) {
  const Result<std::string> message = BuildMessage(Sample());
  ASSERT_TRUE(message.ok());
  for (const char* line :
       {"Date: Wed, 01 Jan 2020 00:00:00 +0000\r\n", "From: <noreply@shop.example>\r\n", "To: <ann@example.com>\r\n",
        "Subject: Hello\r\n", "Message-ID: <1@shop.example>\r\n", "Content-Type: multipart/alternative;",
        "Content-Type: text/plain; charset=UTF-8\r\n", "Content-Type: text/html; charset=UTF-8\r\n"})
    EXPECT_NE(message->find(line), std::string::npos) << line;
}

TEST(MailMessageTest, RefusesHeaderInjection) {
  for (const char* subject : {"a\r\nBcc: x@y", "a\nb", "a\rb"}) {
    MailMessage message = Sample();
    message.subject = subject;
    ASSERT_FALSE(BuildMessage(message).ok()) << subject;
    EXPECT_EQ(FormatErrorCode(BuildMessage(message).error().code), "FM-7023");
  }
  MailMessage message = Sample();
  message.to = "ann@example.com>\r\nRCPT TO:<x@y";
  ASSERT_FALSE(BuildMessage(message).ok());
  EXPECT_EQ(FormatErrorCode(BuildMessage(message).error().code), "FM-7022");
}

TEST(MailMessageTest, StaysWithinAsciiAndLineLength) {
  MailMessage message = Sample();
  message.subject = std::string(60, 'x') + " Ваш код: очень длинная тема письма, которую нужно разбить";
  message.text = std::string(2'000, 'a') + "\nстрока = ключ \nконец ";
  const Result<std::string> built = BuildMessage(message);
  ASSERT_TRUE(built.ok());
  std::size_t line = 0;
  for (const char c : *built) {
    EXPECT_GE(c, 0) << "A byte beyond ASCII";
    line = c == '\n' ? 0 : line + 1;
    ASSERT_LE(line, 77u) << "76 and the CR";
  }
}

TEST(MessageIdTest, FollowsFromTheKey) {
  EXPECT_EQ(MessageIdOf("i/1", "x"), MessageIdOf("i/1", "x"));
  EXPECT_NE(MessageIdOf("i/1", "x"), MessageIdOf("i/2", "x"));
}

class MailTemplatesTest : public testing::Test {
 protected:
  MailTemplatesTest() {
    for (const char* language : {"en", "ru"}) std::filesystem::create_directory(folder_.path() / language);
    Write("en", "{{title}}\n", "Hi {{name}}{{#vip}}, dear{{/vip}} {{n}}\n", "<p>{{name}}</p>");
  }
  void Write(const std::string& language, const std::string& subject, const std::string& text,
             const std::string& html) {
    const std::pair<const char*, std::string> parts[] = {{"subject", subject}, {"text", text}, {"html", html}};
    for (const auto& [part, content] : parts)
      std::ofstream(folder_.path() / language / (std::string("hello.") + part + ".mustache")) << content;
  }
  Result<MailText> Render(const std::string& language, const std::string& data, const std::string& name = "hello") {
    return MailTemplates(folder_.path()).Render(name, language, *ParseJson(data));
  }

  test::TempFolder folder_;
};

TEST_F(MailTemplatesTest, EscapesInHtmlOnly) {
  const Result<MailText> mail =
      Render("en", R"({"title":"A & B","name":"<b>\"Ann\" & 'Lee'</b>","vip":true,"n":9007199254740993})");
  ASSERT_TRUE(mail.ok());
  EXPECT_EQ(mail->subject, "A & B");
  EXPECT_EQ(mail->text, "Hi <b>\"Ann\" & 'Lee'</b>, dear 9007199254740993\n");
  EXPECT_EQ(mail->html, "<p>&lt;b&gt;&quot;Ann&quot; &amp; &#39;Lee&#39;&lt;/b&gt;</p>");
}

TEST_F(MailTemplatesTest, ValuesAreNoTemplates) {
  const Result<MailText> mail = Render("en", R"({"name":"{{title}} {{{title}}}","title":"secret"})");
  ASSERT_TRUE(mail.ok());
  EXPECT_EQ(mail->text, "Hi {{title}} {{{title}}} \n");
}

TEST_F(MailTemplatesTest, FallsBackToEnglishAndPrefersTheLanguage) {
  EXPECT_EQ(Render("ru", R"({"name":"Анна"})")->text, "Hi Анна \n");
  Write("ru", "Тема", "Привет, {{name}}", "<p>{{name}}</p>");
  EXPECT_EQ(Render("ru", R"({"name":"Анна"})")->text, "Привет, Анна");
}

TEST_F(MailTemplatesTest, RefusesNamesThatLeaveTheFolder) {
  for (const char* name : {"../hello", "", "hello.text", "/etc/passwd", "Hello"}) {
    const Result<MailText> mail = Render("en", "{}", name);
    ASSERT_FALSE(mail.ok()) << name;
    EXPECT_EQ(FormatErrorCode(mail.error().code), "FM-7020") << name;
  }
  EXPECT_FALSE(Render("../en", "{}").ok());
}

TEST_F(MailTemplatesTest, SaysWhichPartIsMissing) {
  std::filesystem::remove(folder_.path() / "en" / "hello.html.mustache");
  const Result<MailText> mail = Render("en", "{}");
  ASSERT_FALSE(mail.ok());
  EXPECT_NE(mail.error().message.find("hello.html.mustache"), std::string::npos);
}

TEST_F(MailTemplatesTest, RefusesWhatMstchWouldPassOver) {
  for (const char* text :
       {"a {{#vip}} b", "a {{/vip}}", "{{#a}}{{#b}}{{/a}}{{/b}}", "a {{name", "a {{{name}}", "{{}}", "{{=<% %>=}}"}) {
    Write("en", "subject", text, "html");
    const Result<MailText> mail = Render("en", "{}");
    ASSERT_FALSE(mail.ok()) << text;
    EXPECT_EQ(FormatErrorCode(mail.error().code), "FM-7021") << text;
  }
  Write("en", "subject", "{{! a note }}{{ # vip }}x{{ /vip }}{{^vip}}y{{/vip}}{{&name}}{{{name}}}", "html");
  const Result<MailText> mail = Render("en", R"({"name":"<"})");
  ASSERT_TRUE(mail.ok()) << mail.error().message;
  EXPECT_EQ(mail->text, "y<<");
}

TEST(ShippedTemplatesTest, EveryTemplateIsThereInEveryLanguageWithAllParts) {
  const std::filesystem::path folder = FERMATA_SOURCE_DIR "/templates/messages/email";
  int templates = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    if (!name.ends_with(".text.mustache")) continue;
    ++templates;
    for (const char* language : {"en", "ru"})
      for (const char* part : {"subject", "text", "html"})
        EXPECT_TRUE(
            std::filesystem::exists(folder / language / (name.substr(0, name.find('.')) + "." + part + ".mustache")))
            << name << " " << language << " " << part;
  }
  EXPECT_GE(templates, 2);
}

class NoSecrets final : public SecretSource {
 public:
  Result<std::optional<std::string>> Find(std::string_view) const override { return std::optional<std::string>(); }
};

class MailConnectorTest : public testing::Test {
 protected:
  Outcome Send(const std::string& input, const std::string& key = "i/1") {
    MailOptions options{.smtp_url = mailbox_.smtp_url(),
                        .from = "noreply@shop.example",
                        .from_name = "Магазин",
                        .templates = FERMATA_SOURCE_DIR "/templates/messages/email"};
    Job job{.idempotency_key = key, .connector = "mail", .operation = "send", .input = *ParseJson(input)};
    job.deadline = std::chrono::steady_clock::now() + 20s;
    return MakeMailConnector(std::move(options), std::make_shared<NoSecrets>())->Run(job);
  }

  test::Mailbox mailbox_;
};

TEST_F(MailConnectorTest, ARealServerGetsTheMailAsItWasMeant) {
  const Outcome outcome = Send(
      R"({"to":"ann@example.com","template":"verification-code","language":"ru","data":{"code":"123456","firstName":"Анна <3","validMinutes":15}})");
  ASSERT_TRUE(std::holds_alternative<JobSuccess>(outcome));
  const std::vector<test::Mail> mails = mailbox_.MailsTo("ann@example.com", 1);
  ASSERT_EQ(mails.size(), 1u);
  EXPECT_EQ(mails[0].subject, "Ваш код: 123456");
  EXPECT_EQ(mails[0].from, "Магазин <noreply@shop.example>");
  EXPECT_EQ(test::CodeIn(mails[0].text), "123456");
  EXPECT_NE(mails[0].text.find("Здравствуйте, Анна <3!"), std::string::npos);
  EXPECT_NE(mails[0].html.find("Анна &lt;3"), std::string::npos);
  EXPECT_EQ(Value::String(mails[0].message_id), *std::get<JobSuccess>(outcome).output.Find("messageId"));
}

TEST_F(MailConnectorTest, TellsRefusalsForGoodFromThoseForNow) {
  const Outcome refused = Send(R"({"to":"refused@example.com","template":"verification-code"})");
  ASSERT_TRUE(std::holds_alternative<BusinessFailure>(refused));
  EXPECT_EQ(std::get<BusinessFailure>(refused).name, "refused");
  const Outcome later = Send(R"({"to":"later@example.com","template":"verification-code"})");
  ASSERT_TRUE(std::holds_alternative<TechnicalFailure>(later));
  EXPECT_EQ(std::get<TechnicalFailure>(later).error, TechnicalError::kUnavailable);
}

TEST_F(MailConnectorTest, BadInputIsABusinessErrorAndSendsNothing) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"to":"ann@example.com\r\nBcc: x@y","template":"verification-code"})", "bad-address"},
      {R"({"to":"ann@example.com","template":"no-such-template"})", "unknown-template"},
  };
  for (const auto& [input, error] : cases) {
    const Outcome outcome = Send(input);
    ASSERT_TRUE(std::holds_alternative<BusinessFailure>(outcome)) << input;
    EXPECT_EQ(std::get<BusinessFailure>(outcome).name, error);
  }
  EXPECT_TRUE(mailbox_.MailsTo("ann@example.com", 0).empty());
}

TEST_F(MailConnectorTest, ALineOfOneDotArrives) {
  ASSERT_TRUE(std::holds_alternative<JobSuccess>(
      Send(R"({"to":"dot@example.com","template":"verification-code","data":{"code":"1","firstName":"x\n.\ny"}})")));
  const auto mails = mailbox_.MailsTo("dot@example.com", 1);
  ASSERT_EQ(mails.size(), 1u);
  EXPECT_NE(mails[0].text.find("\r\n.\r\ny!"), std::string::npos);
}

}  // namespace
}  // namespace fermata
