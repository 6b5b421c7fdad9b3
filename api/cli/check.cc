#include "api/cli/check.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <ostream>
#include <set>
#include <thread>

#include "api/cli/check_codes.h"
#include "api/cli/process_files.h"
#include "api/cli/sarif.h"
#include "api/cli/text_files.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCheckThreadsMax = 8;

// Manifests stand in the folder itself, or have a folder each.
std::vector<fs::path> ManifestFilesIn(const fs::path& folder) {
  std::vector<fs::path> files = YamlFilesIn(folder);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!entry.is_directory(error)) continue;
    for (fs::path& file : YamlFilesIn(entry.path())) files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Folders of a folder in which there may be processes, in order of name.
std::vector<fs::path> FoldersIn(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool ours = !name.starts_with(".") && name != "connectors";
    if (ours && entry.is_directory(error) && !entry.is_symlink(error)) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

// Those that say what they are: below the folder that was named there may be YAML of all sorts.
std::vector<fs::path> ProcessesAndManifestsIn(const fs::path& folder) {
  std::vector<fs::path> files = YamlFilesIn(folder);
  std::erase_if(files, [](const fs::path& file) {
    const std::optional<std::string> text = ReadFile(file);
    return !text || !(HasRootKey(*text, "fermata") || HasRootKey(*text, "process") || IsManifestText(*text));
  });
  return files;
}

// What a process file shows of itself, with the schemas of its folder.
std::optional<ProcessShape> ShapeOf(const fs::path& file) {
  const auto text = ReadFile(file);
  if (!text) return std::nullopt;
  return ReadProcessShape(
      *text, [folder = file.parent_path()](const std::string& schema) { return ReadFileBelow(folder, schema); });
}

std::vector<ProcessShape> ShapesOf(const std::vector<ProcessFile>& files, const std::string& process) {
  std::vector<ProcessShape> shapes;
  for (const ProcessFile& file : files)
    if (file.process == process)
      if (auto shape = ShapeOf(file.path)) shapes.push_back(std::move(*shape));
  return shapes;
}

class Checker {
 public:
  explicit Checker(const CheckOptions& options) : options_(options) {}

  int Run(std::ostream& out) {
    for (const fs::path& path : options_.paths) CheckPath(path);
    CheckWaiting();
    SortDiagnostics(diagnostics_);
    if (options_.format == CheckFormat::kText) PrintText(out);
    if (options_.format == CheckFormat::kJson) PrintJson(out);
    if (options_.format == CheckFormat::kSarif) out << WriteJson(ToSarif(diagnostics_, options_.version)) << "\n";
    if (unreadable_) return 2;
    return HasErrors(diagnostics_) ? 1 : 0;
  }

 private:
  void CheckPath(const fs::path& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) return CheckFile(path);
    if (!CheckFolder(path, YamlFilesIn(path)))
      Unreadable(path, "Expected YAML files in the folder, but there are none.");
  }

  // With the folders below it. Whether there was anything to check.
  bool CheckFolder(const fs::path& folder, const std::vector<fs::path>& files) {
    const std::vector<fs::path> manifests = ManifestFilesIn(folder / "connectors");
    for (const fs::path& file : files) CheckFile(file);
    for (const fs::path& file : manifests) CheckFile(file);
    bool any = !files.empty() || !manifests.empty();
    for (const fs::path& below : FoldersIn(folder)) any |= CheckFolder(below, ProcessesAndManifestsIn(below));
    return any;
  }

  void CheckFile(const fs::path& path) {
    if (!checked_.insert(path.lexically_normal().string()).second) return;
    const auto text = ReadFile(path);
    if (!text) return Unreadable(path, "Expected a file that can be read, but there is none.");
    if (IsScenarioFile(path)) return;
    ++files_;
    if (IsManifestText(*text)) {
      (void)LoadManifestFile(path, *text);
      return;
    }
    Bundle& bundle = waiting_.emplace_back();
    bundle.file = path.string();
    bundle.text = *text;
    bundle.open_file = [folder = path.parent_path()](const std::string& schema) {
      return ReadFileBelow(folder, schema);
    };
    const std::vector<ProcessFile>& neighbours = Neighbours(path.parent_path());
    bundle.processes = NamesOf(neighbours);
    bundle.open_process = [this, &neighbours](const std::string& process) { return Shapes(neighbours, process); };
    for (const fs::path& folder : options_.connector_folders) AddManifests(folder, bundle);
    AddManifests(path.parent_path() / "connectors", bundle);
    for (const ManifestPtr& manifest : options_.builtin_manifests) AddManifest(manifest, bundle);
  }

  // Processes are independent of each other; what is said of them stays in order.
  void CheckWaiting() {
    std::vector<std::vector<Diagnostic>> found(waiting_.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t i = next++; i < waiting_.size(); i = next++) found[i] = CheckProcess(waiting_[i]);
    };
    const std::size_t cores = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kCheckThreadsMax);
    std::vector<std::thread> threads;
    while (threads.size() + 1 < std::min(cores, waiting_.size())) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    for (std::vector<Diagnostic>& diagnostics : found) Take(std::move(diagnostics));
  }

  // What is wrong in a schema file is told by its path from here.
  static std::vector<Diagnostic> CheckProcess(const Bundle& bundle) {
    std::vector<Diagnostic> diagnostics = LoadDefinition(bundle).diagnostics;
    const fs::path folder = fs::path(bundle.file).parent_path();
    for (Diagnostic& diagnostic : diagnostics)
      if (diagnostic.file != bundle.file) diagnostic.file = (folder / diagnostic.file).string();
    return diagnostics;
  }

  void AddManifests(const fs::path& folder, Bundle& bundle) {
    const auto [known, added] = manifests_of_.emplace(folder.lexically_normal().string(), std::vector<ManifestPtr>());
    if (added) {
      for (const fs::path& file : ManifestFilesIn(folder))
        if (const auto text = ReadFile(file); text && IsManifestText(*text))
          if (ManifestPtr manifest = LoadManifestFile(file, *text)) known->second.push_back(std::move(manifest));
    }
    for (const ManifestPtr& manifest : known->second) AddManifest(manifest, bundle);
  }

  // The processes of a folder, read once.
  const std::vector<ProcessFile>& Neighbours(const fs::path& folder) {
    const auto [known, added] = processes_of_.emplace(folder.lexically_normal().string(), std::vector<ProcessFile>());
    if (added) known->second = ProcessFilesIn(folder);
    return known->second;
  }

  // Called by several threads; many processes may run the same one.
  std::vector<ProcessShape> Shapes(const std::vector<ProcessFile>& neighbours, const std::string& process) {
    {
      const std::lock_guard lock(shapes_mutex_);
      if (const auto known = shapes_.find({&neighbours, process}); known != shapes_.end()) return known->second;
    }
    std::vector<ProcessShape> shapes = ShapesOf(neighbours, process);
    const std::lock_guard lock(shapes_mutex_);
    return shapes_.emplace(std::pair{&neighbours, process}, std::move(shapes)).first->second;
  }

  // Read once, however many processes use it; what is wrong with it is said once.
  ManifestPtr LoadManifestFile(const fs::path& path, const std::string& text) {
    const auto [known, added] = manifests_.emplace(path.lexically_normal().string(), nullptr);
    if (!added) return known->second;
    ManifestOutcome outcome = LoadManifest(path.string(), text, ReadSchemas(path.parent_path(), text));
    Take(std::move(outcome.diagnostics));
    return known->second = outcome.manifest;
  }

  // A schema file that several processes use is blamed once.
  void Take(std::vector<Diagnostic> diagnostics) {
    for (Diagnostic& diagnostic : diagnostics)
      if (told_.insert(FormatDiagnostic(diagnostic)).second) diagnostics_.push_back(std::move(diagnostic));
  }

  void Unreadable(const fs::path& path, std::string message) {
    unreadable_ = true;
    Diagnostic diagnostic;
    diagnostic.code = kCheckUnreadable;
    diagnostic.file = path.string();
    diagnostic.message = std::move(message);
    diagnostics_.push_back(std::move(diagnostic));
  }

  std::int64_t Count(Severity severity) const {
    return std::count_if(diagnostics_.begin(), diagnostics_.end(),
                         [&](const Diagnostic& diagnostic) { return diagnostic.severity == severity; });
  }

  void PrintJson(std::ostream& out) const {
    const Value report = Value::Object({{"diagnostics", ToValue(diagnostics_)},
                                        {"files", Value::Int(files_)},
                                        {"errors", Value::Int(Count(Severity::kError))},
                                        {"warnings", Value::Int(Count(Severity::kWarning))}});
    out << WriteJson(report) << "\n";
  }

  static std::string Counted(std::int64_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
  }

  void PrintText(std::ostream& out) const {
    out << FormatDiagnostics(diagnostics_, options_.colour);
    out << Counted(files_, "file") << " checked: " << Counted(Count(Severity::kError), "error") << ", "
        << Counted(Count(Severity::kWarning), "warning") << "\n";
  }

  const CheckOptions& options_;
  std::vector<Diagnostic> diagnostics_;
  std::vector<Bundle> waiting_;
  std::set<std::string> checked_, told_;
  std::map<std::string, ManifestPtr> manifests_;
  std::map<std::string, std::vector<ManifestPtr>> manifests_of_;  // by folder, like the next
  std::map<std::string, std::vector<ProcessFile>> processes_of_;
  std::mutex shapes_mutex_;
  std::map<std::pair<const std::vector<ProcessFile>*, std::string>, std::vector<ProcessShape>> shapes_;
  std::int64_t files_ = 0;
  bool unreadable_ = false;
};

}  // namespace

std::vector<ProcessFile> ProcessFilesIn(const fs::path& folder) {
  std::vector<ProcessFile> files;
  for (const fs::path& file : YamlFilesIn(folder.empty() ? fs::path(".") : folder)) {
    const auto text = ReadFile(file);
    std::string name = text ? RootKeyText(*text, "process") : "";
    if (!name.empty()) files.push_back({std::move(name), file});
  }
  return files;
}

std::vector<std::string> NamesOf(const std::vector<ProcessFile>& files) {
  std::vector<std::string> names;
  for (const ProcessFile& file : files) names.push_back(file.process);
  return names;
}

std::map<std::string, std::string> ReadSchemas(const fs::path& folder, const std::string& text) {
  std::map<std::string, std::string> files;
  std::vector<std::string> wanted = ReferencedFiles(text);
  while (!wanted.empty()) {
    const std::string path = std::move(wanted.back());
    wanted.pop_back();
    if (files.count(path)) continue;
    auto content = ReadFileBelow(folder, path);
    if (!content) continue;
    for (std::string& next : ReferencedFiles(*content, path)) wanted.push_back(std::move(next));
    files.emplace(path, std::move(*content));
  }
  return files;
}

Bundle ReadBundle(const fs::path& process_file) { return BundleOf(process_file, ReadFile(process_file).value_or("")); }

Bundle BundleOf(const fs::path& process_file, std::string text) {
  Bundle bundle;
  bundle.file = process_file.string();
  bundle.text = std::move(text);
  bundle.files = ReadSchemas(process_file.parent_path(), bundle.text);
  std::vector<ProcessFile> neighbours = ProcessFilesIn(process_file.parent_path());
  bundle.processes = NamesOf(neighbours);
  bundle.open_process = [neighbours = std::move(neighbours)](const std::string& process) {
    return ShapesOf(neighbours, process);
  };
  return bundle;
}

int RunCheck(const CheckOptions& options, std::ostream& out) { return Checker(options).Run(out); }

}  // namespace fermata
