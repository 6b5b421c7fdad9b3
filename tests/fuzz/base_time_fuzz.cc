// Timestamps and spans: what is read is written so that it reads back the same.
#include <cstdlib>
#include <string_view>

#include "engine/base/base64.h"
#include "engine/base/time.h"

using namespace fermata;

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto timestamp = ParseTimestamp(text);
  if (timestamp) Require(ParseTimestamp(FormatTimestamp(*timestamp)) == timestamp);
  const auto duration = ParseDuration(text);
  if (duration) Require(ParseDuration(FormatDuration(*duration)) == duration);
  const auto span = ParseTimerSpan(text);
  if (span) Require(span->seconds >= 0 && span->nanos >= 0);
  if (timestamp && duration) {
    const auto sum = Add(*timestamp, *duration);
    if (sum) Require(Subtract(*sum, *timestamp) == duration);
  }
  Require(DecodeBase64(EncodeBase64(text)) == text);
  const auto bytes = DecodeBase64(text);
  if (bytes) Require(bytes->size() <= text.size());
  return 0;
}
