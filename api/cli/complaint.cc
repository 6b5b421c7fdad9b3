#include "api/cli/complaint.h"

#include <iostream>

#include "api/cli/codes.h"
#include "api/cli/exit_code.h"
#include "engine/base/sealing.h"
#include "engine/model/json.h"
#include "engine/storage/codes.h"

namespace fermata {

int ExitCodeOf(const Error& error) {
  for (const ErrorCode code : {kFileUnreadable, kSealingKeysWrong, kUnknownStorage, kNotLoopback, kWebhookRetriesWrong,
                               kStorageOptionsInvalid})
    if (error.code == code) return kExitUsage;
  return kExitFailed;
}

int ComplainOf(const Error& error, ComplaintFor reader) {
  std::cerr << "error " << FormatErrorCode(error.code) << ": " << error.message << "\n";
  if (!error.hint.empty()) std::cerr << "  hint: " << error.hint << "\n";
  if (reader == ComplaintFor::kPrograms)
    std::cout << WriteJson(Value::Object({{"error", Value::Object({{"code", Value::String(FormatErrorCode(error.code))},
                                                                   {"message", Value::String(error.message)},
                                                                   {"hint", Value::String(error.hint)}})}}))
              << "\n";
  return ExitCodeOf(error);
}

}  // namespace fermata
