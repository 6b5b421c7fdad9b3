// Stored bytes that nobody wrote: decoding refuses them or gives something that encodes to itself.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/assert.h"
#include "engine/codec/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fermata;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
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
  return 0;
}
