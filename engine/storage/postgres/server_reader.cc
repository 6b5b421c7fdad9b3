// What belongs to the server and to no instance: schedules, standing orders, definitions, manifests, keys, the audit log.
#include "engine/storage/postgres/reader.h"

namespace fermata::postgres {
namespace {

constexpr const char* kReadStandingOrders = "SELECT kind, id, bytes FROM standing_orders WHERE kind = $1 ORDER BY id";
constexpr const char* kReadSchedules = "SELECT shard, tenant, process, bytes FROM schedules ORDER BY tenant, process";
constexpr const char* kReadCounter = "SELECT coalesce(max(value), 0) FROM counters WHERE name = $1{of}";
constexpr const char* kReadDefinitions =
    "SELECT process, version, hash, deployed_us, bundle FROM definitions ORDER BY process, version";
constexpr const char* kReadLiveVersions = "SELECT process, hash FROM live_versions ORDER BY process";
constexpr const char* kReadManifests =
    "SELECT connector, version, deployed_us, manifest FROM manifests ORDER BY connector, version";
constexpr const char* kReadApiKeys = "SELECT id, bytes FROM api_keys ORDER BY id";
#define FERMATA_AUDIT_COLUMNS "tenant, seq, time_us, actor, action, target, result, previous, hash"
constexpr const char* kReadAudit =
    "SELECT " FERMATA_AUDIT_COLUMNS " FROM audit WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3";
constexpr const char* kReadAuditHeads =
    "SELECT " FERMATA_AUDIT_COLUMNS
    " FROM audit WHERE (tenant, seq) IN (SELECT tenant, max(seq) FROM audit GROUP BY tenant) ORDER BY tenant";

AuditRow ReadAuditRow(const Rows& rows, int i) {
  return {rows.Text(i, 0), rows.Int(i, 1),  rows.Int(i, 2),  rows.Text(i, 3), rows.Text(i, 4),
          rows.Text(i, 5), rows.Text(i, 6), rows.Text(i, 7), rows.Text(i, 8)};
}

}  // namespace

Result<std::vector<StandingOrderRow>> Reader::ReadStandingOrders(std::string_view kind) {
  const auto read = [](const Rows& rows, int i) {
    return StandingOrderRow{rows.Text(i, 0), rows.Text(i, 1), rows.Text(i, 2)};
  };
  return Read<StandingOrderRow>({kReadStandingOrders, {Text(kind)}}, read);
}

Result<std::vector<ScheduleRow>> Reader::ReadSchedules() {
  const auto read = [](const Rows& rows, int i) {
    return ScheduleRow{static_cast<int>(rows.Int(i, 0)), rows.Text(i, 1), rows.Text(i, 2), rows.Text(i, 3)};
  };
  return Read<ScheduleRow>({kReadSchedules, {}}, read);
}

Result<std::int64_t> Reader::ReadCounter(std::string_view name, const ShardSet& of) {
  const auto read = [](const Rows& rows, int i) { return rows.Int(i, 0); };
  Result<std::vector<std::int64_t>> rows = Read<std::int64_t>(Of(of, {kReadCounter, {Text(name)}}), read);
  if (!rows) return rows.error();
  return rows->front();
}

Result<std::vector<DefinitionRow>> Reader::ReadDefinitions() {
  const auto read = [](const Rows& rows, int i) {
    return DefinitionRow{rows.Text(i, 0), rows.Text(i, 1), rows.Text(i, 2), rows.Int(i, 3), rows.Text(i, 4)};
  };
  return Read<DefinitionRow>({kReadDefinitions, {}}, read);
}

Result<std::vector<std::pair<std::string, std::string>>> Reader::ReadLiveVersions() {
  const auto read = [](const Rows& rows, int i) { return std::pair(rows.Text(i, 0), rows.Text(i, 1)); };
  return Read<std::pair<std::string, std::string>>({kReadLiveVersions, {}}, read);
}

Result<std::vector<ManifestRow>> Reader::ReadManifests() {
  const auto read = [](const Rows& rows, int i) {
    return ManifestRow{rows.Text(i, 0), rows.Text(i, 1), rows.Int(i, 2), rows.Text(i, 3)};
  };
  return Read<ManifestRow>({kReadManifests, {}}, read);
}

Result<std::vector<ApiKeyRow>> Reader::ReadApiKeys() {
  const auto read = [](const Rows& rows, int i) { return ApiKeyRow{rows.Text(i, 0), rows.Text(i, 1)}; };
  return Read<ApiKeyRow>({kReadApiKeys, {}}, read);
}

Result<std::vector<AuditRow>> Reader::ReadAudit(std::string_view tenant, std::int64_t after_seq, int limit) {
  return Read({kReadAudit, {Text(tenant), Int8(after_seq), Int8(limit)}}, ReadAuditRow);
}

Result<std::vector<AuditRow>> Reader::ReadAuditHeads() { return Read({kReadAuditHeads, {}}, ReadAuditRow); }

}  // namespace fermata::postgres
