#include "api/security/audit_log.h"

#include <algorithm>
#include <future>
#include <limits>

#include "engine/base/hash.h"
#include "engine/model/json.h"

namespace fermata {

std::string HashOf(const AuditRow& row) {
  const auto text = [](const std::string& value) { return Value::String(value); };
  return Sha256Hex(
      WriteJson(Value::List({text(row.tenant), Value::Int(row.seq), Value::Int(row.time_us), text(row.actor),
                             text(row.action), text(row.target), text(row.result), text(row.previous)})));
}

void AuditLog::Append(AuditEntry entry, std::function<void(Status)> done) {
  writer_.Post([this, entry = std::move(entry)] { return MakeRow(entry); },
               [this, done = std::move(done)](Status written) {
                 if (!written.ok()) heads_.reset();  // it may be there nevertheless: storage knows
                 done(std::move(written));
               });
}

Status AuditLog::AppendNow(AuditEntry entry) {
  std::promise<Status> written;
  Append(std::move(entry), [&](Status status) { written.set_value(std::move(status)); });
  return written.get_future().get();
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
