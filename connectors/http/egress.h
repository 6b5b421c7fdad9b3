// Where connectors may call to. By default any public address and no other: a manifest must not lead the server to itself, to its
// neighbours, or to the metadata of a cloud machine.
//
// Immutable and thread-safe.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace fermata {

class EgressRules {
 public:
  // Only public addresses.
  EgressRules() = default;
  // Any address, for calls to what an operator alone names.
  static EgressRules Anything();
  // Only what an entry says: a host's name ("billing.internal", with whatever private address it has), names with '*' ("*.example.com"; public
  // addresses only, so "*" is every public host), an address or a range of them ("127.0.0.1", "10.1.0.0/16", "fd00::/8"). Link-local
  // addresses need an entry that is an address. None = as by default. Fails with kAllowedHostWrong.
  static Result<EgressRules> Of(const std::vector<std::string>& entries);

  // The same, and this host with it.
  EgressRules With(std::string_view host) const;

  // Whether a call may be tried: some addresses of this host could be allowed. `host` as in a URL, in small letters.
  bool AllowsHost(std::string_view host) const;
  // Whether a connection to this address may be made for a call to `host`. Asked for each connection, so what names resolve to counts.
  bool AllowsAddress(std::string_view host, const sockaddr& address) const;

 private:
  struct Range {
    std::array<std::uint8_t, 16> first{};  // IPv4 as ::ffff:a.b.c.d
    int bits = 128;
  };
  bool MatchesName(std::string_view host) const;
  bool Contains(const std::array<std::uint8_t, 16>& address) const;

  bool anything_ = false;
  bool limited_ = false;  // there are entries
  std::vector<std::string> names_;
  std::vector<Range> ranges_;
};

// The host of an http or https URL in small letters, without brackets; empty for another text.
std::string HostOfUrl(std::string_view url);

}  // namespace fermata
