#include "engine/runtime/message_shard.h"

#include "engine/runtime/message.h"

namespace fermata {
namespace {

struct ReceivingShard {
  int shard_count;

  int operator()(const InstanceMessage& message) const { return message.target.shard(); }
  int operator()(const StartMessage& message) const { return message.child.shard(); }
  int operator()(const EventMessage& message) const { return HomeOf(message, shard_count); }
  int operator()(const SubscribeMessage& message) const {
    return HomeShard(message.tenant, message.value, shard_count);
  }
  int operator()(const ScheduledMessage& message) const { return message.instance.shard(); }
  int operator()(const ScheduledEndMessage& message) const {
    return HomeShard(message.tenant, message.process, shard_count);
  }
  // Between nodes, so never of a storage without shards; whoever takes it drops it.
  int operator()(const RemoteOrder&) const { return 0; }
  int operator()(const RemoteAnswer&) const { return 0; }
};

}  // namespace

Result<int> ShardOfMessage(std::string_view bytes, int shard_count) {
  Result<Message> message = DecodeMessage(bytes);
  if (!message.ok()) return message.error();
  return std::visit(ReceivingShard{shard_count}, *message);
}

}  // namespace fermata
