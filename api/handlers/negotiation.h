// What a client says it has already, and in which coding it reads: conditional answers (RFC 9110, 13) and compression (8.4).
//
// Pure and thread-safe.
#pragma once

#include <string>

#include "api/http/request.h"
#include "api/http/response.h"

namespace fermata {

struct Negotiation {
  bool reads = false;  // GET or HEAD: the answer gets an ETag
  std::string if_none_match;
  bool gzip = false;
};

Negotiation NegotiationOf(const HttpRequest& request);

// An answer 200 of a read gets a weak ETag, or becomes 304 if the client has it already; a text of kHttpCompressBytesMin and more is
// compressed for who reads gzip. Answers with an ETag or a Content-Encoding of their own stay as they are.
void Negotiate(const Negotiation& negotiation, HttpResponse& response);

}  // namespace fermata
