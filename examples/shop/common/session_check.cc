#include "examples/shop/common/session_check.h"

namespace fermata::shop {
namespace {

constexpr int kAskTimeoutMs = 3'000;

std::string TextOf(const Value& map, std::string_view key) {
  const Value* value = map.is_map() ? map.Find(key) : nullptr;
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

}  // namespace

Asker SessionCheck::WhoAsks(const RestRequest& request) {
  const std::string session = request.Cookie("sessionId");
  if (session.empty()) return {"", "", Refusal(401, "User not authorized")};
  const RestReply reply = auth_.Get("/auth", {{"Cookie", "sessionId=" + session}}, kAskTimeoutMs);
  if (reply.status == 200) return {TextOf(reply.body, "username"), reply.Header("x-session-ref"), {}};
  // No business action without an answer of auth.
  if (reply.status != 401 && reply.status != 403 && reply.status != 404)
    return {"", "", Refusal(500, "The session could not be checked")};
  return {"", "", Refusal(reply.status, TextOf(reply.body, "errorMessage"))};
}

Asker SessionCheck::CustomerOrService(const RestRequest& request) {
  if (request.from_service) return {};
  return WhoAsks(request);
}

}  // namespace fermata::shop
