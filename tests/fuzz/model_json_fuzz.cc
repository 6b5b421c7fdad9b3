// JSON: what is read is written so that it reads back the same, and nothing crashes.
#include <cstdlib>
#include <string_view>

#include "engine/model/json.h"
#include "engine/model/limits.h"

using namespace fermata;

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<Value> value = ParseJson(text);
  if (!value.ok()) {
    Require(!value.error().message.empty() && IsValidUtf8(value.error().message));
    return 0;
  }
  Require(IsValidUtf8(text) && value->Depth() <= kValueDepthMax);
  const Result<Value> again = ParseJson(WriteJson(*value));
  Require(again.ok() && *again == *value);
  Require(*ParseJson(WritePrettyJson(*value)) == *value);
  Require(*ToJsonValue(*value) == *value);
  Require(value->MemoryBytes(1 << 30) <= 100 * (size + 1));
  return 0;
}
