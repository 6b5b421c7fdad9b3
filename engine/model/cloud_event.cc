#include "engine/model/cloud_event.h"

#include <vector>

namespace fermata {

Value ToValue(const CloudEvent& event) {
  std::vector<MapEntry> entries;
  auto add = [&entries](std::string_view name, Value value) {
    entries.emplace_back(Value::String(name), std::move(value));
  };
  add("id", Value::String(event.id));
  add("source", Value::String(event.source));
  add("type", Value::String(event.type));
  if (!event.subject.empty()) add("subject", Value::String(event.subject));
  add("time", Value::String(FormatTimestamp(event.time)));
  add("data", event.data);
  if (event.extensions.is_map()) {
    const std::size_t own = entries.size();
    for (const MapEntry& extension : event.extensions.as_map()) {
      bool taken = !extension.first.is_string();
      for (std::size_t i = 0; i < own && !taken; ++i) taken = entries[i].first == extension.first;
      if (!taken) entries.push_back(extension);
    }
  }
  return Value::Map(std::move(entries));
}

}  // namespace fermata
