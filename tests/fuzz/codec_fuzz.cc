// Stored bytes that nobody wrote: decoding refuses them or gives something that encodes to itself.
// One line is one row, so that the journals of tests/golden are seeds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/assert.h"
#include "engine/codec/codec.h"

namespace {

using namespace fermata;

void Decode(std::string_view bytes) {
  if (Result<std::vector<JournalEvent>> events = DecodeEvents(bytes); events.ok()) {
    const std::string row = EncodeEvents(*events);
    Result<std::vector<JournalEvent>> again = DecodeEvents(row);
    FERMATA_ASSERT(again.ok() && EncodeEvents(*again) == row);
    for (const JournalEvent& event : *events) (void)DescribeEvent(event);
  }
  if (Result<InstanceState> state = DecodeSnapshot(bytes); state.ok()) {
    Result<InstanceState> again = DecodeSnapshot(EncodeSnapshot(*state));
    FERMATA_ASSERT(again.ok() && *again == *state);
  }
  if (Result<Command> command = DecodeCommand(bytes); command.ok()) {
    Result<Command> again = DecodeCommand(EncodeCommand(*command));
    FERMATA_ASSERT(again.ok() && *again == *command);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (std::size_t at = 0; at <= size;) {
    const std::size_t end = std::min(text.find('\n', at), size);
    Decode(text.substr(at, end - at));
    at = end + 1;
  }
  return 0;
}
