#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <optional>

#include "api/http/server.h"
#include "api/webhooks/codes.h"
#include "api/webhooks/deliverer.h"
#include "api/webhooks/signature.h"
#include "engine/base/base64.h"
#include "engine/runtime/codes.h"
#include "engine/storage/memory/memory_storage.h"
#include "tests/simulation/losing_storage.h"

namespace fermata {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kDayUs = 86'400 * kSecondUs;

class HandClock final : public Clock {
 public:
  std::int64_t NowUs() override { return now_us_; }
  void Advance(std::int64_t us) { now_us_ += us; }

 private:
  std::atomic<std::int64_t> now_us_{1'700'000'000 * kSecondUs};
};

// Answers each request with the next of its statuses, the last one again and again.
class Receiver {
 public:
  Receiver() {
    server_ =
        std::make_unique<HttpServer>(HttpServerOptions(), [this](const HttpRequest& request, ResponseHandle response) {
          std::lock_guard lock(mutex_);
          ++requests_;
          signatures_ = *request.FindHeader("webhook-signature");
          HttpResponse answer = EmptyResponse(statuses_.front());
          if (!retry_after_.empty()) answer.Header("Retry-After", retry_after_);
          if (statuses_.size() > 1) statuses_.erase(statuses_.begin());
          response.Send(std::move(answer));
          changed_.notify_all();
        });
    port_ = server_->Start().value();
  }
  std::string Url(const std::string& host = "127.0.0.1") const {
    return "http://" + host + ":" + std::to_string(port_) + "/hook";
  }
  void Answer(std::vector<int> statuses, const std::string& retry_after = "") {
    std::lock_guard lock(mutex_);
    statuses_ = std::move(statuses);
    retry_after_ = retry_after;
  }
  int requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  // Of the last request.
  std::string signatures() {
    std::lock_guard lock(mutex_);
    return signatures_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int> statuses_ = {204};
  std::string retry_after_, signatures_;
  int requests_ = 0;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
};

class WebhooksTest : public testing::Test {
 protected:
  WebhooksTest() { Open(EgressRules::Of({"127.0.0.1"}).value()); }
  void Open(const EgressRules& rules) {
    deliverer_.reset();
    book_ = std::make_unique<WebhookBook>(webhooks_, *storage_, clock_, rules);
    options_.rules = rules;
  }
  void Run() {
    deliverer_ = std::make_unique<Deliverer>(options_, *book_, webhooks_, *storage_, clock_);
    deliverer_->Run();
  }
  std::string Make(const std::string& url, const std::string& tenant = "default") {
    Webhook webhook;
    webhook.tenant = tenant;
    webhook.url = url;
    webhook.events = {"instance.completed"};
    return book_->Make(webhook).value().webhook.id;
  }
  void Put(Batch batch) {
    std::promise<CommitOutcome> done;
    storage_->Commit(0, std::move(batch), [&](CommitOutcome outcome) { done.set_value(outcome); });
    ASSERT_EQ(done.get_future().get(), CommitOutcome::kCommitted);
  }
  DeliveryRow RowFor(const std::string& webhook, int number, std::string_view status = kPending) {
    Delivery delivery;
    delivery.webhook = webhook;
    delivery.id = "e-" + std::to_string(100'000 + number);
    delivery.tenant = "default";
    delivery.status = status;
    delivery.created_us = delivery.due_us = clock_.NowUs();
    delivery.event = Value::Object({{"id", Value::String(delivery.id)}});
    return RowOf(delivery);
  }
  // As a commit of the engine does it.
  void Tell(const std::string& webhook, int number = 0) {
    Batch batch;
    batch.deliveries = {RowFor(webhook, number)};
    Put(std::move(batch));
    webhooks_.DeliveriesAreDurable({webhook});
  }
  // What is known in memory, and what storage has.
  static std::map<std::string, std::int64_t> NumbersOf(const std::vector<DeliveryCount>& counts) {
    std::map<std::string, std::int64_t> numbers;
    for (const DeliveryCount& count : counts) numbers[count.webhook + " " + count.status] = count.count;
    return numbers;
  }
  Delivery At(const std::string& webhook, int number = 0) {
    return DeliveryOf(storage_->FindDelivery(0, webhook, "e-" + std::to_string(100'000 + number)).value().value())
        .value();
  }
  std::int64_t CountOf(const std::string& webhook, std::string_view status) {
    const std::vector<DeliveryCount> counts = storage_->CountDeliveries().value();
    for (const DeliveryCount& count : counts)
      if (count.webhook == webhook && count.status == status) return count.count;
    return 0;
  }
  // Looks until it is so; every look is at what is durable.
  template <class Holds>
  void Await(Holds holds) {
    const auto ends = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds() && std::chrono::steady_clock::now() < ends) std::this_thread::yield();
    EXPECT_TRUE(holds());
  }
  void AwaitTries(const std::string& webhook, std::int64_t tries) {
    Await([&] { return At(webhook).attempts == tries; });
  }

  HandClock clock_;
  std::unique_ptr<Storage> storage_ = MakeMemoryStorage();
  Webhooks webhooks_{nullptr};
  std::unique_ptr<WebhookBook> book_;
  DelivererOptions options_{"fermata/test", {5'000, 300'000}, {}};
  Receiver receiver_;
  std::unique_ptr<Deliverer> deliverer_;
};

TEST(WebhookSignature, IsThatOfStandardWebhooks) {
  EXPECT_EQ(SignWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                        R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignature, SecretsAre32BytesAndNoTwoAreEqual) {
  const std::string secret = NewWebhookSecret();
  ASSERT_TRUE(secret.starts_with("whsec_"));
  EXPECT_EQ(DecodeBase64(secret.substr(6)).value().size(), 32u);
  EXPECT_NE(secret, NewWebhookSecret());
}

TEST_F(WebhooksTest, WhatWaitsWhenItStartsIsSentAndSoIsWhatComesLater) {
  const std::string id = Make(receiver_.Url());
  Tell(id, 1);
  Run();
  Await([&] { return At(id, 1).status == kDelivered; });
  Tell(id, 2);
  Await([&] { return At(id, 2).status == kDelivered; });
  EXPECT_EQ(receiver_.requests(), 2);
  EXPECT_EQ(At(id, 2).http_status, 204);
  EXPECT_EQ(At(id, 2).error, "");
  EXPECT_EQ(At(id, 2).due_us, clock_.NowUs() + kWebhookDeliveredKeptMs * 1'000);
}

TEST_F(WebhooksTest, ManyAreSentToSeveralOnceEach) {
  const std::string one = Make(receiver_.Url()), other = Make(receiver_.Url(), "acme");
  Batch batch;
  for (int i = 0; i < 150; ++i) batch.deliveries.push_back(RowFor(i % 3 == 0 ? other : one, i));
  Put(std::move(batch));
  Run();
  Await([&] { return CountOf(one, kDelivered) == 100 && CountOf(other, kDelivered) == 50; });
  EXPECT_EQ(receiver_.requests(), 150);
  Await([&] { return book_->counters().delivered == 150u; });
}

TEST_F(WebhooksTest, AFailedTryIsMadeAgainAfterItsWaitAndTheLastOneIsTheLast) {
  receiver_.Answer({500});
  const std::string id = Make(receiver_.Url());
  Tell(id);
  Run();
  AwaitTries(id, 1);
  const std::int64_t wait_us = At(id).due_us - clock_.NowUs();
  EXPECT_GE(wait_us, 5 * kSecondUs);
  EXPECT_LE(wait_us, 6 * kSecondUs) << "a fifth longer at most";
  EXPECT_THAT(At(id).error, HasSubstr("it was 500"));
  clock_.Advance(6 * kSecondUs);
  webhooks_.DeliveriesAreDurable({});  // the clock has no alarm
  AwaitTries(id, 2);
  EXPECT_GE(At(id).due_us - clock_.NowUs(), 300 * kSecondUs);
  EXPECT_EQ(At(id).status, kPending);
  clock_.Advance(360 * kSecondUs);
  webhooks_.DeliveriesAreDurable({});
  AwaitTries(id, 3);
  EXPECT_EQ(At(id).status, kFailed);
  EXPECT_EQ(receiver_.requests(), 3);
  Await([&] { return book_->counters().failed_tries == 3u; });

  receiver_.Answer({200});
  EXPECT_EQ(book_->RetryFailed("default", id).value(), 1);
  Await([&] { return At(id).status == kDelivered; });
  EXPECT_EQ(At(id).attempts, 1);
  Await([&] { return webhooks_.Find(id)->failing_since_us == 0; });
}

TEST_F(WebhooksTest, RetryAfterMakesTheWaitLonger) {
  receiver_.Answer({429}, "7200");
  const std::string id = Make(receiver_.Url());
  Tell(id);
  Run();
  AwaitTries(id, 1);
  EXPECT_EQ(At(id).due_us - clock_.NowUs(), 7'200 * kSecondUs);
  Await([&] { return webhooks_.Find(id)->failing_since_us == clock_.NowUs(); });
}

TEST_F(WebhooksTest, OneThatFailsForDaysIsDisabledWithTheReason) {
  receiver_.Answer({503});
  const std::string id = Make(receiver_.Url());
  Tell(id, 0);
  Run();
  AwaitTries(id, 1);
  EXPECT_TRUE(webhooks_.Find(id)->enabled);
  clock_.Advance(kWebhookFailingMsMax * 1'000 + kSecondUs);
  webhooks_.DeliveriesAreDurable({});
  Await([&] { return !webhooks_.Find(id)->enabled; });
  EXPECT_EQ(webhooks_.Find(id)->disabled_reason, "No delivery has succeeded since 2023-11-14T22:13:20Z.");
  Await([&] { return book_->counters().disabled == 1u; });
  EXPECT_EQ(book_->Ping("default", id, "").error().code, kWebhookDisabled);

  receiver_.Answer({204});
  WebhookSettings settings;
  settings.enabled = true;
  EXPECT_EQ(book_->Change("default", id, settings).value().disabled_reason, "");
  clock_.Advance(kDayUs);
  webhooks_.DeliveriesAreDurable({});
  Await([&] { return At(id).status == kDelivered; });
}

TEST_F(WebhooksTest, ANameThatLeadsToAPrivateAddressIsNotCalled) {
  Open(EgressRules());
  const std::string id = Make(receiver_.Url("localhost"));
  Tell(id);
  Run();
  AwaitTries(id, 1);
  EXPECT_THAT(At(id).error, HasSubstr("may not call this address"));
  EXPECT_EQ(At(id).http_status, 0);
  EXPECT_EQ(receiver_.requests(), 0);
}

TEST_F(WebhooksTest, UrlsThatCannotBeCalledAreRefused) {
  Open(EgressRules());
  for (const char* url :
       {"ftp://example.com/", "example.com", "http://", "https://ann:secret@example.com/", "https://example.com/#top",
        "https://example.com/a b", "http://127.0.0.1/", "http://[::1]/", "http://10.1.2.3/", "http://169.254.169.254/"})
    EXPECT_EQ(book_->CheckUrl(url).error().code, kWebhookUrlWrong) << url;
  EXPECT_EQ(book_->CheckUrl("https://example.com/" + std::string(kWebhookUrlBytesMax, 'x')).error().code,
            kWebhookUrlWrong);
  for (const char* url : {"https://example.com", "http://example.com:8080/hooks?of=us", "https://93.184.216.34/"})
    EXPECT_TRUE(book_->CheckUrl(url).ok()) << url;
}

TEST_F(WebhooksTest, WhatIsTooMuchIsGivenUpAndWhatIsOverIsForgotten) {
  const std::string id = Make(receiver_.Url());
  WebhookSettings off;
  off.enabled = false;
  ASSERT_TRUE(book_->Change("default", id, off).ok());
  Batch batch;
  for (int i = 0; i < 5; ++i) batch.deliveries.push_back(RowFor(id, i));
  for (int i = 5; i < 9; ++i) batch.deliveries.push_back(RowFor(id, i, kDelivered));
  batch.deliveries.push_back(RowFor("wh-deleted", 1));
  Put(std::move(batch));
  options_.pending_max = 3;
  options_.finished_max = 2;
  Run();
  Await([&] {
    return CountOf(id, kFailed) == 2 && CountOf(id, kDelivered) == 2 && CountOf("wh-deleted", kPending) == 0;
  });
  EXPECT_EQ(CountOf(id, kPending), 3);
  EXPECT_EQ(At(id, 0).error, "It was given up: more than 3 deliveries waited.");
  EXPECT_EQ(At(id, 2).status, kPending) << "the newest stay";
  Await([&] { return book_->counters().given_up == 2u; });
  EXPECT_EQ(receiver_.requests(), 0);
}

TEST_F(WebhooksTest, WhatWaitsTooLongForADisabledOneIsGivenUp) {
  const std::string id = Make(receiver_.Url());
  WebhookSettings off;
  off.enabled = false;
  ASSERT_TRUE(book_->Change("default", id, off).ok());
  Tell(id, 1);
  clock_.Advance(kWebhookWaitMsMax * 1'000 + kSecondUs);
  Tell(id, 2);
  Run();
  Await([&] { return At(id, 1).status == kFailed; });
  EXPECT_EQ(At(id, 1).error, "It was given up: its webhook is disabled.");
  EXPECT_EQ(At(id, 2).status, kPending);
}

TEST_F(WebhooksTest, DeliveriesOfOneThatIsDeletedGoWithIt) {
  const std::string id = Make(receiver_.Url());
  Run();
  Tell(id);
  Await([&] { return At(id).status == kDelivered; });
  Batch batch;  // of which nobody has heard
  for (int i = 1; i <= kWebhookRowsAtOnce + 1; ++i) batch.deliveries.push_back(RowFor(id, i, kFailed));
  Put(std::move(batch));
  ASSERT_TRUE(book_->Drop("default", id).ok());
  Await([&] { return CountOf(id, kDelivered) == 0 && CountOf(id, kFailed) == 0; });
  EXPECT_EQ(book_->Find("default", id).error().code, kUnknownWebhook);
}

TEST_F(WebhooksTest, ThereAreSoManyOfATenantAndNoMore) {
  for (std::size_t i = 0; i < kWebhooksPerTenantMax; ++i) Make(receiver_.Url());
  Webhook one;
  one.tenant = "default";
  EXPECT_EQ(book_->Make(one).error().code, kTooManyWebhooks);
  one.tenant = "acme";
  EXPECT_TRUE(book_->Make(one).ok());
  EXPECT_EQ(book_->All("acme").size(), 1u);
}

TEST_F(WebhooksTest, WebhooksAreThereAgainAfterARestart) {
  Webhook one;
  one.tenant = "acme";
  one.url = "https://example.com/";
  one.description = "the warehouse";
  one.events = {"task.opened", "task.closed"};
  one.process = "order";
  one.created_by = "ann";
  const Webhook made = book_->Make(one).value().webhook;
  const Webhook rotated = book_->Rotate("acme", made.id, "key").value().webhook;
  EXPECT_EQ(book_->Rotate("acme", made.id, "key").value().secret, rotated.secret.text);
  Webhooks again(nullptr);
  ASSERT_TRUE(again.Load(*storage_).ok());
  const Webhook found = again.Find(made.id).value();
  EXPECT_EQ(Webhooks::RowOf(found), Webhooks::RowOf(rotated));
  ASSERT_EQ(found.old_secrets.size(), 1u);
  EXPECT_EQ(found.old_secrets[0].text, made.secret.text);
  EXPECT_EQ(found.old_secrets[0].until_us, clock_.NowUs() + kDayUs);
  EXPECT_EQ(found.events, one.events);
  ASSERT_TRUE(again.Enabled());
  EXPECT_EQ(again.Enabled()->size(), 1u);
}

TEST_F(WebhooksTest, RowsOfAnEarlierVersionAreRead) {
  Batch batch;
  batch.standing_orders = {
      {"webhook", "wh-1",
       R"({"tenant":"acme","url":"https://example.com/","events":[],"enabled":true,"secret":"whsec_new",)"
       R"("oldSecret":"whsec_old","oldSecretUntil":5,"rotationKey":"k"})"},
      {"webhook", "wh-2",
       R"({"tenant":"acme","enabled":true,"secret":"whsec_only","oldSecret":"","oldSecretUntil":0})"}};
  Put(std::move(batch));
  ASSERT_TRUE(webhooks_.Load(*storage_).ok());
  const Webhook rotated = webhooks_.Find("wh-1").value(), other = webhooks_.Find("wh-2").value();
  EXPECT_EQ(rotated.secret.text, "whsec_new");
  EXPECT_EQ(rotated.secret.rotation_key, "k");
  EXPECT_FALSE(rotated.secret.is_first);
  ASSERT_EQ(rotated.old_secrets.size(), 1u);
  EXPECT_EQ(rotated.old_secrets[0].text, "whsec_old");
  EXPECT_EQ(rotated.old_secrets[0].until_us, 5);
  EXPECT_TRUE(other.secret.is_first);
  EXPECT_TRUE(other.old_secrets.empty());
}

TEST_F(WebhooksTest, EverySecretSignsUntilItsTimeIsOverAndMoreAreRefused) {
  const std::string id = Make(receiver_.Url());
  for (std::size_t i = 0; i < kWebhookOldSecretsMax; ++i) {
    ASSERT_TRUE(book_->Rotate("default", id, "key-" + std::to_string(i)).ok());
    clock_.Advance(kSecondUs);
  }
  const auto one_more = book_->Rotate("default", id, "");
  EXPECT_EQ(one_more.error().code, kTooManySecrets);
  EXPECT_THAT(one_more.error().message, HasSubstr("until 2023-11-15T22:13:20Z"));
  // A repeat is answered as the first time, also when another secret has come since.
  const WebhookBook::Made again = book_->Rotate("default", id, "key-0").value();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.secret, webhooks_.Find(id)->old_secrets[1].text);
  Run();
  Tell(id);
  Await([&] { return At(id).status == kDelivered; });
  const std::string signatures = receiver_.signatures();
  EXPECT_EQ(std::count(signatures.begin(), signatures.end(), ','), kWebhookOldSecretsMax + 1);
  clock_.Advance(kDayUs - 3 * kSecondUs);  // the first one is over
  ASSERT_TRUE(book_->Rotate("default", id, "").ok());
  EXPECT_EQ(book_->Rotate("default", id, "").error().code, kTooManySecrets);
}

TEST_F(WebhooksTest, ARepeatedRequestShowsTheSecretOnlyWhileItIsTheFirst) {
  Webhook one;
  one.tenant = "default";
  one.url = receiver_.Url();
  one.idempotency_key = "k";
  one.request_hash = "h";
  const WebhookBook::Made made = book_->Make(one).value();
  EXPECT_EQ(book_->Make(one).value().secret, made.secret);
  ASSERT_TRUE(book_->Rotate("default", made.webhook.id, "").ok());
  const WebhookBook::Made repeated = book_->Make(one).value();
  EXPECT_TRUE(repeated.repeated);
  EXPECT_EQ(repeated.secret, "");
}

TEST_F(WebhooksTest, OneThatIsIdleAfterAFailureIsNotDisabledByTheNextOne) {
  receiver_.Answer({500});
  const std::string id = Make(receiver_.Url());
  Tell(id, 1);
  Run();
  for (std::int64_t tries = 1; tries <= 3; ++tries) {
    Await([&] { return At(id, 1).attempts == tries && webhooks_.Find(id)->failing_since_us != 0; });
    clock_.Advance(360 * kSecondUs);
    webhooks_.DeliveriesAreDurable({});
  }
  ASSERT_EQ(At(id, 1).status, kFailed);
  clock_.Advance(kWebhookFailingMsMax * 1'000 + kSecondUs);
  const std::int64_t began_us = clock_.NowUs();
  Tell(id, 2);
  Tell(id, 3);
  Await(
      [&] { return At(id, 2).attempts + At(id, 3).attempts == 2 && webhooks_.Find(id)->failing_since_us == began_us; });
  EXPECT_TRUE(webhooks_.Find(id)->enabled);
}

TEST_F(WebhooksTest, TheStatusDecidesWhateverTheBodyIs) {
  std::optional<StreamHandle> endless;
  HttpServer talker({}, [&](const HttpRequest& request, ResponseHandle response) {
    if (request.path == "/huge") return response.Send(TextResponse(200, std::string(4 * kWebhookAnswerBytesMax, 'x')));
    endless.emplace(response.StartStream(200, {}));
    endless->Write("x");
  });
  const std::string url = "http://127.0.0.1:" + std::to_string(talker.Start().value());
  const std::string huge = Make(url + "/huge"), slow = Make(url + "/slow");
  Run();
  Tell(huge, 1);
  Tell(slow, 2);
  Await([&] { return At(huge, 1).attempts == 1 && At(slow, 2).attempts == 1; });
  EXPECT_EQ(At(huge, 1).status, kDelivered) << At(huge, 1).error;
  EXPECT_EQ(At(slow, 2).status, kDelivered) << At(slow, 2).error;
  EXPECT_EQ(At(slow, 2).http_status, 200);
  deliverer_.reset();
  talker.Stop();
}

TEST_F(WebhooksTest, HowManyThereAreIsWhatStorageHasWhateverHasHappenedSinceTheLastLook) {
  const std::string id = Make(receiver_.Url());
  const auto put = [&](int from, int to) {
    Batch batch;
    for (int i = from; i < to; ++i) batch.deliveries.push_back(RowFor(id, i, kDelivered));
    Put(std::move(batch));
  };
  const auto await_known = [&] {
    clock_.Advance(kWebhookTidyEveryMs * 1'000);
    webhooks_.DeliveriesAreDurable({});  // the clock has no alarm
    Await([&] { return NumbersOf(webhooks_.Counts()) == NumbersOf(storage_->CountDeliveries().value()); });
  };
  put(0, 3);
  Run();
  await_known();
  put(3, 9);
  await_known();
  ASSERT_GT(storage_->DeleteExpired(clock_.NowUs(), 7).value(), 0);
  await_known();
  ASSERT_TRUE(book_->Retry("default", id, "e-100008").ok());
  Await([&] { return CountOf(id, kDelivered) == 2; });
  await_known();
}

TEST_F(WebhooksTest, WhatStorageHasForgottenByItselfIsNotDeletedOnceMore) {
  const std::string id = Make(receiver_.Url());
  Batch batch;
  for (int i = 0; i < 6; ++i) batch.deliveries.push_back(RowFor(id, i, kDelivered));
  Put(std::move(batch));
  options_.finished_max = 4;
  Run();
  Await([&] { return CountOf(id, kDelivered) == 4; });
  clock_.Advance(kSecondUs);
  ASSERT_EQ(storage_->DeleteExpired(clock_.NowUs(), 2).value(), 2);
  clock_.Advance(kWebhookTidyEveryMs * 1'000);
  webhooks_.DeliveriesAreDurable({});
  Await([&] { return NumbersOf(webhooks_.Counts()) == NumbersOf(storage_->CountDeliveries().value()); });
  EXPECT_EQ(CountOf(id, kDelivered), 2);
}

TEST_F(WebhooksTest, DeliveriesOfOneThatAnotherServerHasMadeStay) {
  Webhook other;
  other.id = "wh-elsewhere";
  other.tenant = "default";
  other.enabled = false;
  Batch batch;
  batch.standing_orders = {Webhooks::RowOf(other)};
  batch.deliveries = {RowFor(other.id, 1, kDelivered), RowFor("wh-nowhere", 1, kDelivered)};
  Put(std::move(batch));
  Run();
  Await([&] { return CountOf("wh-nowhere", kDelivered) == 0; });
  EXPECT_EQ(CountOf(other.id, kDelivered), 1);
  EXPECT_TRUE(webhooks_.Find(other.id));
}

// ---- answers that get lost ----

class LostWebhooks : public testing::Test {
 protected:
  Result<WebhookBook::Made> Make(const std::string& description) {
    Webhook webhook;
    webhook.tenant = "default";
    webhook.url = "https://example.com/";
    webhook.description = description;
    return book_.Make(webhook);
  }

  HandClock clock_;
  LosingStorage storage_;
  Webhooks webhooks_{nullptr};
  WebhookBook book_{webhooks_, storage_, clock_, EgressRules()};
};

TEST_F(LostWebhooks, WhatHasHappenedNeverthelessIsKnownAtOnce) {
  storage_.loses_answers = true;
  EXPECT_EQ(Make("one").error().code, kStorageUnavailable);
  ASSERT_EQ(book_.All("default").size(), 1u);
  const std::string id = book_.All("default")[0].id;
  WebhookSettings off;
  off.enabled = false;
  EXPECT_FALSE(book_.Change("default", id, off).ok());
  EXPECT_FALSE(book_.Find("default", id)->enabled);
  EXPECT_FALSE(webhooks_.Enabled());
  EXPECT_FALSE(book_.Drop("default", id).ok());
  EXPECT_TRUE(book_.All("default").empty());
  EXPECT_TRUE(book_.is_current());
}

TEST_F(LostWebhooks, NothingIsChangedUntilStorageTellsWhatHasHappened) {
  storage_.loses_answers = storage_.is_away = true;
  EXPECT_FALSE(Make("one").ok());
  EXPECT_FALSE(book_.is_current());
  storage_.loses_answers = false;
  EXPECT_EQ(Make("two").error().code, kStorageUnavailable);
  storage_.is_away = false;
  ASSERT_TRUE(Make("three").ok());
  std::vector<std::string> found;
  for (const Webhook& webhook : book_.All("default")) found.push_back(webhook.description);
  EXPECT_THAT(found, testing::UnorderedElementsAre("one", "three"));
}

TEST_F(LostWebhooks, WhoSendsReadsThemAgain) {
  storage_.loses_answers = storage_.is_away = true;
  EXPECT_FALSE(Make("one").ok());
  storage_.loses_answers = storage_.is_away = false;
  Deliverer deliverer({"fermata/test", {5'000}, {}}, book_, webhooks_, storage_, clock_);
  deliverer.Run();
  while (!book_.is_current()) std::this_thread::yield();
  deliverer.Stop();
  EXPECT_EQ(book_.All("default").size(), 1u);
}

}  // namespace
}  // namespace fermata
