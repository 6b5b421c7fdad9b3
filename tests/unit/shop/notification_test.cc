#include <filesystem>
#include <fstream>

#include "examples/shop/notification/live_streams.h"
#include "tests/unit/shop/shop_fixture.h"

namespace fermata::test {
namespace {

// ---- messages of processes ----

struct MessageWorld : ShopWorld {
  explicit MessageWorld(const std::string& database)
      : ShopWorld(database, {"notification"},
                  [](shop::ShopOptions& options) { options.gateway_url = ShopWorld::TheMailbox().gateway_url(); }) {}
};

class MessageTest : public SharedShopTest<MessageWorld> {
 protected:
  Reply Ask(const std::string& method, const std::string& path, const std::string& body = "",
            const std::string& session = "") {
    static int keys = 0;
    std::vector<std::pair<std::string, std::string>> headers{{"Idempotency-Key", "k" + std::to_string(++keys)}};
    if (!session.empty()) headers.emplace_back("Cookie", "sessionId=" + session);
    return world().Send("notification", method, path, body, headers);
  }
  // The mailbox is shared by the databases.
  std::string Email(const std::string& username) { return username + GetParam() + "@example.com"; }
  // A customer with a session that is called as they are.
  void Open(const std::string& username, const std::string& phone = "") {
    EXPECT_EQ(Ask("POST", "/accounts",
                  R"({"username":")" + username + R"(","email":")" + Email(username) + R"(","phone":")" + phone + "\"}")
                  .status,
              201);
    world().AddSession(username, username);
  }
  std::string Accept(const std::string& receiver, const std::string& more = "",
                     const std::string& name = "order-approved") {
    return Ask("POST", "/send",
               "{" + receiver + R"(,"templateId":")" + name + R"(","variables":{"orderId":"o7"})" + more + "}")
        .Text("notificationId");
  }
  // Likewise, and composed; gives its id.
  std::string Write(const std::string& username, const std::string& more = "") {
    const std::string id = Accept(R"("username":")" + username + "\"", more);
    EXPECT_EQ(Ask("POST", "/notifications/" + id + "/compose").status, 200);
    return id;
  }
  std::string ChannelsOf(const std::string& id) {
    const Reply reply = Ask("GET", "/notifications/" + id + "/channels");
    return reply.status == 200 ? WriteJson(*reply.body.Find("channels")) : std::to_string(reply.status);
  }
  int Deliver(const std::string& id, const std::string& channel) {
    return Ask("POST", "/notifications/" + id + "/deliver", R"({"channel":")" + channel + "\"}").status;
  }
  // The titles of what the customer's page lists.
  std::vector<std::string> PageOf(const std::string& username) {
    std::vector<std::string> titles;
    const Reply page = Ask("GET", "/notifications", "", username);
    for (const Value& message : page.body.Find("notifications")->as_list())
      titles.emplace_back(message.Find("title")->as_string());
    return titles;
  }
};

// A page that is open: the stream up to and with its welcome has been read.
class OpenPage {
 public:
  OpenPage(int port, const std::string& session, const std::string& more = "") : client_(port) {
    client_.Send("GET /stream HTTP/1.1\r\nHost: shop\r\nCookie: sessionId=" + session + "\r\n" + more + "\r\n");
    head_ = client_.ReadUntil(": welcome\n\n");
  }
  const std::string& head() const { return head_; }
  // The next event of the stream.
  std::string Next() {
    client_.ReadUntil("id: ");
    return client_.ReadUntil("\n\n");
  }
  bool SeesClose() { return client_.SeesClose(); }

 private:
  RawClient client_;
  std::string head_;
};

TEST_P(MessageTest, AMailIsSentOnceHoweverOftenItIsDelivered) {  // SHOP-NTF-2, SHOP-NTF-4
  Open("mia", "+7 900 100");
  const std::string id = Write("mia");
  EXPECT_EQ(ChannelsOf(id), R"(["EMAIL","PUSH","SMS"])");
  for (int time = 0; time < 2; ++time) EXPECT_EQ(Deliver(id, "EMAIL"), 200);
  const std::vector<Mail> mails = world().TheMailbox().MailsTo(Email("mia"), 1);
  ASSERT_EQ(mails.size(), 1u);
  EXPECT_EQ(mails[0].subject, "Order o7 is accepted");
  EXPECT_NE(mails[0].text.find("order o7"), std::string::npos);
  EXPECT_EQ(Ask("POST", "/notifications/" + id + "/status", R"({"status":"SENT"})").status, 200);
  EXPECT_EQ(Ask("POST", "/notifications/" + id + "/status", R"({"status":"LOST"})").status, 400);
}

TEST_P(MessageTest, AnAccountOpensWithItsChannelsAsAList) {  // SHOP-NTF-1
  const Reply account = Ask("POST", "/accounts",
                            R"({"username":"lia","channels":[{"kind":"EMAIL","address":"lia@example.com"},)"
                            R"({"kind":"SMS","address":"+7 1"},{"kind":"PUSH","address":"tablet"}]})");
  EXPECT_EQ(account.status, 201);
  EXPECT_EQ(
      WriteJson(*account.body.Find("channels")),
      R"([{"kind":"EMAIL","address":"lia@example.com"},{"kind":"PUSH","address":"tablet"},{"kind":"SMS","address":"+7 1"}])");
  EXPECT_EQ(Ask("POST", "/accounts", R"({"username":"lea","channels":[{"kind":"SMS","address":"+7 1"}]})").status, 400);
}

TEST_P(MessageTest, AMessageSpeaksTheLanguageOfItsReceiver) {  // SHOP-NTF-9
  Open("rita");
  Deliver(Write("rita", R"(,"language":"ru")"), "EMAIL");
  const std::vector<Mail> mails = world().TheMailbox().MailsTo(Email("rita"), 1);
  ASSERT_EQ(mails.size(), 1u);
  EXPECT_EQ(mails[0].subject, "Заказ o7 принят");
}

TEST_P(MessageTest, ATextGoesThroughTheGatewayOnce) {  // SHOP-NTF-1, SHOP-NTF-6
  const std::string phone = "+7900200" + GetParam();
  Open("tim", phone);
  const std::string id = Write("tim");
  for (int time = 0; time < 2; ++time) EXPECT_EQ(Deliver(id, "SMS"), 200);
  EXPECT_EQ(world().TheMailbox().TextsTo(phone, 1), std::vector<std::string>{"sms||Order o7 is accepted"});
}

TEST_P(MessageTest, AGatewayThatRefusesIsToldFromOneThatIsAway) {  // SHOP-NTF-5
  Open("una", "+000 1");
  Open("uma", "+999 1");
  EXPECT_EQ(Deliver(Write("una"), "SMS"), 422);
  EXPECT_EQ(Deliver(Write("uma"), "SMS"), 503);
  const std::string id = Write("una");
  EXPECT_EQ(Deliver(id, "TELEGRAM"), 422);
  EXPECT_EQ(Deliver(id, "EMAIL"), 200) << "The others go on.";
}

TEST_P(MessageTest, APushReachesTheDevice) {  // SHOP-NTF-3
  const std::string device = "phone of dan " + GetParam();
  Open("dan");
  EXPECT_EQ(Ask("POST", "/devices", R"({"deviceId":")" + device + "\"}", "dan").status, 200);
  EXPECT_EQ(Ask("POST", "/devices", "{}", "dan").status, 400);
  EXPECT_EQ(Ask("POST", "/devices", R"({"deviceId":"x"})").status, 401);
  EXPECT_EQ(Deliver(Write("dan"), "PUSH"), 200);
  const std::vector<std::string> texts = world().TheMailbox().TextsTo(device, 1);
  ASSERT_EQ(texts.size(), 1u);
  EXPECT_EQ(texts[0].find("push|Order o7 is accepted|Hello!"), 0u);
}

TEST_P(MessageTest, AnOpenPageHearsAtOnceAndOneThatComesBackWhatItMissed) {  // SHOP-NTF-3
  Open("pia");
  Open("pit");
  OpenPage page(world().port("notification"), "pia"), other(world().port("notification"), "pit");
  EXPECT_NE(page.head().find("text/event-stream"), std::string::npos);
  EXPECT_EQ(Deliver(Write("pia"), "PUSH"), 200);
  const std::string first = page.Next();
  EXPECT_NE(first.find("\nevent: notification\ndata: {"), std::string::npos);
  EXPECT_NE(first.find("Order o7 is accepted"), std::string::npos);
  Deliver(Write("pia", R"(,"language":"ru")"), "PUSH");
  OpenPage back(world().port("notification"), "pia", "Last-Event-ID: " + first.substr(0, first.find('\n')) + "\r\n");
  EXPECT_NE(back.Next().find("Заказ o7 принят"), std::string::npos);
  EXPECT_EQ(PageOf("pia"), (std::vector<std::string>{"Заказ o7 принят", "Order o7 is accepted"}));
  // What is for one customer no other hears: the first that comes is their own.
  Deliver(Write("pit", R"(,"language":"ru")"), "PUSH");
  EXPECT_NE(other.Next().find("Заказ"), std::string::npos);
  EXPECT_EQ(PageOf("pit").size(), 1u);
}

TEST(LiveStreams, AStreamWithNothingToSayShowsThatItLives) {
  shop::LiveStreams streams(std::chrono::milliseconds(1));
  HttpServer server({.stop_grace_ms = 0}, [&](const HttpRequest&, const ResponseHandle& response) {
    streams.Add("ann", response.StartStream(200, {{"Content-Type", "text/event-stream"}}));
  });
  Result<int> port = server.Start();
  ASSERT_TRUE(port.ok());
  RawClient page(*port);
  page.Send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
  for (int beats = 0; beats < 3; ++beats) EXPECT_TRUE(page.ReadUntil(": still here\n\n").ends_with(": still here\n\n"));
  server.Stop();
}

TEST_P(MessageTest, NobodyListensWithoutASession) {
  EXPECT_EQ(Ask("GET", "/stream").status, 401);
  EXPECT_EQ(Ask("GET", "/notifications").status, 401);
  EXPECT_EQ(Ask("GET", "/notifications", "", "none").status, 401);
}

TEST_P(MessageTest, ACustomerHasSoManyPagesOpen) {
  Open("may");
  OpenPage oldest(world().port("notification"), "may");
  std::vector<std::unique_ptr<OpenPage>> pages;
  for (int i = 0; i < 8; ++i) pages.push_back(std::make_unique<OpenPage>(world().port("notification"), "may"));
  EXPECT_TRUE(oldest.SeesClose());
  Deliver(Write("may"), "PUSH");
  for (const auto& page : pages) EXPECT_NE(page->Next().find("Order o7"), std::string::npos);
}

TEST_P(MessageTest, OffersAreForThoseWhoWantThem) {  // SHOP-NTF-11
  Open("kim");
  EXPECT_EQ(ChannelsOf(Accept(R"("username":"kim")", "", "promotion-summer")), R"(["EMAIL","PUSH"])");
  EXPECT_EQ(Ask("PUT", "/policy", R"({"marketing":"no"})", "kim").status, 400);
  EXPECT_EQ(Ask("PUT", "/policy", R"({"marketing":false})").status, 401);
  EXPECT_EQ(Ask("PUT", "/policy", R"({"marketing":false})", "kim").status, 200);
  EXPECT_EQ(ChannelsOf(Accept(R"("username":"kim")", "", "promotion-summer")), "[]");
  EXPECT_EQ(ChannelsOf(Accept(R"("username":"kim")")), R"(["EMAIL","PUSH"])") << "What must be told is told.";
  Ask("PUT", "/policy", R"({"marketing":true})", "kim");
  EXPECT_EQ(ChannelsOf(Accept(R"("username":"kim")", "", "promotion-summer")), R"(["EMAIL","PUSH"])");
}

TEST_P(MessageTest, OnlyTheChannelsThatAreWantedAreUsed) {
  Open("wil", "+7 1");
  EXPECT_EQ(ChannelsOf(Accept(R"("username":"wil")", R"(,"channels":["SMS","TELEGRAM"])")), R"(["SMS"])");
  EXPECT_EQ(ChannelsOf(Accept(R"("username":"nobody")")), "404");
  EXPECT_EQ(ChannelsOf(Accept(R"("role":"storekeeper")")), R"(["EMAIL"])");
  EXPECT_EQ(ChannelsOf(Accept(R"("email":"guest@example.com")")), R"(["EMAIL"])");
}

TEST_P(MessageTest, RolesAndGuestsHaveMails) {
  for (const std::string& name : {std::string("role"), std::string("email")}) {
    const std::string to = name + GetParam() + (name == "email" ? "@example.com" : "");
    const std::string id = Accept("\"" + name + R"(":")" + to + "\"");
    EXPECT_EQ(Ask("POST", "/notifications/" + id + "/compose").status, 200);
    EXPECT_EQ(Deliver(id, "EMAIL"), 200);
    EXPECT_EQ(Deliver(id, "PUSH"), 422);
    EXPECT_EQ(world().TheMailbox().MailsTo(name == "role" ? to + "@shop.example" : to, 1).size(), 1u);
  }
}

TEST_P(MessageTest, StepsOutOfOrderAreRefused) {
  Open("sam");
  const std::string id = Accept(R"("username":"sam")");
  EXPECT_EQ(Deliver(id, "EMAIL"), 409) << "It is not composed.";
  EXPECT_EQ(Ask("POST", "/notifications/" + Accept(R"("username":"sam")", "", "none") + "/compose").status, 422);
  EXPECT_EQ(Ask("POST", "/notifications/none/compose").status, 404);
  EXPECT_EQ(Deliver("none", "EMAIL"), 404);
  EXPECT_EQ(ChannelsOf("none"), "404");
  EXPECT_EQ(Ask("POST", "/notifications/none/status", R"({"status":"SENT"})").status, 404);
}

TEST_P(MessageTest, RefusesWhatIsFilledInWrongly) {
  const std::string large(16 * 1024, 'x');
  const std::string cases[] = {
      R"({"templateId":"order-approved"})",
      R"({"username":"ann","email":"a@example.com","templateId":"order-approved"})",
      R"({"username":"ann"})",
      R"({"username":"ann","templateId":"../secrets"})",
      R"({"username":"ann","templateId":"order-approved","channels":["PIGEON"]})",
      R"({"username":"ann","templateId":"order-approved","channels":"EMAIL"})",
      R"({"username":"ann","templateId":"order-approved","variables":[1]})",
      R"({"username":"ann","templateId":"order-approved","variables":{"text":")" + large + "\"}}",
  };
  for (const std::string& body : cases) EXPECT_EQ(Ask("POST", "/send", body).status, 400) << body.substr(0, 200);
  EXPECT_EQ(world().Post("notification", "/send", R"({"username":"ann","templateId":"order-approved"})").status, 400)
      << "It has no key.";
}

TEST_P(MessageTest, ARequestToSendIsTakenOnceForItsKey) {
  const char* body = R"({"username":"ann","templateId":"order-approved"})";
  const std::string id = world().Post("notification", "/send", body, "same").Text("notificationId");
  EXPECT_EQ(world().Post("notification", "/send", body, "same").Text("notificationId"), id);
  EXPECT_NE(world().Post("notification", "/send", body, "other").Text("notificationId"), id);
}

// ---- files ----

struct FilesWorld : ShopWorld {
  explicit FilesWorld(const std::string& database) : ShopWorld(database, {"files"}) { AddSession("s-ann", "ann"); }
};

class FilesTest : public SharedShopTest<FilesWorld> {
 protected:
  Reply DrawQr(const std::string& text) { return world().Post("files", "/qr", R"({"text":")" + text + "\"}"); }
  Reply Upload(const std::string& type, const std::string& bytes, const std::string& session = "s-ann",
               const std::string& query = "") {
    return world().Send("files", "POST", "/files" + query, bytes,
                        {{"Content-Type", type}, {"Cookie", "sessionId=" + session}});
  }
  ClientResponse Download(const std::string& uid) { return HttpClient(world().port("files")).Get("/files/" + uid); }
};

TEST_P(FilesTest, AQrCodeIsAPictureOfItsText) {  // SHOP-PAY-22
  const Reply first = DrawQr("https://bank.example/pay/1");
  ASSERT_EQ(first.status, 201);
  const Reply again = DrawQr("https://bank.example/pay/1");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.Text("uid"), first.Text("uid"));
  EXPECT_NE(DrawQr("https://bank.example/pay/2").Text("uid"), first.Text("uid"));
  EXPECT_EQ(first.Text("url"), "http://localhost/files/" + first.Text("uid")) << "Where it was asked for.";
  const ClientResponse picture = Download(first.Text("uid"));
  EXPECT_EQ(picture.status, 200);
  EXPECT_EQ(picture.Header("content-type"), "image/svg+xml");
  // 26 bytes at level M are version 2: 25 modules and the quiet zone. The row on top of two corners' patterns begins and
  // ends with seven dark modules.
  EXPECT_EQ(picture.body.find(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 33 33")"), 0u);
  EXPECT_NE(picture.body.find("M4 4h7v1h-7z"), std::string::npos);
  EXPECT_NE(picture.body.find("M22 4h7v1h-7z"), std::string::npos);
}

TEST_P(FilesTest, AQrCodeGoesAfterADayUnlessSomebodyAsksAgain) {
  const std::string gone = DrawQr("gone").Text("uid"), kept = DrawQr("kept").Text("uid");
  world().clock_.Advance(23 * 3'600);
  EXPECT_EQ(DrawQr("kept").status, 200);
  world().clock_.Advance(3'600);
  EXPECT_EQ(Download(gone).status, 404);
  EXPECT_EQ(Download(kept).status, 200);
  EXPECT_EQ(DrawQr("gone").status, 200) << "Its row was there until now.";
  EXPECT_EQ(Download(gone).status, 200);
}

TEST_P(FilesTest, RefusesATextThatMakesNoCode) {
  EXPECT_EQ(DrawQr("").status, 400);
  EXPECT_EQ(DrawQr(std::string(1'001, 'x')).status, 400);
  EXPECT_EQ(DrawQr("a\\u0000b").status, 400);
  EXPECT_EQ(DrawQr(std::string(1'000, 'x')).status, 201);
}

TEST_P(FilesTest, WhatWasUploadedComesBackAndDoesNotRun) {
  const std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
  const Reply kept = Upload("image/svg+xml", svg);
  ASSERT_EQ(kept.status, 201);
  const ClientResponse back = Download(kept.Text("uid"));
  EXPECT_EQ(back.body, svg);
  EXPECT_EQ(back.Header("content-type"), "image/svg+xml");
  EXPECT_EQ(back.Header("x-content-type-options"), "nosniff");
  EXPECT_NE(back.Header("content-security-policy").find("sandbox"), std::string::npos);
  world().StopShop();
  world().StartShop();
  EXPECT_EQ(Download(kept.Text("uid")).body, svg);
}

TEST_P(FilesTest, RefusesFilesThatAreNotWhatTheySay) {
  EXPECT_EQ(Upload("image/png", "GIF89a").status, 422);
  EXPECT_EQ(Upload("text/html", "<html>").status, 415);
  EXPECT_EQ(Upload("image/png", "").status, 400);
  EXPECT_EQ(Upload("image/png", "\x89PNG\r\n\x1a\n" + std::string(2 * 1024 * 1024, 'x')).status, 413);
  EXPECT_EQ(Upload("application/pdf", "%PDF-1.5", "s-ann", "?sha256=" + std::string(64, '0')).status, 422);
  EXPECT_EQ(Upload("application/pdf", "%PDF-1.7", "none").status, 401);
  const std::vector<std::pair<std::string, std::string>> stranger = {
      {"Content-Type", "application/pdf"}, {"Idempotency-Key", "a stranger"}, {"X-Service-Key", ""}};
  EXPECT_EQ(world().Send("files", "POST", "/files", "%PDF-1.7", stranger).status, 401);
  EXPECT_EQ(world()
                .Send("files", "POST", "/files", "%PDF-1.7",
                      {{"Content-Type", "application/pdf"}, {"Idempotency-Key", "a service"}})
                .status,
            201);
}

TEST_P(FilesTest, UnknownNamesAreNotFoundAndDamagedFilesAreNoticed) {
  EXPECT_EQ(Download("none").status, 404);
  EXPECT_EQ(Download("..%2fauth.key").status, 400);
  const std::string uid = Upload("application/pdf", "%PDF-1.4 sound").Text("uid");
  const auto path = std::filesystem::path(world().data_folder()) / "files" / uid.substr(0, 2) / uid;
  ASSERT_TRUE(std::filesystem::exists(path));
  std::ofstream(path) << "%PDF-1.4 wound";
  EXPECT_EQ(Download(uid).status, 500);
}

INSTANTIATE_TEST_SUITE_P(Each, MessageTest, testing::Values("Sqlite", "Postgres"), DatabaseName);
INSTANTIATE_TEST_SUITE_P(Each, FilesTest, testing::Values("Sqlite", "Postgres"), DatabaseName);

}  // namespace
}  // namespace fermata::test
