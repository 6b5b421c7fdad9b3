#include "engine/model/limits.h"
#include "engine/storage/postgres/reader.h"

namespace fermata::postgres {
namespace {

#define FERMATA_KEPT_EVENT_COLUMNS "shard, tenant, process, value, arrival, type, expires_us, bytes"

constexpr const char* kFindSubscriptions =
    "SELECT shard, tenant, type, value, instance, activation FROM subscriptions "
    "WHERE shard = $1 AND tenant = $2 AND type = $3 AND value = $4 ORDER BY instance, activation";
constexpr const char* kFindKeptEvents =
    "SELECT " FERMATA_KEPT_EVENT_COLUMNS
    " FROM kept_events WHERE shard = $1 AND tenant = $2 AND value = $3 AND process = $4 ORDER BY arrival";
constexpr const char* kFindKeptEventsOfType =
    "SELECT " FERMATA_KEPT_EVENT_COLUMNS
    " FROM kept_events WHERE shard = $1 AND tenant = $2 AND value = $3 AND type = $4 ORDER BY arrival, process";
constexpr const char* kFindEventIdentity =
    "SELECT shard, tenant, source, id, value, expires_us FROM event_identities "
    "WHERE (shard, value) IN (($1, $5), ($6, $7)) AND tenant = $2 AND source = $3 AND id = $4 ORDER BY expires_us DESC";

Parameter HomeOf(std::string_view tenant, std::string_view value) {
  return Int2(HomeShard(tenant, value, kPostgresShards));
}

KeptEventRow ReadKeptEventRow(const Rows& rows, int i) {
  return {static_cast<int>(rows.Int(i, 0)),
          rows.Text(i, 1),
          rows.Text(i, 2),
          rows.Text(i, 3),
          rows.Int(i, 4),
          rows.Text(i, 5),
          rows.Int(i, 6),
          rows.Text(i, 7)};
}

}  // namespace

Result<std::vector<SubscriptionRow>> Reader::FindSubscriptions(std::string_view tenant, std::string_view type,
                                                               std::string_view value) {
  const auto read = [](const Rows& rows, int i) {
    return SubscriptionRow{static_cast<int>(rows.Int(i, 0)),
                           rows.Text(i, 1),
                           rows.Text(i, 2),
                           rows.Text(i, 3),
                           rows.Id(i, 4),
                           rows.Int(i, 5)};
  };
  return Read<SubscriptionRow>({kFindSubscriptions, {HomeOf(tenant, value), Text(tenant), Bytea(type), Bytea(value)}},
                               read);
}

Result<std::vector<KeptEventRow>> Reader::FindKeptEvents(std::string_view tenant, std::string_view process,
                                                         std::string_view value) {
  return Read({kFindKeptEvents, {HomeOf(tenant, value), Text(tenant), Bytea(value), Text(process)}}, ReadKeptEventRow);
}

Result<std::vector<KeptEventRow>> Reader::FindKeptEventsOfType(std::string_view tenant, std::string_view type,
                                                               std::string_view value) {
  return Read({kFindKeptEventsOfType, {HomeOf(tenant, value), Text(tenant), Bytea(value), Bytea(type)}},
              ReadKeptEventRow);
}

Result<std::optional<EventIdentityRow>> Reader::FindEventIdentity(std::string_view tenant, std::string_view source,
                                                                  std::string_view id, std::string_view value) {
  const auto read = [](const Rows& rows, int i) {
    return EventIdentityRow{static_cast<int>(rows.Int(i, 0)),
                            rows.Text(i, 1),
                            rows.Text(i, 2),
                            rows.Text(i, 3),
                            rows.Text(i, 4),
                            rows.Int(i, 5)};
  };
  // In a storage of one shard an event of a single value is noted without it.
  const std::string_view other = HasGuests() ? std::string_view() : value;
  const Query query{kFindEventIdentity,
                    {HomeOf(tenant, value), Text(tenant), Bytea(source), Bytea(id), Bytea(value), HomeOf(tenant, other),
                     Bytea(other)}};
  return ReadFirst<EventIdentityRow>(query, read);
}

}  // namespace fermata::postgres
