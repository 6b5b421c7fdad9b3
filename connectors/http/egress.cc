#include "connectors/http/egress.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "connectors/http/codes.h"

namespace fermata {
namespace {

using Address = std::array<std::uint8_t, 16>;

constexpr Address kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kMappedBits = 96;

bool Begins(const Address& address, const Address& first, int bits) {
  const int whole = bits / 8, rest = bits % 8;
  if (!std::equal(address.begin(), address.begin() + whole, first.begin())) return false;
  return rest == 0 ||
         (address[static_cast<std::size_t>(whole)] ^ first[static_cast<std::size_t>(whole)]) >> (8 - rest) == 0;
}

// An IPv4 or IPv6 address as text.
std::optional<std::pair<Address, int>> ParseAddress(const std::string& text) {
  Address address = kMappedPrefix;
  if (inet_pton(AF_INET, text.c_str(), address.data() + 12) == 1) return std::pair(address, 32);
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return std::pair(address, 128);
  return std::nullopt;
}

// One that stands for an IPv4 address becomes that: mapped ones are already, translated ones (64:ff9b::/96) and 6to4 lead there.
Address Unwrapped(const Address& address) {
  constexpr Address kTranslated = {0x00, 0x64, 0xff, 0x9b};
  constexpr Address k6to4 = {0x20, 0x02};
  Address inner = kMappedPrefix;
  if (Begins(address, kTranslated, 96)) {
    std::copy(address.begin() + 12, address.end(), inner.begin() + 12);
  } else if (Begins(address, k6to4, 16)) {
    std::copy(address.begin() + 2, address.begin() + 6, inner.begin() + 12);
  } else {
    return address;
  }
  return inner;
}

struct Block {
  const char* first;
  int bits;
};
constexpr Block kLinkLocal[] = {{"169.254.0.0", 16}, {"fe80::", 10}};
// What is not the public Internet (IANA's special-purpose registries).
constexpr Block kNotPublic[] = {{"0.0.0.0", 8},      {"10.0.0.0", 8},    {"100.64.0.0", 10},   {"127.0.0.0", 8},
                                {"169.254.0.0", 16}, {"172.16.0.0", 12}, {"192.0.0.0", 24},    {"192.0.2.0", 24},
                                {"192.168.0.0", 16}, {"198.18.0.0", 15}, {"198.51.100.0", 24}, {"203.0.113.0", 24},
                                {"224.0.0.0", 4},    {"240.0.0.0", 4},   {"::", 128},          {"::1", 128},
                                {"100::", 64},       {"2001:db8::", 32}, {"fc00::", 7},        {"fe80::", 10},
                                {"fec0::", 10},      {"ff00::", 8}};

template <std::size_t kCount>
bool IsIn(const Address& address, const Block (&blocks)[kCount]) {
  return std::any_of(std::begin(blocks), std::end(blocks), [&](const Block& block) {
    const auto first = ParseAddress(block.first);
    return Begins(address, first->first, first->second == 32 ? kMappedBits + block.bits : block.bits);
  });
}

std::optional<Address> AddressOf(const sockaddr& socket) {
  Address address = kMappedPrefix;
  if (socket.sa_family == AF_INET) {
    std::memcpy(address.data() + 12, &reinterpret_cast<const sockaddr_in&>(socket).sin_addr, 4);
  } else if (socket.sa_family == AF_INET6) {
    std::memcpy(address.data(), &reinterpret_cast<const sockaddr_in6&>(socket).sin6_addr, 16);
  } else {
    return std::nullopt;
  }
  return address;
}

bool IsNameEntry(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == '*';
  });
}

// '*' stands for any characters.
bool Matches(std::string_view glob, std::string_view text) {
  const std::size_t star = glob.find('*');
  if (star == std::string_view::npos) return glob == text;
  if (!text.starts_with(glob.substr(0, star))) return false;
  for (std::size_t from = star; from <= text.size(); ++from)
    if (Matches(glob.substr(star + 1), text.substr(from))) return true;
  return false;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

}  // namespace

EgressRules EgressRules::Anything() {
  EgressRules rules;
  rules.anything_ = true;
  return rules;
}

Result<EgressRules> EgressRules::Of(const std::vector<std::string>& entries) {
  EgressRules rules;
  rules.limited_ = !entries.empty();
  for (const std::string& entry : entries) {
    const std::size_t slash = entry.find('/');
    const auto address = ParseAddress(entry.substr(0, slash));
    int bits = address ? address->second : 0;
    const char* end = entry.data() + entry.size();
    const bool sized =
        slash == std::string::npos || (address && std::from_chars(entry.data() + slash + 1, end, bits).ptr == end &&
                                       bits >= 0 && bits <= address->second && slash + 1 < entry.size());
    if (address && sized) {
      rules.ranges_.push_back({address->first, address->second == 32 ? kMappedBits + bits : bits});
    } else if (const std::string name = Lower(entry); !address && IsNameEntry(name)) {
      rules.names_.push_back(name);
    } else {
      return Error{kAllowedHostWrong,
                   "Expected a host's name, an address or a range of addresses, but got '" + entry + "'.", "",
                   "For example billing.internal, *.example.com, 127.0.0.1 or 10.1.0.0/16."};
    }
  }
  return rules;
}

EgressRules EgressRules::With(std::string_view host) const {
  EgressRules rules = *this;
  if (host.empty() || anything_) return rules;
  // Without entries every public host is allowed: the new one must not end that.
  if (!rules.limited_) rules.names_.push_back("*");
  rules.limited_ = true;
  if (const auto address = ParseAddress(std::string(host))) {
    rules.ranges_.push_back({address->first, 128});
  } else {
    rules.names_.emplace_back(Lower(host));
  }
  return rules;
}

bool EgressRules::MatchesName(std::string_view host) const {
  return std::any_of(names_.begin(), names_.end(), [&](const std::string& name) { return Matches(name, host); });
}

bool EgressRules::AllowsHost(std::string_view host) const {
  return anything_ || !limited_ || !ranges_.empty() || MatchesName(host);
}

bool EgressRules::Contains(const Address& address) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&](const Range& range) { return Begins(address, range.first, range.bits); });
}

bool EgressRules::AllowsAddress(std::string_view host, const sockaddr& socket) const {
  if (anything_) return true;
  const std::optional<Address> given = AddressOf(socket);
  if (!given) return false;
  const Address address = Unwrapped(*given);
  if (Contains(address) || Contains(*given)) return true;
  if (IsIn(address, kLinkLocal)) return false;
  if (IsIn(address, kNotPublic)) return std::find(names_.begin(), names_.end(), host) != names_.end();
  return !limited_ || MatchesName(host);
}

std::string HostOfUrl(std::string_view url) {
  // Nothing but these: libcurl also takes "http:/host://other/" for a call to `host`.
  const std::string scheme = Lower(url.substr(0, url.find("://")));
  if (scheme.size() == url.size() || (scheme != "http" && scheme != "https")) return {};
  std::string_view rest = url.substr(scheme.size() + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  if (rest.starts_with('[')) return Lower(rest.substr(1, std::min(rest.find(']'), rest.size()) - 1));
  return Lower(rest.substr(0, rest.find(':')));
}

}  // namespace fermata
