// Keys are shown once and end when they should; a changed audit log is found out; globs and permissions say what they seem to.
#include "api/security/security.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <set>

#include "api/security/codes.h"
#include "api/security/permissions.h"
#include "engine/base/chance.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"
#include "engine/storage/memory/memory_storage.h"

namespace fermata {
namespace {

using testing::ElementsAre;

struct HandMovedClock final : Clock {
  std::int64_t NowUs() override { return now_us; }
  std::atomic<std::int64_t> now_us{1'000'000'000};
};

class SecurityTest : public testing::Test {
 protected:
  SecurityTest() { Open(); }

  void Open(SecurityOptions options = {.required = true, .tokens = {}}) {
    security_.reset();
    Result<std::unique_ptr<Security>> opened = Security::Open(options, *storage_, clock_);
    ASSERT_TRUE(opened.ok());
    security_ = std::move(*opened);
  }
  KeyRing::Made Make(ApiKey key = {}) {
    if (key.roles.empty()) key.roles = {Role::kClient};
    return security_->keys().Make(std::move(key)).value();
  }
  Result<Caller> Ask(const std::string& authorization) { return security_->Authenticate(&authorization); }
  Status Append(const std::string& tenant, const std::string& action) {
    std::promise<Status> done;
    security_->audit().Append({tenant, "ann", action, "/v1/x", "200"},
                              [&](Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
  }
  std::vector<AuditRow> Rows(const std::string& tenant) { return storage_->ReadAudit(tenant, 0, 1'000).value(); }

  HandMovedClock clock_;
  std::unique_ptr<Storage> storage_ = MakeMemoryStorage();
  std::unique_ptr<Security> security_;
};

TEST_F(SecurityTest, AKeyIsWhatItSaysAndNothingElseIs) {
  ApiKey key;
  key.name = "shop";
  key.tenant = "acme";
  key.processes = {"order*"};
  const KeyRing::Made made = Make(key);
  const Result<Caller> caller = Ask("Bearer " + made.text);
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->name, "shop");
  EXPECT_EQ(caller->tenant, "acme");
  EXPECT_TRUE(caller->roles.Has(Role::kClient));
  EXPECT_FALSE(caller->roles.Has(Role::kAdmin));
  EXPECT_TRUE(caller->MayUse("order-late"));
  EXPECT_FALSE(caller->MayUse("signup"));
  EXPECT_TRUE(Ask("bearer   " + made.text).ok());

  std::string other = made.text;
  other.back() = other.back() == '0' ? '1' : '0';
  for (const std::string& wrong : {other, made.text + "0", std::string("fk_"), std::string(), std::string("fk__"),
                                   made.text.substr(0, made.text.size() - 1), "fk_" + made.key.id + "_"})
    EXPECT_EQ(Ask("Bearer " + wrong).error().code, kNotAuthenticated) << wrong;
  EXPECT_EQ(Ask("Basic " + made.text).error().code, kNotAuthenticated);
  EXPECT_EQ(Ask(made.text).error().code, kNotAuthenticated);
  EXPECT_EQ(security_->Authenticate(nullptr).error().code, kNotAuthenticated);
}

TEST_F(SecurityTest, StorageDoesNotHaveTheSecret) {
  const KeyRing::Made made = Make();
  const std::string secret = made.text.substr(made.text.rfind('_') + 1);
  EXPECT_EQ(secret.size(), 64u);
  const std::vector<ApiKeyRow> rows = storage_->ReadApiKeys().value();
  ASSERT_EQ(rows.size(), 1u);
  for (const ApiKeyRow& row : rows) EXPECT_EQ((row.id + row.bytes).find(secret), std::string::npos);
}

TEST_F(SecurityTest, KeysSurviveARestartExpireAndAreRevoked) {
  ApiKey ending;
  ending.expires_us = clock_.now_us + 10;
  const KeyRing::Made short_lived = Make(ending), lasting = Make();
  Open();
  EXPECT_TRUE(Ask("Bearer " + short_lived.text).ok());
  clock_.now_us += 10;
  EXPECT_FALSE(Ask("Bearer " + short_lived.text).ok());
  ASSERT_TRUE(Ask("Bearer " + lasting.text).ok());
  EXPECT_EQ(security_->keys().Find(lasting.key.id)->last_used_us, clock_.now_us);
  EXPECT_TRUE(security_->keys().Revoke(lasting.key.id).ok());
  EXPECT_FALSE(Ask("Bearer " + lasting.text).ok());
  EXPECT_EQ(security_->keys().Revoke(lasting.key.id).error().code, kUnknownApiKey);
  Open();
  EXPECT_FALSE(Ask("Bearer " + lasting.text).ok());
}

TEST_F(SecurityTest, ACallerIsGoodAsLongAsTheKeyOrTokenIs) {
  ApiKey ending;
  ending.expires_us = clock_.now_us + 10;
  const Caller short_lived = Ask("Bearer " + Make(ending).text).value();
  const KeyRing::Made made = Make();
  const Caller lasting = Ask("Bearer " + made.text).value();
  Caller token;
  token.id = "token ann";
  token.expires_us = ending.expires_us;
  token.authenticated = true;
  EXPECT_EQ(security_->GoodForUs(short_lived), 10);
  EXPECT_EQ(security_->GoodForUs(token), 10 + kTokenLeewayMs * 1'000);
  clock_.now_us += 20;
  EXPECT_EQ(security_->GoodForUs(short_lived), 0);
  EXPECT_GT(security_->GoodForUs(token), 0);
  clock_.now_us += kTokenLeewayMs * 1'000;
  EXPECT_EQ(security_->GoodForUs(token), 0);
  EXPECT_GT(security_->GoodForUs(lasting), 0);
  EXPECT_TRUE(security_->keys().Revoke(made.key.id).ok());
  EXPECT_EQ(security_->GoodForUs(lasting), 0);
  EXPECT_GT(security_->GoodForUs(LocalCaller()), 0);
}

TEST_F(SecurityTest, AnAdminsFirstKeyIsMadeOnceAndOnlyWhereKeysAreAskedFor) {
  const std::optional<std::string> first = security_->MakeFirstKey().value();
  ASSERT_TRUE(first);
  EXPECT_TRUE(Ask("Bearer " + *first)->roles.Has(Role::kAdmin));
  EXPECT_FALSE(security_->MakeFirstKey().value());
  Open();
  EXPECT_FALSE(security_->MakeFirstKey().value());
  storage_ = MakeMemoryStorage();
  security_.reset();
  Open({.required = false, .tokens = {}});
  EXPECT_FALSE(security_->MakeFirstKey().value());
  EXPECT_EQ(security_->Authenticate(nullptr)->name, "local");
}

TEST_F(SecurityTest, WhoAsksTooOftenMustWaitAndOthersNeedNot) {
  Open({.required = true, .tokens = {}, .requests_per_second = 2});
  const Result<Caller> often = Ask("Bearer " + Make().text), seldom = Ask("Bearer " + Make().text);
  ApiKey quick;
  quick.requests_per_second = 1'000'000;
  const Result<Caller> unhurried = Ask("Bearer " + Make(quick).text);
  std::optional<std::chrono::seconds> wait;
  for (int i = 0; i < 1'000 && !wait; ++i) wait = security_->MustWait(*often);
  ASSERT_TRUE(wait);
  EXPECT_GE(wait->count(), 1);
  EXPECT_FALSE(security_->MustWait(*seldom));
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(security_->MustWait(*unhurried));
  EXPECT_FALSE(security_->MustWait(LocalCaller()));
}

TEST_F(SecurityTest, TheAuditLogIsAChainATenantThatGoesOnAfterARestart) {
  ASSERT_TRUE(Append("default", "a").ok());
  ASSERT_TRUE(Append("acme", "b").ok());
  Open();
  ASSERT_TRUE(Append("default", "c").ok());
  AuditChecker checker;
  for (const AuditRow& row : Rows("default")) EXPECT_EQ(checker.Add(row), std::nullopt);
  EXPECT_EQ(checker.rows(), 2);
  ASSERT_EQ(Rows("acme").size(), 1u);
  EXPECT_EQ(Rows("acme")[0].previous, "");
  EXPECT_EQ(Rows("acme")[0].time_us, clock_.now_us);
}

TEST_F(SecurityTest, EveryChangeOfTheAuditLogShows) {
  for (const char* action : {"a", "b", "c", "d"}) ASSERT_TRUE(Append("default", action).ok());
  const std::vector<AuditRow> rows = Rows("default");
  // The row that is said to be the first broken one; 0 = none.
  const auto broken = [](const std::vector<AuditRow>& changed) -> std::int64_t {
    AuditChecker checker;
    for (const AuditRow& row : changed)
      if (checker.Add(row)) return checker.rows() + 1;
    return 0;
  };
  ASSERT_EQ(broken(rows), 0);
  const std::vector<std::function<void(AuditRow&)>> changes = {
      [](AuditRow& row) { row.tenant = "x"; },     [](AuditRow& row) { row.time_us += 1; },
      [](AuditRow& row) { row.actor = "bob"; },    [](AuditRow& row) { row.action = "x"; },
      [](AuditRow& row) { row.target = "/v1/y"; }, [](AuditRow& row) { row.result = "403"; },
      [](AuditRow& row) { row.seq = 7; },          [](AuditRow& row) { row.previous = "x"; }};
  for (const auto& change : changes) {
    std::vector<AuditRow> changed = rows;
    change(changed[1]);
    EXPECT_EQ(broken(changed), 2);
    // With its own hash made to fit, the next row gives it away.
    changed[1].hash = HashOf(changed[1]);
    EXPECT_GE(broken(changed), 2);
    EXPECT_LE(broken(changed), 3);
  }
  std::vector<AuditRow> cut = rows;
  cut[1].hash = "x";
  EXPECT_EQ(broken(cut), 2);
  cut = rows;
  cut.erase(cut.begin() + 1);
  EXPECT_EQ(broken(cut), 2);
  cut = rows;
  cut.erase(cut.begin());
  EXPECT_EQ(broken(cut), 1);
  cut = rows;
  std::swap(cut[1], cut[2]);
  EXPECT_EQ(broken(cut), 2);
  cut = rows;
  cut.insert(cut.begin() + 2, rows[1]);
  EXPECT_EQ(broken(cut), 3);
}

TEST_F(SecurityTest, PagesOfTheAuditLogHaveTheNewestFirst) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Append("default", std::to_string(i)).ok());
  const auto numbers = [&](std::optional<std::int64_t> before) {
    std::vector<std::int64_t> all;
    const Result<std::vector<AuditRow>> page = security_->audit().Page("default", before, 2);
    for (const AuditRow& row : *page) all.push_back(row.seq);
    return all;
  };
  EXPECT_THAT(numbers(std::nullopt), ElementsAre(5, 4));
  EXPECT_THAT(numbers(4), ElementsAre(3, 2));
  EXPECT_THAT(numbers(2), ElementsAre(1));
  EXPECT_THAT(numbers(1), ElementsAre());
  EXPECT_TRUE(security_->audit().Page("nobody", std::nullopt, 2)->empty());
}

TEST_F(SecurityTest, TheAuditLogIsSearchedPageByPage) {
  for (int i = 0; i < 1'200; ++i)
    security_->audit().Append({"default", i % 400 == 7 ? "rare" : "ann", "a", "", "200"}, [](const Status&) {});
  ASSERT_TRUE(Append("default", "last").ok());
  const auto numbers = [](const Result<AuditFound>& found) {
    std::vector<std::int64_t> all;
    for (const AuditRow& row : found->rows) all.push_back(row.seq);
    return all;
  };
  AuditQuery query{
      .tenant = "default", .actor = "rare", .action = {}, .since_us = {}, .until_us = {}, .before_seq = {}};
  query.limit = 2;
  const Result<AuditFound> first = security_->audit().Find(query);
  EXPECT_THAT(numbers(first), ElementsAre(808, 408));
  query.before_seq = first->next;
  const Result<AuditFound> rest = security_->audit().Find(query);
  EXPECT_THAT(numbers(rest), ElementsAre(8));
  EXPECT_EQ(rest->next, std::nullopt);
  for (int i = 0; i < 6; ++i) {
    clock_.now_us += 1'000'000;
    ASSERT_TRUE(Append("timed", "a").ok());
  }
  query = {};
  query.tenant = "timed";
  query.action = "a";
  query.since_us = 1'003'000'000;
  query.until_us = 1'005'000'000;
  query.limit = 9;
  EXPECT_THAT(numbers(security_->audit().Find(query)), ElementsAre(4, 3));
}

TEST_F(SecurityTest, AFloodOfRefusalsIsFewRowsThatCountTheRest) {
  const auto note = [&](const std::string& actor, int times) {
    for (int i = 0; i < times; ++i) security_->refusals().Note({"default", actor, "key.create", "/v1/keys", "403"});
  };
  const auto results = [&] {
    std::vector<std::string> all;
    for (const AuditRow& row : Rows("default")) all.push_back(row.actor + " " + row.result);
    return all;
  };
  note("eve", 18);
  note("bob", 1);
  ASSERT_TRUE(Append("acme", "after them").ok());
  EXPECT_THAT(results(), ElementsAre("eve 403", "bob 403"));
  clock_.now_us += 60'000'000;
  note("eve", 1);
  ASSERT_TRUE(Append("acme", "after them").ok());
  EXPECT_THAT(results(), ElementsAre("eve 403", "bob 403", "eve 403 17 more in a minute", "eve 403"));
  // Of very many different ones those beyond the bound are one.
  clock_.now_us += 60'000'000;
  for (int i = 0; i < 1'000; ++i) note(std::to_string(i), 1);
  ASSERT_TRUE(Append("acme", "after them").ok());
  EXPECT_EQ(results().size(), 4 + kRefusalsPerMinuteMax + 1);
  EXPECT_EQ(results().back(), "* 403");
}

TEST_F(SecurityTest, ARowThatCouldNotBeWrittenLeavesNoGap) {
  ASSERT_TRUE(Append("default", "a").ok());
  AuditRow between{"default", 2, 5, "other", "b", "", "200", Rows("default")[0].hash, ""};
  between.hash = HashOf(between);
  Batch batch;
  batch.audit = {between};
  std::promise<CommitOutcome> committed;
  storage_->Commit(1, batch, [&](CommitOutcome outcome) { committed.set_value(outcome); });
  ASSERT_EQ(committed.get_future().get(), CommitOutcome::kCommitted);
  EXPECT_EQ(Append("default", "c").error().code, kStorageUnavailable);
  ASSERT_TRUE(Append("default", "d").ok());
  AuditChecker checker;
  for (const AuditRow& row : Rows("default")) EXPECT_EQ(checker.Add(row), std::nullopt);
  EXPECT_EQ(checker.rows(), 3);
}

TEST_F(SecurityTest, RowsThatComeWhileACommitIsUnderWayShareTheNext) {
  std::promise<void> release;
  SecurityWriter writer(*storage_);
  const auto wait = [&]() -> Result<Batch> { return release.get_future().wait(), Batch(); };
  ASSERT_TRUE(writer.Post(wait, [](const Status&) {}).ok());
  std::string order;
  const auto add = [&order](const char* name) {
    return [&order, name]() -> Result<Batch> { return order += name, Batch(); };
  };
  const auto tell = [&order](const Status& status) { order += status.ok() ? "+" : "-"; };
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(writer.PostShared(add(name), tell, 1).ok());
  ASSERT_TRUE(writer.Post(add("k"), [&order](const Status&) { order += "!"; }).ok());
  const auto fail = []() -> Result<Batch> { return Error{kStorageUnavailable, "Expected a row."}; };
  ASSERT_TRUE(writer.PostShared(fail, tell, 1).ok());
  release.set_value();
  writer.Stop();
  EXPECT_EQ(order, "abc+++k!-");
  EXPECT_EQ(writer.Post(add("late"), tell).error().code, kShuttingDown);
}

TEST_F(SecurityTest, SoManyChangesWaitAndSoManyBytesAndNoMore) {
  std::promise<void> taken, release;
  std::size_t told = 0;
  SecurityWriter writer(*storage_);
  const auto none = []() -> Result<Batch> { return Batch(); };
  const auto tell = [&told](const Status&) { ++told; };
  const auto wait = [&]() -> Result<Batch> {
    taken.set_value();
    release.get_future().wait();
    return Batch();
  };
  ASSERT_TRUE(writer.Post(wait, tell).ok());
  taken.get_future().wait();
  ASSERT_TRUE(writer.PostShared(none, tell, kSecurityQueueBytesMax - 1).ok());
  ASSERT_TRUE(writer.PostShared(none, tell, 1).ok());
  EXPECT_EQ(writer.PostShared(none, tell, 1).error().code, kOverloaded) << "too many bytes";
  for (std::size_t waiting = 2; waiting < kSecurityQueueMax; ++waiting) ASSERT_TRUE(writer.Post(none, tell).ok());
  EXPECT_EQ(writer.Post(none, tell).error().code, kOverloaded) << "too many";
  EXPECT_EQ(writer.Write(Batch()).error().code, kOverloaded);
  release.set_value();
  writer.Stop();
  EXPECT_EQ(told, kSecurityQueueMax + 1) << "and who was refused is not told";
}

TEST_F(SecurityTest, ThereIsRoomAgainOnceWhatWaitedIsWritten) {
  SecurityWriter writer(*storage_);
  for (int i = 0; i < 3; ++i) {
    std::promise<void> written;
    ASSERT_TRUE(writer
                    .PostShared([]() -> Result<Batch> { return Batch(); }, [&](const Status&) { written.set_value(); },
                                kSecurityQueueBytesMax)
                    .ok());
    written.get_future().wait();
  }
}

TEST_F(SecurityTest, RowsThatShareACommitFailTogetherAndLeaveNoGap) {
  std::promise<void> busy, release, over;
  security_->audit().Append({"acme", "ann", "x", "", "200"}, [&](const Status&) {
    busy.set_value();
    release.get_future().wait();
  });
  busy.get_future().wait();  // what comes now shares a commit
  std::atomic<int> failed{0};
  for (int i = 0; i < 3; ++i)
    security_->audit().Append({"default", "ann", "a", "", "200"}, [&](const Status& status) {
      failed += status.ok() ? 0 : 1;
      if (failed == 3) over.set_value();
    });
  AuditRow between{"default", 1, 5, "other", "b", "", "200", "", ""};
  between.hash = HashOf(between);
  Batch batch;
  batch.audit = {between};
  std::promise<CommitOutcome> committed;
  storage_->Commit(1, batch, [&](CommitOutcome outcome) { committed.set_value(outcome); });
  ASSERT_EQ(committed.get_future().get(), CommitOutcome::kCommitted);
  release.set_value();
  ASSERT_EQ(over.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  ASSERT_TRUE(Append("default", "d").ok());
  AuditChecker checker;
  for (const AuditRow& row : Rows("default")) EXPECT_EQ(checker.Add(row), std::nullopt);
  EXPECT_EQ(checker.rows(), 2);
}

TEST_F(SecurityTest, RefusalsThatAreOnlyCountedAreToldWhenTheServerStops) {
  for (int i = 0; i < 18; ++i) security_->refusals().Note({"default", "eve", "key.create", "/v1/keys", "403"});
  security_.reset();
  const std::vector<AuditRow> rows = Rows("default");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].result, "403 17 more in a minute");
}

TEST(Glob, StarsStandForAnything) {
  for (const auto& [glob, text] : std::vector<std::pair<std::string, std::string>>{{"*", ""},
                                                                                   {"*", "x"},
                                                                                   {"order", "order"},
                                                                                   {"order*", "order"},
                                                                                   {"*-late", "order-late"},
                                                                                   {"a*b*c", "a-b-b-c"},
                                                                                   {"a**c", "abc"},
                                                                                   {"*aab", "aaaab"}})
    EXPECT_TRUE(MatchesGlob(glob, text)) << glob << " " << text;
  for (const auto& [glob, text] : std::vector<std::pair<std::string, std::string>>{
           {"", "x"}, {"order", "orders"}, {"order*", "reorder"}, {"a*b", "ac"}, {"*.x", "ax"}, {"?", "x"}})
    EXPECT_FALSE(MatchesGlob(glob, text)) << glob << " " << text;
}

TEST(Names, OfTenantsAndRolesAreKnown) {
  for (const char* good : {"default", "a", "acme-2", "0"}) EXPECT_TRUE(IsTenantName(good)) << good;
  for (const char* bad : {"", "-a", "Acme", "a b", "a/b", "ä"}) EXPECT_FALSE(IsTenantName(bad)) << bad;
  EXPECT_FALSE(IsTenantName(std::string(64, 'a')));
  for (const std::string& name : RoleNames()) EXPECT_EQ(RoleName(*ParseRole(name)), name);
  EXPECT_FALSE(ParseRole("root"));
}

TEST(Permission, EachRouteStandsOnceAndTheOneThatChangesSomethingForAnOperatorIsAudited) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const Permission& permission : Permissions()) {
    EXPECT_TRUE(seen.emplace(permission.method, permission.pattern).second) << permission.pattern;
    const bool reads = permission.method == "GET";
    EXPECT_FALSE(reads && !permission.audited.empty()) << permission.pattern;
    // What clients and workers do is traffic; the rest is somebody's action.
    const bool traffic = permission.roles.Meets({Role::kClient, Role::kWorker});
    EXPECT_EQ(reads || traffic, permission.audited.empty()) << permission.pattern;
    EXPECT_EQ(permission.access == Access::kRoles, !permission.roles.empty()) << permission.pattern;
  }
  EXPECT_EQ(FindPermission("POST", "/v1/unheard-of"), nullptr);
}

TEST(Chance, IsNeverTheSameAndComparesWhole) {
  const std::string a = RandomHex(32), b = RandomHex(32);
  EXPECT_EQ(a.size(), 64u);
  EXPECT_NE(a, b);
  EXPECT_TRUE(EqualInConstantTime(a, std::string(a)));
  EXPECT_FALSE(EqualInConstantTime(a, b));
  EXPECT_FALSE(EqualInConstantTime(a, a.substr(1)));
}

}  // namespace
}  // namespace fermata
