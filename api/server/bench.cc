#include "api/server/bench.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include "api/cli/codes.h"
#include "api/cli/complaint.h"
#include "api/cli/exit_code.h"
#include "api/handlers/api.h"
#include "api/server/bench_load.h"
#include "api/server/connector_set.h"
#include "api/server/open_storage.h"
#include "connectors/host/host.h"
#include "connectors/host/secret_store.h"
#include "engine/base/clock.h"
#include "engine/model/json.h"
#include "engine/storage/nodes.h"
#include "engine/storage/postgres/bench_database.h"
#include "engine/storage/postgres/raw_insert.h"
#include "engine/storage/sqlite/raw_insert.h"

namespace fermata {
namespace {

constexpr int kStepsPerWorkflow = 5;
constexpr int kAloneCount = 200;
constexpr RawInserts kRawInserts = {60'000, 200, 1'000};  // about the size of a journal row of chain5

constexpr std::string_view kManifest = R"(connector: bench
version: 1.0.0
kind: builtin
operations:
  echo:
    input: { type: object }
    output: { type: object }
    limits: { concurrency: 16 }
)";

constexpr std::string_view kProcess = R"(fermata: 1
process: chain5
version: 1.0.0
title: Five calls that do nothing
states:
  one:   { call: bench.echo, with: { step: 1 }, save: a, next: two }
  two:   { call: bench.echo, with: { step: 2 }, save: b, next: three }
  three: { call: bench.echo, with: { step: 3 }, save: c, next: four }
  four:  { call: bench.echo, with: { step: 4 }, save: d, next: five }
  five:  { call: bench.echo, with: { step: 5 }, save: e, next: done }
  done:  { end: { step: "${e.step}" } }
)";

// Answers with what it was asked.
class EchoConnector final : public Connector {
 public:
  std::string_view ManifestYaml() const override { return kManifest; }
  Outcome Run(const Job& job) override { return JobSuccess{job.input}; }
};

// A folder that goes when the benchmark ends, unless it was named.
class DataFolder {
 public:
  explicit DataFolder(std::string named) : path_(std::move(named)), temporary_(path_.empty()) {
    if (!temporary_) return;
    std::string pattern = (std::filesystem::temp_directory_path() / "fermata-bench-XXXXXX").string();
    if (mkdtemp(pattern.data())) path_ = pattern;
  }
  ~DataFolder() {
    std::error_code error;
    if (temporary_ && !path_.empty()) std::filesystem::remove_all(path_, error);
  }
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

  const std::string& path() const { return path_; }
  // Of the database's files.
  std::int64_t Bytes() const {
    std::int64_t bytes = 0;
    std::error_code error;
    for (std::filesystem::directory_iterator at(path_, error), end; !error && at != end; at.increment(error))
      if (at->path().filename().string().starts_with("fermata.db"))
        bytes += static_cast<std::int64_t>(at->file_size(error));
    return bytes;
  }

 private:
  std::string path_;
  const bool temporary_;
};

// A node of a database in use would take over instances and make their calls.
Status RefuseOtherUse(const std::string& database) {
  Result<std::string> use = OtherUseOf(database, kBenchProcess);
  if (!use.ok()) return use.error();
  if (use->empty()) return Done{};
  return Error{kBenchFailed, "Expected a database of the benchmark's own, but this one has " + *use + ".", "",
               "Make one for it: createdb bench; and drop it afterwards."};
}

// An engine with the echo, and a REST server in front of it when the mode is rest.
class Bench {
 public:
  explicit Bench(const BenchOptions& options) : options_(options), connectors_(MakeSecretStore({}), EgressRules()) {}

  ~Bench() {
    if (http_) http_->Stop();
    if (engine_) engine_->Stop();
    if (api_) api_->Stop();
    if (host_) host_->Stop();
    engine_.reset();
    http_.reset();
    api_.reset();
    if (storage_ && storage_->nodes()) (void)storage_->nodes()->Leave();
  }

  Status Open(const std::string& folder) {
    const SqliteSync sync = options_.sync == "none" ? SqliteSync::kNone : SqliteSync::kFull;
    if (options_.storage == "postgres")
      if (Status own = RefuseOtherUse(options_.database); !own.ok()) return own;
    const std::string node = std::string(kBenchNodePrefix) + NodeName(std::to_string(getpid()));
    Result<std::unique_ptr<Storage>> storage = OpenStorage({options_.storage, options_.database, folder, sync, node});
    if (!storage.ok()) return storage.error();
    storage_ = std::move(*storage);
    connectors_.AddBuiltin(std::make_unique<EchoConnector>());
    host_ = std::make_unique<ConnectorHost>(connectors_.registry(), ConnectorHostOptions{});
    EngineOptions engine_options;
    engine_options.shard_threads = options_.threads;
    Result<std::unique_ptr<Engine>> engine =
        Engine::Open(engine_options, SystemClock(), *storage_, *host_, connectors_.builtin_manifests());
    if (!engine.ok()) return engine.error();
    engine_ = std::move(*engine);
    const DeployOutcome deployed = engine_->Deploy({"chain5.yaml", std::string(kProcess), {}, {}});
    if (deployed.error) return *deployed.error;
    if (!deployed.reply) return Error{kBenchFailed, FormatDiagnostics(deployed.diagnostics)};
    return options_.mode == "rest" ? OpenRest() : Status(Done{});
  }

  std::unique_ptr<Load> MakeLoad() {
    return options_.mode == "rest" ? MakeRestLoad(port_) : MakeInProcessLoad(*engine_);
  }
  StorageInfo storage_info() const { return storage_->Info(); }

 private:
  Status OpenRest() {
    api_ = std::make_unique<Api>(ApiServices{*engine_, [](const ManifestPtr&) -> Status { return Done{}; }, "bench"});
    http_ = std::make_unique<HttpServer>(
        HttpServerOptions{},
        [this](const HttpRequest& request, ResponseHandle response) { api_->Handle(request, std::move(response)); });
    Result<int> port = http_->Start();
    if (!port.ok()) return port.error();
    port_ = *port;
    return Done{};
  }

  const BenchOptions& options_;
  ConnectorSet connectors_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<ConnectorHost> host_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<HttpServer> http_;
  int port_ = 0;
};

double CpuSeconds(const rusage& usage) {
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

rusage Usage() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage;
}

Value Rounded(double value) {
  return Value::Double(static_cast<double>(static_cast<std::int64_t>(value * 1'000 + 0.5)) / 1'000);
}

// The same rows in a bare loop, in this run; null where there is nothing to compare with.
Value MeasureRaw(const BenchOptions& options, const std::string& folder) {
  Result<double> rows = Error{};
  if (options.storage == "sqlite") {
    const std::string file = folder + "/raw.db";
    rows = MeasureSqliteInserts(file, options.sync == "none" ? SqliteSync::kNone : SqliteSync::kFull, kRawInserts);
    std::error_code error;
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file + end, error);
  } else if (options.storage == "postgres") {
    rows = MeasurePostgresInserts(options.database, kRawInserts);
  }
  return rows.ok() ? Rounded(*rows) : Value::Null();
}

Value Latency(const LoadResult& result) {
  return Value::Object({{"p50_ms", Rounded(Percentile(result.latencies_ms, 0.5))},
                        {"p99_ms", Rounded(Percentile(result.latencies_ms, 0.99))}});
}

struct Measured {
  StorageInfo storage;
  LoadResult alone, loaded;
  double cpu_seconds = 0;
  std::int64_t bytes = 0;
  Value raw_rows_per_s;
};

Value ReportOf(const BenchOptions& options, const Measured& measured) {
  const double per_second = static_cast<double>(measured.loaded.completed) / measured.loaded.seconds;
  const double completed = static_cast<double>(std::max<std::int64_t>(1, measured.loaded.completed));
  return Value::Object(
      {{"workload", Value::String(options.workload)},
       {"storage", Value::String(measured.storage.name)},
       {"mode", Value::String(options.mode)},
       {"sync", Value::String(measured.storage.sync)},
       {"concurrency", Value::Int(options.concurrency)},
       {"seconds", Rounded(measured.loaded.seconds)},
       {"workflows", Value::Int(measured.loaded.completed)},
       {"workflows_per_s", Rounded(per_second)},
       {"steps_per_s", Rounded(per_second * kStepsPerWorkflow)},
       {"raw_rows_per_s", measured.raw_rows_per_s},
       {"p50_ms", Rounded(Percentile(measured.alone.latencies_ms, 0.5))},
       {"p99_ms", Rounded(Percentile(measured.alone.latencies_ms, 0.99))},
       {"alone", Latency(measured.alone)},
       {"loaded", Latency(measured.loaded)},
       {"cpu_ms_per_workflow", Rounded(measured.cpu_seconds * 1'000 / completed)},
       {"peak_rss_mb", Rounded(static_cast<double>(Usage().ru_maxrss) / 1'024)},
       {"bytes_per_workflow", measured.storage.name == "sqlite"
                                  ? Rounded(static_cast<double>(measured.bytes) / (completed + kAloneCount))
                                  : Value::Null()}});
}

// All but what needs the storage closed.
Result<Measured> MeasureEngine(const BenchOptions& options, const std::string& folder) {
  Measured measured;
  Bench bench(options);
  if (Status opened = bench.Open(folder); !opened.ok()) return opened.error();
  measured.storage = bench.storage_info();
  const std::unique_ptr<Load> load = bench.MakeLoad();
  Result<LoadResult> alone = load->Alone(kAloneCount);
  if (!alone.ok()) return alone.error();
  measured.alone = std::move(*alone);
  const double cpu_before = CpuSeconds(Usage());
  Result<LoadResult> loaded = load->Loaded(options.concurrency, options.seconds);
  if (!loaded.ok()) return loaded.error();
  measured.loaded = std::move(*loaded);
  measured.cpu_seconds = CpuSeconds(Usage()) - cpu_before;
  return measured;
}

Result<Measured> Measure(const BenchOptions& options) {
  const DataFolder folder(options.data);
  const std::int64_t bytes_before = folder.Bytes();
  Result<Measured> measured = MeasureEngine(options, folder.path());
  if (!measured.ok()) return measured;
  // Now that the log has gone into the file.
  measured->bytes = folder.Bytes() - bytes_before;
  measured->raw_rows_per_s = MeasureRaw(options, folder.path());
  return measured;
}

}  // namespace

int RunBench(const BenchOptions& options) {
  signal(SIGPIPE, SIG_IGN);
  Result<Measured> measured = Measure(options);
  if (!measured.ok()) return ComplainOf(measured.error());
  std::cout << WriteJson(ReportOf(options, *measured)) << std::endl;
  return kExitOk;
}

}  // namespace fermata
