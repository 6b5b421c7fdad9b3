// Where connectors may call to: what names resolve to counts, not what they say.
#include "connectors/http/egress.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

#include "connectors/http/codes.h"
#include "connectors/http/transport.h"

namespace fermata {
namespace {

bool Allows(const EgressRules& rules, const std::string& host, const std::string& address) {
  sockaddr_storage storage{};
  auto& four = reinterpret_cast<sockaddr_in&>(storage);
  auto& six = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, address.c_str(), &six.sin6_addr), 1) << address;
    storage.ss_family = AF_INET6;
  }
  return rules.AllowsHost(host) && rules.AllowsAddress(host, reinterpret_cast<const sockaddr&>(storage));
}

EgressRules Of(const std::vector<std::string>& entries) { return EgressRules::Of(entries).value(); }

TEST(Egress, WithoutEntriesPublicAddressesAreAllowedAndNoOthers) {
  const EgressRules rules;
  for (const char* good :
       {"93.184.216.34", "8.8.8.8", "2606:4700::1111", "172.32.0.1", "100.128.0.1", "::ffff:8.8.8.8"})
    EXPECT_TRUE(Allows(rules, "example.com", good)) << good;
  for (const char* bad : {"127.0.0.1",
                          "127.8.9.1",
                          "0.0.0.0",
                          "10.0.0.1",
                          "172.16.0.1",
                          "172.31.255.255",
                          "192.168.1.1",
                          "169.254.169.254",
                          "100.64.0.1",
                          "224.0.0.1",
                          "255.255.255.255",
                          "::1",
                          "::",
                          "fe80::1",
                          "fc00::1",
                          "fd12::1",
                          "ff02::1",
                          "::ffff:127.0.0.1",
                          "::ffff:10.0.0.1",
                          "64:ff9b::7f00:1",
                          "2002:7f00:1::",
                          "2002:a9fe:a9fe::1"})
    EXPECT_FALSE(Allows(rules, "example.com", bad)) << bad;
}

TEST(Egress, AnEntryWithANameMayBePrivateButNotLinkLocal) {
  const EgressRules rules = Of({"Billing.internal", "*.example.com"});
  EXPECT_TRUE(Allows(rules, "billing.internal", "10.0.0.1"));
  EXPECT_TRUE(Allows(rules, "billing.internal", "127.0.0.1"));
  EXPECT_TRUE(Allows(rules, "billing.internal", "8.8.8.8"));
  EXPECT_FALSE(Allows(rules, "billing.internal", "169.254.169.254"));
  EXPECT_FALSE(Allows(rules, "billing.internal", "fe80::1"));
  EXPECT_TRUE(Allows(rules, "api.example.com", "8.8.8.8"));
  EXPECT_FALSE(Allows(rules, "api.example.com", "10.0.0.1"));
  EXPECT_FALSE(Allows(rules, "example.com", "8.8.8.8"));
  EXPECT_FALSE(Allows(rules, "billing.internal.evil.com", "8.8.8.8"));
  EXPECT_FALSE(rules.AllowsHost("evil.com"));
}

TEST(Egress, AnEntryWithAddressesHoldsForWhateverNameLeadsThere) {
  const EgressRules rules = Of({"127.0.0.1", "10.1.0.0/16", "fd00::/8", "169.254.10.0/24"});
  for (const char* good : {"127.0.0.1", "10.1.255.1", "fd12::1", "169.254.10.9", "::ffff:10.1.0.1"})
    EXPECT_TRUE(Allows(rules, "any", good)) << good;
  for (const char* bad : {"127.0.0.2", "10.2.0.1", "fc00::1", "169.254.11.1", "8.8.8.8"})
    EXPECT_FALSE(Allows(rules, "any", bad)) << bad;
  EXPECT_TRUE(Allows(Of({"0.0.0.0/0"}), "any", "10.0.0.1"));
  EXPECT_FALSE(Allows(Of({"0.0.0.0/0"}), "any", "::1"));
  EXPECT_TRUE(Allows(Of({"*"}), "any", "8.8.8.8"));
  EXPECT_FALSE(Allows(Of({"*"}), "any", "10.0.0.1"));
}

TEST(Egress, OneMoreHostEndsNothingThatWasAllowed) {
  const EgressRules rules = EgressRules().With("127.0.0.1").With("store.internal");
  EXPECT_TRUE(Allows(rules, "127.0.0.1", "127.0.0.1"));
  EXPECT_TRUE(Allows(rules, "store.internal", "192.168.1.1"));
  EXPECT_TRUE(Allows(rules, "example.com", "8.8.8.8"));
  EXPECT_FALSE(Allows(rules, "example.com", "192.168.1.1"));
  EXPECT_TRUE(Allows(EgressRules().With(""), "example.com", "8.8.8.8"));
  EXPECT_TRUE(Allows(EgressRules::Anything(), "x", "169.254.169.254"));
}

TEST(Egress, AnEntryThatIsNeitherNameNorAddressIsRefused) {
  for (const char* bad : {"", "http://x", "x/24", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "::/129",
                          "a b", "host:80", "[::1]"})
    EXPECT_EQ(EgressRules::Of({bad}).error().code, kAllowedHostWrong) << bad;
}

TEST(Egress, TheHostOfAUrlIsWhatWillBeCalled) {
  EXPECT_EQ(HostOfUrl("http://Example.COM:80/x"), "example.com");
  EXPECT_EQ(HostOfUrl("https://[::1]:8443/"), "::1");
  EXPECT_EQ(HostOfUrl("http://good.com@evil.com/"), "evil.com");
  EXPECT_EQ(HostOfUrl("http://evil.com?@good.com"), "evil.com");
  EXPECT_EQ(HostOfUrl("http://evil.com#@good.com"), "evil.com");
  EXPECT_EQ(HostOfUrl("good.com"), "");
  EXPECT_EQ(HostOfUrl("HTTPS://Good.com"), "good.com");
  for (const char* odd : {"http:/evil.com://good.com/", "http:///evil.com/", "ftp://good.com/", "x@http://good.com"})
    EXPECT_EQ(HostOfUrl(odd), "") << odd;
}

TEST(Egress, ACallToAForbiddenAddressFailsBeforeItIsConnected) {
  HttpTransport transport{EgressRules()};
  for (const char* url : {"http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/", "http://2130706433:1/",
                          "http://0x7f.1:1/", "http://169.254.169.254/latest/meta-data/"}) {
    HttpCall call;
    call.url = url;
    call.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(9);
    const auto answer = transport.Exchange(call);
    const auto* failure = std::get_if<HttpFailure>(&answer);
    ASSERT_NE(failure, nullptr) << url;
    EXPECT_NE(failure->reason.find("--allow-host"), std::string::npos) << url << failure->reason;
  }
}

}  // namespace
}  // namespace fermata
