#include "api/server/store_command.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <map>

#include "api/cli/codes.h"
#include "api/cli/complaint.h"
#include "api/cli/exit_code.h"
#include "api/cli/terminal.h"
#include "api/security/audit_log.h"
#include "api/server/open_storage.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"
#include "engine/runtime/message_shard.h"
#include "engine/runtime/store_check.h"
#include "engine/storage/archive/importing.h"
#include "engine/storage/codes.h"
#include "engine/storage/postgres/postgres_storage.h"
#include "engine/storage/postgres/postgres_tables.h"
#include "engine/storage/sqlite/backup.h"
#include "engine/storage/sqlite/sqlite_tables.h"

namespace fermata {
namespace {

int ComplainOf(const StoreCommand& command, const Error& error) {
  return ComplainOf(error, command.json ? ComplaintFor::kPrograms : ComplaintFor::kPeople);
}

// What was opened, without passwords.
std::string NameOf(const StoreCommand& command) {
  return command.database.empty() ? SqliteFileIn(command.data) : PostgresNameOf(command.database);
}

// Ends with the transaction that is under way undone; what was written before it is gone on with.
void SayInterrupted(int signal_number) {
  constexpr char kLine[] = "\ninterrupted: run the same again to go on\n";
  (void)!write(STDERR_FILENO, kLine, sizeof kLine - 1);
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void TellWhenInterrupted() {
  struct sigaction action {};
  action.sa_handler = SayInterrupted;
  action.sa_flags = SA_NODEFER;  // the raise() inside it ends the process
  sigaction(SIGINT, &action, nullptr);
}

// One line of a terminal that is written over and over; nothing elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet) : shows_(!quiet && isatty(STDERR_FILENO)) {}
  ~ProgressLine() { Clear(); }
  void Show(const std::string& what, std::int64_t done, std::int64_t of_all) {
    const std::int64_t percent = of_all > 0 ? done * 100 / of_all : 0;
    if (!shows_ || (percent == percent_ && what == what_)) return;
    percent_ = percent;
    what_ = what;
    std::cerr << "\r\033[K" << percent << " %  " << what << "  " << done << " of " << of_all << std::flush;
  }
  void Clear() {
    if (shows_ && percent_ >= 0) std::cerr << "\r\033[K" << std::flush;
    percent_ = -1;
  }

 private:
  const bool shows_;
  std::int64_t percent_ = -1;
  std::string what_;
};

Result<std::unique_ptr<TableReader>> ReadTables(const StoreCommand& command) {
  return command.database.empty() ? ReadSqliteTables(SqliteFileIn(command.data)) : ReadPostgresTables(command.database);
}

Result<std::unique_ptr<TableWriter>> WriteTables(const StoreCommand& command) {
  if (!command.database.empty()) return WritePostgresTables(command.database);
  return WriteSqliteTables(SqliteFileIn(command.data));
}

// The chains of the audit logs, tenant by tenant.
Status CheckAuditChains(TableReader& reader, const std::function<void(const Finding&)>& report) {
  const TableSpec& table = TableCalled("audit");
  Result<std::unique_ptr<TableCursor>> cursor = reader.Open(table, TableOrder::kKey, std::nullopt);
  if (!cursor.ok()) return cursor.error();
  std::string tenant;
  AuditChecker checker;
  bool broken = false;
  while (true) {
    Result<std::vector<TableRow>> rows = (*cursor)->Next(kPageItemsMax);
    if (!rows.ok()) return rows.error();
    if (rows->empty()) return Done{};
    for (const TableRow& row : *rows) {
      const auto text = [&](std::string_view name) { return TextIn(row[table.At(name)]); };
      if (checker.rows() == 0 || text("tenant") != tenant) {
        tenant = text("tenant");
        checker = AuditChecker();
        broken = false;
      }
      if (broken) continue;
      const AuditRow audit{tenant,
                           IntIn(row[table.At("seq")]),
                           IntIn(row[table.At("time_us")]),
                           text("actor"),
                           text("action"),
                           text("target"),
                           text("result"),
                           text("previous"),
                           text("hash")};
      if (const std::optional<std::string> why = checker.Add(audit)) {
        broken = true;
        report({"audit", std::nullopt, "The log of the tenant '" + tenant + "': " + *why, false});
      }
    }
  }
}

Value JsonOf(const Finding& finding) {
  return Value::Object({{"table", Value::String(finding.table)},
                        {"instance", finding.instance ? Value::String(finding.instance->ToString()) : Value::Null()},
                        {"message", Value::String(finding.message)},
                        {"mendable", Value::Bool(finding.mendable)}});
}

void PrintFinding(const Finding& finding) {
  const bool colours = ColourOf(STDOUT_FILENO) == Colour::kAlways;
  std::cout << (colours ? (finding.mendable ? "\033[33m" : "\033[31m") : "") << finding.table
            << (colours ? "\033[0m" : "");
  if (finding.instance) std::cout << " " << finding.instance->ToString();
  std::cout << ": " << finding.message << (finding.mendable ? " It can be mended.\n" : "\n");
}

std::string Counted(std::int64_t count, const std::string& word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

// What was looked at, and what came of it. Every finding was printed as it was found.
int PrintReport(const StoreCommand& command, const std::string& name, const StoreCheckReport& report) {
  const bool sound = report.findings == report.mended;
  if (command.json) {
    std::cout << WriteJson(Value::Object({{"instances", Value::Int(report.instances)},
                                          {"live", Value::Int(report.live)},
                                          {"journalRows", Value::Int(report.journal_rows)},
                                          {"definitions", Value::Int(report.definitions)},
                                          {"findings", Value::Int(report.findings)},
                                          {"mendable", Value::Int(report.mendable)},
                                          {"mended", Value::Int(report.mended)},
                                          {"sound", Value::Bool(sound)},
                                          {"storage", Value::String(name)}}))
              << "\n";
    return sound ? kExitOk : kExitFailed;
  }
  std::cout << (sound ? "ok: " : "not sound: ") << Counted(report.instances, "instance") << " (" << report.live
            << " live), " << Counted(report.journal_rows, "journal row") << ", "
            << Counted(report.definitions, "definition");
  if (report.findings > 0) std::cout << "; " << Counted(report.findings, "finding");
  if (report.mended > 0) std::cout << ", " << report.mended << " mended";
  if (report.mendable > report.mended) std::cout << ", " << report.mendable << " to be mended with --repair";
  if (report.findings > report.mendable)
    std::cout << ", " << report.findings - report.mendable << " that only a backup can mend";
  std::cout << " (" << name << ")\n";
  return sound ? kExitOk : kExitFailed;
}

Result<StoreCheckReport> CheckAll(const StoreCommand& command, TableReader& reader, TableWriter* repair,
                                  SealingKeys keys) {
  ProgressLine line(command.json);
  StoreCheckOptions options;
  options.keys = std::move(keys);
  options.repair = repair;
  options.on_finding = [&](const Finding& finding) {
    line.Clear();
    if (command.json) {
      std::cout << WriteJson(JsonOf(finding)) << "\n";
    } else {
      PrintFinding(finding);
    }
  };
  options.on_progress = [&](std::int64_t done, std::int64_t of_all) { line.Show("instances", done, of_all); };
  Result<StoreCheckReport> report = CheckStore(reader, options);
  if (!report.ok()) return report;
  Status chains = CheckAuditChains(reader, [&](const Finding& finding) {
    ++report->findings;
    options.on_finding(finding);
  });
  if (!chains.ok()) return chains.error();
  return report;
}

int RunVerify(const StoreCommand& command) {
  Result<SealingKeys> keys = ReadSealingKeys(command.encryption_keys);
  if (!keys.ok()) return ComplainOf(command, keys.error());
  std::unique_ptr<TableWriter> repair;
  if (command.repair) {
    // First a look, so that nothing is made where nothing is.
    if (Result<std::unique_ptr<TableReader>> there = ReadTables(command); !there.ok())
      return ComplainOf(command, there.error());
    Result<std::unique_ptr<TableWriter>> writer = WriteTables(command);
    if (!writer.ok()) return ComplainOf(command, writer.error());
    repair = *std::move(writer);
  }
  Result<std::unique_ptr<TableReader>> reader = ReadTables(command);
  if (!reader.ok()) return ComplainOf(command, reader.error());
  Result<StoreCheckReport> report = CheckAll(command, **reader, repair.get(), *std::move(keys));
  if (!report.ok()) return ComplainOf(command, report.error());
  return PrintReport(command, NameOf(command), *report);
}

int RunBackup(const StoreCommand& command) {
  if (!command.database.empty())
    return ComplainOf(command,
                      Error{kUnknownStorage, "Expected the file of --data, but a PostgreSQL database was named.", "",
                            "PostgreSQL has its own: pg_basebackup (with its log for any moment), or pg_dump."});
  Result<SealingKeys> keys = ReadSealingKeys(command.encryption_keys);
  if (!keys.ok()) return ComplainOf(command, keys.error());
  const std::string from = SqliteFileIn(command.data);
  if (Result<std::unique_ptr<TableReader>> there = ReadSqliteTables(from); !there.ok())
    return ComplainOf(command, there.error());
  // A copy or an import may be the first thing in its folder.
  if (Status made = MakeDataFolder(command.to); !made.ok()) return ComplainOf(command, made.error());
  ProgressLine line(command.json);
  BackupOptions options;
  options.from = from;
  options.to = SqliteFileIn(command.to);
  options.share_percent = command.share_percent;
  options.on_progress = [&](std::int64_t pages, std::int64_t of_all) { line.Show("pages", pages, of_all); };
  Status copied = BackupSqlite(options);
  line.Clear();
  if (!copied.ok()) return ComplainOf(command, copied.error());
  if (!command.json) std::cout << "copied to " << options.to << "\n";
  Result<std::unique_ptr<TableReader>> copy = ReadSqliteTables(options.to);
  if (!copy.ok()) return ComplainOf(command, copy.error());
  Result<StoreCheckReport> report = CheckAll(command, **copy, nullptr, *std::move(keys));
  if (report.ok()) return PrintReport(command, options.to, *report);
  if (report.error().code != kSealingKeyMissing) return ComplainOf(command, report.error());
  std::cerr << "The copy's pages are sound. Its journals were not replayed: they are sealed, and the keys were not "
               "given (--encryption-keys).\n";
  return kExitOk;
}

void PrintRowsThere(std::int64_t rows) {
  if (rows > 0)
    std::cout << "went on after " << Counted(rows, "row") << " that " << (rows == 1 ? "was" : "were") << " there\n";
}

int RunExport(const StoreCommand& command) {
  Result<std::unique_ptr<TableReader>> reader = ReadTables(command);
  if (!reader.ok()) return ComplainOf(command, reader.error());
  TellWhenInterrupted();
  ProgressLine line(command.json);
  Result<ExportReport> report = Export(**reader, command.file, [&](const TransferProgress& progress) {
    line.Show(progress.table, progress.rows, progress.rows_of_all);
  });
  line.Clear();
  if (!report.ok()) return ComplainOf(command, report.error());
  if (command.json) {
    std::cout << WriteJson(Value::Object({{"file", Value::String(command.file)},
                                          {"rows", Value::Int(report->rows)},
                                          {"rowsThere", Value::Int(report->rows_there)},
                                          {"storage", Value::String(NameOf(command))}}))
              << "\n";
    return kExitOk;
  }
  if (report->began_anew)
    std::cout << "began anew: something was written to the storage since the export that was interrupted\n";
  PrintRowsThere(report->rows_there);
  std::cout << "exported " << Counted(report->rows, "row") << " from " << NameOf(command) << " to " << command.file
            << "\n";
  return kExitOk;
}

int RunImport(const StoreCommand& command) {
  Result<SealingKeys> keys = ReadSealingKeys(command.encryption_keys);
  if (!keys.ok()) return ComplainOf(command, keys.error());
  if (access(command.file.c_str(), R_OK) != 0)
    return ComplainOf(command, Error{kFileUnreadable, "Expected a file of 'fermata export' at '" + command.file +
                                                          "', but " + std::strerror(errno) + "."});
  // Before anything is made: a file that is of no use leaves nothing behind.
  TellWhenInterrupted();
  Result<WholeExport> file = CheckExport(command.file);
  if (!file.ok()) return ComplainOf(command, file.error());
  if (command.database.empty())
    if (Status made = MakeDataFolder(command.data); !made.ok()) return ComplainOf(command, made.error());
  Result<std::unique_ptr<TableWriter>> writer = WriteTables(command);
  if (!writer.ok()) return ComplainOf(command, writer.error());
  ProgressLine line(command.json);
  const ImportOptions options{ShardOfMessage, *std::move(keys)};
  Result<ImportReport> report = Import(*file, **writer, options, [&](const TransferProgress& progress) {
    line.Show(progress.table, progress.rows, progress.rows_of_all);
  });
  line.Clear();
  if (!report.ok()) return ComplainOf(command, report.error());
  if (command.json) {
    std::cout << WriteJson(Value::Object({{"rows", Value::Int(report->rows)},
                                          {"rowsThere", Value::Int(report->rows_there)},
                                          {"already", Value::Bool(report->already)},
                                          {"storage", Value::String(NameOf(command))}}))
              << "\n";
    return kExitOk;
  }
  if (report->already) {
    std::cout << "this file has been imported already: " << Counted(report->rows, "row") << " into " << NameOf(command)
              << "\n";
    return kExitOk;
  }
  PrintRowsThere(report->rows_there);
  std::cout << "imported " << Counted(report->rows, "row") << " into " << NameOf(command) << "\n";
  return kExitOk;
}

}  // namespace

int RunStore(const StoreCommand& command) {
  switch (command.action) {
    case StoreCommand::Action::kVerify:
      return RunVerify(command);
    case StoreCommand::Action::kBackup:
      return RunBackup(command);
    case StoreCommand::Action::kExport:
      return RunExport(command);
    case StoreCommand::Action::kImport:
      return RunImport(command);
  }
  return kExitUsage;
}

}  // namespace fermata
