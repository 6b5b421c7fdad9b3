#include "engine/base/trace_context.h"

#include <cstddef>

namespace fermata {
namespace {

// "vv-tttttttttttttttttttttttttttttttt-ssssssssssssssss-ff"
constexpr std::size_t kTraceAt = 3, kTraceDigits = 32, kSpanAt = 36, kSpanDigits = 16, kFlagsAt = 53, kLength = 55;

bool IsHex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

}  // namespace

TraceContext ParseTraceparent(std::string_view text) {
  if (text.size() < kLength || text[2] != '-' || text[kSpanAt - 1] != '-' || text[kFlagsAt - 1] != '-') return {};
  const std::string_view version = text.substr(0, 2), flags = text.substr(kFlagsAt, 2);
  const TraceContext context{text.substr(kTraceAt, kTraceDigits), text.substr(kSpanAt, kSpanDigits)};
  if (!IsHex(version) || version == "ff" || !IsHex(flags)) return {};
  if (text.size() > kLength && (version == "00" || text[kLength] != '-')) return {};
  if (!IsHex(context.trace_id) || !IsHex(context.span_id) || IsZero(context.trace_id) || IsZero(context.span_id))
    return {};
  return context;
}

}  // namespace fermata
