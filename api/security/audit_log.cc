#include "api/security/audit_log.h"

#include <algorithm>
#include <limits>

#include "engine/base/hash.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

bool Fits(const AuditQuery& query, const AuditRow& row) {
  return (!query.actor || row.actor == *query.actor) && (!query.action || row.action == *query.action) &&
         (!query.since_us || row.time_us >= *query.since_us) && (!query.until_us || row.time_us < *query.until_us);
}

}  // namespace

std::string HashOf(const AuditRow& row) {
  const auto text = [](const std::string& value) { return Value::String(value); };
  return Sha256Hex(
      WriteJson(Value::List({text(row.tenant), Value::Int(row.seq), Value::Int(row.time_us), text(row.actor),
                             text(row.action), text(row.target), text(row.result), text(row.previous)})));
}

void AuditLog::Append(AuditEntry entry, std::function<void(Status)> done) {
  const std::size_t bytes = sizeof entry + entry.tenant.size() + entry.actor.size() + entry.action.size() +
                            entry.target.size() + entry.result.size();
  const Status posted = writer_.PostShared([this, entry = std::move(entry)] { return MakeRow(entry); },
                                           [this, done](Status written) {
                                             // It may be there nevertheless: storage knows.
                                             if (!written.ok()) heads_.reset();
                                             done(std::move(written));
                                           },
                                           bytes, [this] { heads_.reset(); });
  if (!posted.ok()) done(posted);
}

Result<Batch> AuditLog::MakeRow(const AuditEntry& entry) {
  if (!heads_) {
    Result<std::vector<AuditRow>> rows = storage_.ReadAuditHeads();
    if (!rows.ok()) return rows.error();
    heads_.emplace();
    for (const AuditRow& row : *rows) (*heads_)[row.tenant] = {row.seq, row.hash};
  }
  auto& [seq, hash] = (*heads_)[entry.tenant];
  AuditRow row{entry.tenant, seq + 1, clock_.NowUs(), entry.actor, entry.action, entry.target, entry.result, hash, {}};
  row.hash = HashOf(row);
  seq = row.seq;
  hash = row.hash;
  Batch batch;
  batch.audit.push_back(std::move(row));
  return batch;
}

Result<std::vector<AuditRow>> AuditLog::Page(const std::string& tenant, std::optional<std::int64_t> before_seq,
                                             int limit) {
  if (!before_seq) {
    Result<std::vector<AuditRow>> heads = storage_.ReadAuditHeads();
    if (!heads.ok()) return heads.error();
    before_seq = 1;
    for (const AuditRow& row : *heads)
      if (row.tenant == tenant) before_seq = row.seq + 1;
  }
  // Numbers have no gaps, so the page before a number is known by numbers.
  const std::int64_t after = std::max<std::int64_t>(0, *before_seq - 1 - limit);
  Result<std::vector<AuditRow>> rows = storage_.ReadAudit(tenant, after, static_cast<int>(*before_seq - 1 - after));
  if (!rows.ok()) return rows.error();
  std::reverse(rows->begin(), rows->end());
  return rows;
}

Result<AuditFound> AuditLog::Find(const AuditQuery& query) {
  const bool takes_all = !query.actor && !query.action && !query.since_us && !query.until_us;
  AuditFound found;
  std::optional<std::int64_t> before = query.before_seq;
  for (int searched = 0; searched < kAuditRowsSearchedMax;) {
    Result<std::vector<AuditRow>> page = Page(query.tenant, before, takes_all ? query.limit : kAuditRowsPerRead);
    if (!page.ok()) return page.error();
    if (page->empty()) return found;
    for (AuditRow& row : *page) {
      ++searched;
      before = row.seq;
      if (query.since_us && row.time_us < *query.since_us - kAuditStepUs) return found;
      if (!Fits(query, row)) continue;
      found.rows.push_back(std::move(row));
      if (static_cast<int>(found.rows.size()) < query.limit) continue;
      if (*before > 1) found.next = before;
      return found;
    }
    if (*before <= 1) return found;
  }
  found.next = before;
  return found;
}

std::optional<std::string> AuditChecker::Add(const AuditRow& row) {
  const std::int64_t expected = rows_ + 1;
  if (row.seq != expected)
    return "Expected row " + std::to_string(expected) + ", but the next one is " + std::to_string(row.seq) + ".";
  if (row.previous != previous_)
    return "Expected row " + std::to_string(row.seq) + " to follow the hash '" + previous_ + "', but it names '" +
           row.previous + "'.";
  if (const std::string hash = HashOf(row); row.hash != hash)
    return "Expected row " + std::to_string(row.seq) + " to have the hash '" + hash + "', but it has '" + row.hash +
           "'.";
  rows_ = row.seq;
  previous_ = row.hash;
  return std::nullopt;
}

}  // namespace fermata
