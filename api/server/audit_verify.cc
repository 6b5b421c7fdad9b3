#include "api/server/audit_verify.h"

#include <algorithm>
#include <iostream>

#include "api/cli/codes.h"
#include "api/cli/complaint.h"
#include "api/cli/exit_code.h"
#include "api/cli/rest_client.h"
#include "api/security/audit_log.h"
#include "api/server/open_storage.h"
#include "engine/base/time.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

Result<std::vector<AuditRow>> ReadFromStorage(const VerifyAuditOptions& options) {
  Result<std::unique_ptr<Storage>> storage =
      OpenStorage({options.database.empty() ? "sqlite" : "postgres", options.database, options.data});
  if (!storage.ok()) return storage.error();
  std::vector<AuditRow> all;
  while (true) {
    Result<std::vector<AuditRow>> page =
        (*storage)->ReadAudit(options.tenant, all.empty() ? 0 : all.back().seq, kPageItemsMax);
    if (!page.ok() || page->empty()) return page.ok() ? Result<std::vector<AuditRow>>(std::move(all)) : page.error();
    all.insert(all.end(), page->begin(), page->end());
  }
}

std::string TextAt(const Value& row, std::string_view name) {
  const Value* value = row.Find(name);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

AuditRow RowOf(const Value& row) {
  const Value* seq = row.Find("seq");
  const std::optional<Timestamp> time = ParseTimestamp(TextAt(row, "time"));
  return {TextAt(row, "tenant"),      seq && seq->kind() == ValueKind::kInt ? seq->as_int() : 0,
          time ? ToMicros(*time) : 0, TextAt(row, "actor"),
          TextAt(row, "action"),      TextAt(row, "target"),
          TextAt(row, "result"),      TextAt(row, "previous"),
          TextAt(row, "hash")};
}

// Pages come with the newest first. What the server refuses is given as an error.
Result<std::vector<AuditRow>> ReadFromServer(const VerifyAuditOptions& options) {
  RestClient client(options.server, options.api_key);
  std::vector<AuditRow> all;
  std::string cursor;
  do {
    RestCall call;
    call.path = "/v1/audit" +
                QueryOf({{"tenant", options.tenant}, {"limit", std::to_string(kPageItemsMax)}, {"cursor", cursor}});
    Result<RestAnswer> answer = client.Call(call);
    if (!answer.ok()) return answer.error();
    const Value* items = answer->json.Find("items");
    if (!answer->ok() || !items || !items->is_list())
      return Error{kRefusedByServer, "Expected the rows of the log, but the server answered " +
                                         std::to_string(answer->status) + ". " + TextAt(answer->json, "detail")};
    for (const Value& item : items->as_list()) all.push_back(RowOf(item));
    cursor = TextAt(answer->json, "next");
  } while (!cursor.empty());
  std::reverse(all.begin(), all.end());
  return all;
}

}  // namespace

int VerifyAudit(const VerifyAuditOptions& options) {
  const bool by_storage = !options.data.empty() || !options.database.empty();
  Result<std::vector<AuditRow>> rows = by_storage ? ReadFromStorage(options) : ReadFromServer(options);
  if (!rows.ok()) {
    const int exit_code = ComplainOf(rows.error());
    return rows.error().code == kServerUnreachable ? kExitUnreachable
           : rows.error().code == kRefusedByServer ? kExitRefused
                                                   : exit_code;
  }
  AuditChecker checker;
  for (const AuditRow& row : *rows)
    if (const std::optional<std::string> broken = checker.Add(row))
      return ComplainOf(Error{kAuditBroken, *broken, "", "Rows before it are as they were written."});
  std::cout << "ok: " << checker.rows() << " rows of the tenant '" << options.tenant << "'";
  // Whoever notes it down can tell later whether rows were cut off at the end.
  if (checker.rows() > 0) std::cout << ", the last with the hash " << checker.head();
  std::cout << "\n";
  return kExitOk;
}

}  // namespace fermata
