#include "engine/storage/storage.h"

namespace fermata {

bool Batch::empty() const {
  return journal.empty() && snapshots.empty() && instances.empty() && timers.empty() && timers_deleted.empty() &&
         subscriptions.empty() && subscriptions_deleted.empty() && inbox.empty() && inbox_deleted.empty() &&
         inbox_taken.empty() && kept_events.empty() && kept_events_deleted.empty() && event_identities.empty() &&
         idempotency_keys.empty() && ever_keys.empty() && incidents.empty() && tasks.empty() && tasks_deleted.empty() &&
         jobs.empty() && jobs_deleted.empty() && search_values.empty() && instances_deleted.empty() &&
         schedules.empty() && schedules_deleted.empty() && definitions.empty() && live_versions.empty() &&
         manifests.empty() && api_keys.empty() && api_keys_deleted.empty() && audit.empty() &&
         standing_orders.empty() && standing_orders_deleted.empty() && deliveries.empty() && deliveries_deleted.empty();
}

std::size_t Batch::Bytes() const {
  std::size_t bytes = 0;
  for (const JournalRow& row : journal) bytes += row.bytes.size();
  for (const SnapshotRow& row : snapshots) bytes += row.bytes.size();
  for (const InboxRow& row : inbox) bytes += row.bytes.size();
  for (const KeptEventRow& row : kept_events) bytes += row.bytes.size();
  for (const IdempotencyRow& row : idempotency_keys) bytes += row.answer.size();
  for (const IncidentRow& row : incidents) bytes += row.message.size();
  for (const TaskRow& row : tasks) bytes += row.bytes.size();
  for (const JobRow& row : jobs) bytes += row.bytes.size();
  for (const SearchRow& row : search_values) bytes += row.value.size();
  for (const ScheduleRow& row : schedules) bytes += row.bytes.size();
  for (const DefinitionRow& row : definitions) bytes += row.bundle.size();
  for (const ManifestRow& row : manifests) bytes += row.text.size();
  for (const StandingOrderRow& row : standing_orders) bytes += row.bytes.size();
  for (const DeliveryRow& row : deliveries) bytes += row.bytes.size();
  for (const ApiKeyRow& row : api_keys) bytes += row.bytes.size();
  for (const AuditRow& row : audit) bytes += row.target.size() + row.result.size();
  return bytes;
}

}  // namespace fermata
