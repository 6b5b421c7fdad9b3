#include "api/handlers/problems.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/handlers/codes.h"
#include "api/handlers/error_pages.h"
#include "api/http/problem.h"
#include "api/security/codes.h"
#include "api/webhooks/codes.h"
#include "engine/model/codes.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

constexpr std::array kStatuses = {
    std::pair{kJsonTooLarge, 413},
    std::pair{kJsonSyntax, 400},
    std::pair{kJsonTooDeep, 400},
    std::pair{kJsonDuplicateKey, 400},
    std::pair{kJsonNumberRange, 400},
    std::pair{kJsonBadUtf8, 400},
    std::pair{kUnknownProcess, 404},
    std::pair{kUnknownVersion, 404},
    std::pair{kUnknownInstance, 404},
    std::pair{kUnknownIncident, 404},
    std::pair{kUnknownTask, 404},
    std::pair{kUnknownPage, 404},
    std::pair{kKeyInUse, 409},
    std::pair{kIdempotencyKeyReused, 409},
    std::pair{kStatusForbids, 409},
    std::pair{kVersionTaken, 409},
    std::pair{kActionForbids, 409},
    std::pair{kTaskClosed, 409},
    std::pair{kMigrationForbids, 409},
    std::pair{kIncidentClosed, 409},
    std::pair{kMoveForbids, 409},
    std::pair{kProcessPaused, 409},
    std::pair{kUnknownPause, 404},
    std::pair{kUnknownBulk, 404},
    std::pair{kBulkForbids, 409},
    std::pair{kTooManyKeptEvents, 429},
    std::pair{kUnsupportedMediaType, 415},
    std::pair{kForeignHost, 403},
    std::pair{kForeignOrigin, 403},
    std::pair{kNotAuthenticated, 401},
    std::pair{kRoleMissing, 403},
    std::pair{kProcessForbidden, 403},
    std::pair{kActsForAnother, 403},
    std::pair{kSharedForbidden, 403},
    std::pair{kUnknownApiKey, 404},
    std::pair{kTooManyRequests, 429},
    std::pair{kTooManyApiKeys, 409},
    std::pair{kNotAudited, 503},
    std::pair{kNoEncryption, 409},
    std::pair{kIssuerUnavailable, 503},
    std::pair{kInboxFull, 503},
    std::pair{kShuttingDown, 503},
    std::pair{kStorageUnavailable, 503},
    std::pair{kCommitUnknown, 503},
    std::pair{kOverloaded, 503},
    std::pair{kServerBusy, 503},
    std::pair{kTaskTaken, 409},
    std::pair{kTooManyComments, 429},
    std::pair{kUnknownJob, 404},
    std::pair{kJobGone, 410},
    std::pair{kLeaseLost, 409},
    std::pair{kTooManyFetches, 429},
    std::pair{kUnknownWebhook, 404},
    std::pair{kUnknownDelivery, 404},
    std::pair{kTooManyWebhooks, 409},
    std::pair{kTooManySecrets, 409},
    std::pair{kWebhookDisabled, 409},
    std::pair{kQuarantined, 500},
    std::pair{kCorruptMessage, 500},
};

// Sentences hold values of the request: enough for the longest key, not for a whole body.
constexpr std::size_t kSentenceBytesMax = 2 * kKeyBytesMax;

std::string Cut(const std::string& text) {
  if (text.size() <= kSentenceBytesMax) return text;
  std::size_t end = kSentenceBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

HttpResponse Make(const Error& first, const std::vector<Error>& mistakes) {
  ProblemMembers members;
  if (!first.hint.empty()) {
    std::string hint;
    AppendJsonString(first.hint, hint);
    members.emplace_back("hint", std::move(hint));
  }
  std::vector<Value> places;
  for (const Error& mistake : mistakes)
    if ((mistakes.size() > 1 || !mistake.path.empty()) && places.size() < kDiagnosticsMax)
      places.push_back(MistakeView(mistake));
  if (!places.empty()) members.emplace_back("errors", WriteJson(Value::List(std::move(places))));
  const int status = StatusOf(first.code);
  HttpResponse response = Problem(status, first.code, ErrorTitle(first.code), Cut(first.message), members);
  if (status == 503 || status == 429) response.Header("Retry-After", "1");
  return response;
}

}  // namespace

int StatusOf(ErrorCode code) {
  for (const auto& [known, status] : kStatuses)
    if (known == code) return status;
  const int number = static_cast<int>(code);
  // Storage that does not answer (5000 to 5049) is a matter of time; the rest of a request's codes are about what it says.
  if (number >= 5000 && number < 5050) return 503;
  const bool about_the_request = (number >= 1000 && number < 5000) || (number >= 7000 && number < 8000);
  return about_the_request ? 422 : 500;
}

Error TooBusy() {
  return {kServerBusy, "Expected room for another request, but too many wait for storage. Try again in a moment."};
}

Value MistakeView(const Error& mistake) {
  std::vector<MapEntry> entries;
  entries.emplace_back(Value::String("path"), Value::String(Cut(mistake.path)));
  entries.emplace_back(Value::String("message"), Value::String(Cut(mistake.message)));
  entries.emplace_back(Value::String("code"), Value::String(FormatErrorCode(mistake.code)));
  if (!mistake.hint.empty()) entries.emplace_back(Value::String("hint"), Value::String(mistake.hint));
  return Value::Map(std::move(entries));
}

HttpResponse ProblemOf(const Error& error) { return Make(error, {error}); }

HttpResponse ProblemOf(const std::vector<Error>& mistakes) {
  FERMATA_ASSERT(!mistakes.empty());
  if (mistakes.size() == 1) return ProblemOf(mistakes.front());
  Error all = mistakes.front();
  all.message = std::to_string(mistakes.size()) + " fields are wrong. " + all.message;
  return Make(all, mistakes);
}

HttpResponse ProblemOf(const std::vector<Diagnostic>& diagnostics) {
  const auto errors = std::count_if(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& diagnostic) {
    return diagnostic.severity == Severity::kError;
  });
  std::string detail =
      errors == 1 ? "There is 1 error in the files." : "There are " + std::to_string(errors) + " errors in the files.";
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity != Severity::kError) continue;
    detail += (errors == 1 ? " " : " The first: ") + diagnostic.file + ":" + std::to_string(diagnostic.line) + ":" +
              std::to_string(diagnostic.column) + ": " + diagnostic.message;
    break;
  }
  return Problem(422, kDefinitionRefused, ErrorTitle(kDefinitionRefused), detail,
                 {{"diagnostics", WriteJson(ToValue(diagnostics))}});
}

}  // namespace fermata
