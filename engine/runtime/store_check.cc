#include "engine/runtime/store_check.h"

#include <algorithm>

#include "engine/model/limits.h"
#include "engine/runtime/bundle.h"
#include "engine/runtime/definition_registry.h"
#include "engine/runtime/instance_check.h"
#include "engine/runtime/message.h"
#include "engine/runtime/row_cells.h"
#include "engine/runtime/schedule_row.h"
#include "engine/storage/codes.h"

namespace fermata {
namespace {

class StoreChecker {
 public:
  StoreChecker(TableReader& reader, const StoreCheckOptions& options) : reader_(reader), options_(options) {}

  Result<StoreCheckReport> Run() {
    using Step = Status (StoreChecker::*)();
    for (const Step step : {&StoreChecker::CheckKeys, &StoreChecker::CheckDefinitions, &StoreChecker::CheckLiveVersions,
                            &StoreChecker::CheckInbox, &StoreChecker::CheckSchedules, &StoreChecker::CheckOthers,
                            &StoreChecker::CheckInstances, &StoreChecker::CheckCounters, &StoreChecker::Cure})
      if (Status done = (this->*step)(); !done.ok()) return done.error();
    if (!cure_status_.ok()) return cure_status_.error();
    return counts_;
  }

 private:
  using Visit = std::function<void(const TableSpec& table, TableRow& row)>;

  Status EachAsStored(std::string_view name, const Visit& visit) {
    const TableSpec& table = TableCalled(name);
    Result<std::unique_ptr<TableCursor>> cursor = reader_.Open(table, TableOrder::kKey, std::nullopt);
    if (!cursor.ok()) return cursor.error();
    while (true) {
      Result<std::vector<TableRow>> rows = (*cursor)->Next(kTableRowsRead);
      if (!rows.ok()) return rows.error();
      if (rows->empty()) return Done{};
      for (TableRow& row : *rows) visit(table, row);
    }
  }

  // Shows each row of a table with its payload opened; one that cannot be opened is a finding.
  Status Each(std::string_view name, const Visit& visit) {
    return EachAsStored(name, [&](const TableSpec& table, TableRow& row) {
      if (Status opened = OpenPayload(table, options_.keys, row); opened.ok()) {
        visit(table, row);
      } else {
        Tell(name, opened.error().message);
      }
    });
  }

  Status CheckKeys() {
    std::optional<std::string> missing;
    Status walked = EachAsStored("standing_orders", [&](const TableSpec& table, TableRow& row) {
      const std::string& id = TextIn(row[table.At("id")]);
      if (TextIn(row[table.At("kind")]) == kSealingKeyNotes && !options_.keys.Has(id)) missing = id;
    });
    if (!missing) return walked;
    return Error{
        kSealingKeyMissing,
        "Expected the key '" + *missing + "', by which stored data is sealed, but it is not among the keys given.", "",
        "Give the key file with all keys that were ever used (--encryption-keys)."};
  }

  // Nothing follows from these; but who needs them must be able to open them.
  Status CheckOthers() {
    for (const std::string_view name : {"standing_orders", "deliveries", "idempotency_keys"})
      if (Status walked = Each(name, [](const TableSpec&, TableRow&) {}); !walked.ok()) return walked;
    return Done{};
  }

  Status CheckDefinitions() {
    return Each("definitions", [&](const TableSpec& table, TableRow& row) {
      ++counts_.definitions;
      const std::string& process = TextIn(row[table.At("process")]);
      const std::string& version = TextIn(row[table.At("version")]);
      const std::string& hash = TextIn(row[table.At("hash")]);
      const std::string which = "Expected the definition of '" + process + "' " + version + " to be readable, but: ";
      Result<StoredBundle> bundle = DecodeBundle(TextIn(row[table.At("bundle")]));
      if (!bundle.ok()) return Tell("definitions", which + bundle.error().message);
      CompiledBundle compiled = facts_.definitions.Compile(*bundle);
      if (!compiled.definition)
        return Tell("definitions", which + (compiled.diagnostics.empty() ? std::string("no reason is known.")
                                                                         : compiled.diagnostics.front().message));
      auto definition = std::make_shared<Definition>(*compiled.definition);
      definition->version = version;
      definition->hash = hash;
      facts_.definitions.Add(std::move(definition), IntIn(row[table.At("deployed_us")]), compiled.definition->hash);
    });
  }

  Status CheckLiveVersions() {
    return Each("live_versions", [&](const TableSpec& table, TableRow& row) {
      const std::string& process = TextIn(row[table.At("process")]);
      if (!facts_.definitions.FindByHash(process, TextIn(row[table.At("hash")])))
        Tell("live_versions", "Expected the live version of '" + process + "' to be deployed, but it is not there.");
    });
  }

  Status CheckInbox() {
    return Each("inbox", [&](const TableSpec& table, TableRow& row) {
      const InstanceId sender = IdOfCell(row[table.At("sender")]);
      facts_.senders.insert(sender);
      if (Result<Message> message = DecodeMessage(TextIn(row[table.At("bytes")])); !message.ok())
        Tell("inbox",
             "Expected the message of " + sender.ToString() + " to be readable, but: " + message.error().message);
    });
  }

  Status CheckSchedules() {
    return Each("schedules", [&](const TableSpec& table, TableRow& row) {
      if (Result<ScheduleState> state = DecodeSchedule(TextIn(row[table.At("bytes")])); !state.ok())
        Tell("schedules", "Expected the schedule of '" + TextIn(row[table.At("process")]) +
                              "' to be readable, but: " + state.error().message);
    });
  }

  Status CheckInstances() {
    Result<std::int64_t> instances = reader_.Count(TableCalled("instances"));
    if (!instances.ok()) return instances.error();
    InstanceChecker checker(reader_, options_, facts_, counts_, [this](Finding finding, std::vector<TableChange> cure) {
      Report(std::move(finding), std::move(cure));
    });
    return checker.Run(*instances);
  }

  // What was newest outlives the rows it was taken from, so a counter may only be higher than they are. Of several shards' the highest counts: an import
  // leaves them on other shards than where the rows went.
  Status CheckCounters() {
    std::map<std::string, std::int64_t> wanted;
    const auto raise = [&](const char* name, std::int64_t value) { wanted[name] = std::max(wanted[name], value); };
    for (const auto& [shard, time_us] : facts_.newest_us) raise("time_us", time_us);
    Status walked = Each("kept_events", [&](const TableSpec& table, TableRow& row) {
      raise("kept_event_order", IntIn(row[table.At("arrival")]));
    });
    if (!walked.ok()) return walked;
    walked = Each("counters", [&](const TableSpec& table, TableRow& row) {
      const auto found = wanted.find(TextIn(row[table.At("name")]));
      if (found != wanted.end() && IntIn(row[table.At("value")]) >= found->second) wanted.erase(found);
    });
    const TableSpec& table = TableCalled("counters");
    for (const auto& [name, value] : wanted) {
      TableRow row(table.columns.size());
      row[table.At("name")] = name;
      row[table.At("shard")] = std::int64_t{0};
      row[table.At("value")] = value;
      Report(
          {"counters", std::nullopt,
           "Expected the counter '" + name + "' to be at least " + std::to_string(value) + ", but it is lower.", true},
          {TableChange{&table, TableChange::Kind::kPut, {std::move(row)}}});
    }
    return walked;
  }

  void Tell(std::string_view table, std::string message) {
    Report({std::string(table), std::nullopt, std::move(message), false}, {});
  }

  void Report(Finding finding, std::vector<TableChange> cure) {
    ++counts_.findings;
    if (finding.mendable) ++counts_.mendable;
    if (options_.on_finding) options_.on_finding(finding);
    if (options_.repair == nullptr) return;
    for (TableChange& change : cure) cures_.push_back(std::move(change));
    if (cures_.size() >= kCuresAtOnce && cure_status_.ok()) cure_status_ = Cure();
  }

  Status Cure() {
    if (cures_.empty()) return Done{};
    Status written = options_.repair->Write(cures_);
    if (written.ok()) counts_.mended += static_cast<std::int64_t>(cures_.size());
    cures_.clear();
    return written;
  }

  TableReader& reader_;
  const StoreCheckOptions& options_;
  StoreFacts facts_;
  StoreCheckReport counts_;
  std::vector<TableChange> cures_;
  Status cure_status_{Done{}};
};

}  // namespace

Result<StoreCheckReport> CheckStore(TableReader& reader, const StoreCheckOptions& options) {
  return StoreChecker(reader, options).Run();
}

}  // namespace fermata
