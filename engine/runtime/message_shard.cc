#include "engine/runtime/message_shard.h"

#include "engine/runtime/message.h"

namespace fermata {
namespace {

struct ReceivingShard {
  int shard_count;

  std::optional<int> operator()(const InstanceMessage& message) const { return message.target.shard(); }
  std::optional<int> operator()(const StartMessage& message) const { return message.child.shard(); }
  std::optional<int> operator()(const EventMessage& message) const { return HomeOf(message, shard_count); }
  std::optional<int> operator()(const SubscribeMessage& message) const {
    return HomeShard(message.tenant, message.value, shard_count);
  }
  std::optional<int> operator()(const ScheduledMessage& message) const { return message.instance.shard(); }
  std::optional<int> operator()(const ScheduledEndMessage& message) const {
    return HomeShard(message.tenant, message.process, shard_count);
  }
  std::optional<int> operator()(const RemoteOrder&) const { return std::nullopt; }
  std::optional<int> operator()(const RemoteAnswer&) const { return std::nullopt; }
};

}  // namespace

Result<std::optional<int>> ShardOfMessage(std::string_view bytes, int shard_count) {
  Result<Message> message = DecodeMessage(bytes);
  if (!message.ok()) return message.error();
  return std::visit(ReceivingShard{shard_count}, *message);
}

}  // namespace fermata
