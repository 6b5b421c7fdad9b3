// Values: built from bytes in any shape, shared and nested; copying, comparing, measuring, writing and destroying them never crashes.
#include <cstdlib>

#include "engine/model/json.h"

using namespace fermata;

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

// A small machine: each byte pushes a value or makes one of those on the stack.
Value Build(const unsigned char* data, std::size_t size) {
  std::vector<Value> stack;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t take = std::min<std::size_t>(stack.size(), data[i] >> 4);
    std::vector<Value> top(stack.end() - static_cast<std::ptrdiff_t>(take), stack.end());
    switch (data[i] & 15) {
      case 0:
        stack.push_back(Value::Int(data[i] >> 4));
        break;
      case 1:
        stack.push_back(Value::Uint(data[i] >> 4));
        break;
      case 2:
        stack.push_back(Value::Double((data[i] >> 4) / 2.0));
        break;
      case 3:
        stack.push_back(Value::Bool(data[i] > 127));
        break;
      case 4:
        stack.push_back(Value::String(std::string(data[i] >> 4, 's')));
        break;
      case 5:
        stack.push_back(Value::Bytes(std::string(data[i] >> 4, '\xff')));
        break;
      case 6:
        stack.push_back(Value::Time({data[i], 5}));
        break;
      case 7:
        stack.push_back(Value::Span({data[i], 5}));
        break;
      case 8:
        stack.push_back(take == 0 ? Value::OptionalNone() : Value::OptionalOf(top.back()));
        break;
      case 9:
        stack.push_back(Value::Null());
        break;
      case 10: {
        std::vector<MapEntry> entries;
        for (const Value& item : top) {
          const bool key = item.is_string() || item.kind() == ValueKind::kInt || item.kind() == ValueKind::kUint ||
                           item.kind() == ValueKind::kBool;
          entries.emplace_back(key ? item : Value::Int(static_cast<std::int64_t>(entries.size()) + 100), item);
        }
        std::size_t duplicate = 0;
        if (auto map = Value::TryMap(entries, duplicate)) stack.push_back(*map);
        break;
      }
      default:
        stack.push_back(Value::List(std::move(top)));
        break;
    }
    if (stack.size() > 64) stack.erase(stack.begin(), stack.begin() + 32);
  }
  return stack.empty() ? Value() : stack.back();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  constexpr std::size_t kBytesMax = 1 << 20;  // sharing can make a small input large once written
  const Value value = Build(data, size);
  if (value.MemoryBytes(kBytesMax) > kBytesMax) return 0;
  const Value again = Build(data, size);
  Require(value == again);
  Value copy = value;
  copy = Value();
  const std::string text = WriteJson(value);
  Require(!text.empty() && IsValidUtf8(text));
  (void)ToJsonValue(value).ok();
  for (int i = 0; i < 5; ++i) (void)value.FindKey(Value::Int(i));
  return 0;
}
