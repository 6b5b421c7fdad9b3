#include "engine/codec/codec.h"

#include <span>

#include "engine/codec/codes.h"
#include "engine/codec/reader.h"
#include "engine/codec/upcast.h"
#include "engine/codec/writer.h"

namespace fermata {
namespace {

using codec::Reader;
using codec::Upcaster;
using codec::Writer;

constexpr std::size_t kStoredBytesMax = std::size_t{1} << 30;  // a row was bounded when it was written

// Filled by the first release that changes what is stored.
constexpr std::span<const Upcaster> kRowUpcasters;
constexpr std::span<const Upcaster> kSnapshotUpcasters;
constexpr std::span<const Upcaster> kCommandUpcasters;

std::string BeginRow() { return "[" + std::to_string(codec::kVersion) + ","; }

Error Malformed(std::string_view what) {
  return Error{kStoredTextMalformed, "Expected a stored " + std::string(what) + ", but it cannot be read."};
}

// The list of the current version: version, then `size` - 1 elements.
Result<Value> ReadList(std::string_view bytes, std::span<const Upcaster> chain, std::size_t size,
                       std::string_view what) {
  Result<Value> parsed = ParseJson(bytes, kStoredBytesMax);
  if (!parsed.ok()) return Malformed(what);
  Result<Value> row = codec::Upcast(std::move(parsed).value(), chain, codec::kVersion);
  if (row.ok() && row->as_list().size() != size) return Malformed(what);
  return row;
}

}  // namespace

std::string EncodeEvents(const std::vector<JournalEvent>& events) {
  std::string out = BeginRow();
  out.reserve(256);
  Writer writer(out);
  writer.Put(events.empty() ? std::int64_t{0} : events.front().at_us);
  out += ",[";
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i > 0) out += ',';
    writer.Put(events[i].body);
  }
  out += "]]";
  return out;
}

Result<std::vector<JournalEvent>> DecodeEvents(std::string_view bytes) {
  Result<Value> row = ReadList(bytes, kRowUpcasters, 3, "journal row");
  if (!row.ok()) return std::move(row).error();
  const std::vector<Value>& parts = row->as_list();
  Reader reader;
  std::int64_t at_us = 0;
  if (!reader.Get(parts[1], at_us) || !parts[2].is_list()) return Malformed("journal row");
  std::vector<JournalEvent> events;
  events.reserve(parts[2].as_list().size());
  for (const Value& part : parts[2].as_list()) {
    JournalEvent& event = events.emplace_back();
    event.at_us = at_us;
    if (!reader.Get(part, event.body)) return Malformed("journal row");
  }
  return events;
}

std::string EncodeSnapshot(const InstanceState& state) {
  std::string out = BeginRow();
  Writer(out).Put(state);
  out += ']';
  return out;
}

Result<InstanceState> DecodeSnapshot(std::string_view bytes) {
  Result<Value> row = ReadList(bytes, kSnapshotUpcasters, 2, "snapshot");
  if (!row.ok()) return std::move(row).error();
  InstanceState state;
  if (!Reader().Get(row->as_list()[1], state)) return Malformed("snapshot");
  for (const auto& [number, record] : state.undo_records) state.undo_index.Put(record);
  return state;
}

std::string EncodeCommand(const Command& command) {
  std::string out = BeginRow();
  Writer(out).Put(command);
  out += ']';
  return out;
}

Result<Command> DecodeCommand(std::string_view bytes) {
  Result<Value> row = ReadList(bytes, kCommandUpcasters, 2, "command");
  if (!row.ok()) return std::move(row).error();
  Command command;
  if (!Reader().Get(row->as_list()[1], command)) return Malformed("command");
  return command;
}

}  // namespace fermata
