#include "api/server/process_folder.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <utility>

#include "api/cli/codes.h"
#include "api/cli/process_files.h"
#include "api/cli/terminal.h"
#include "engine/base/hash.h"
#include "engine/base/log.h"
#include "engine/language/load.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

// An editor saves in several steps (write, rename, remove): look when it has been quiet for so long.
constexpr int kQuietMs = 60;
constexpr std::uint32_t kChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_MOVED_FROM;

Status MustBeFolder(const fs::path& folder, const char* option) {
  std::error_code error;
  if (folder.empty() || fs::is_directory(folder, error)) return Done{};
  return Error{kFolderUnusable,
               "Expected a folder with " + std::string(option) + ", but '" + folder.string() + "' is none."};
}

// On the screen of whoever saved the file: as long as it takes, with excerpts.
void Refuse(const std::string& file, const std::vector<Diagnostic>& diagnostics) {
  LogError("A file is refused; what was deployed before stays.", {{"file", file}});
  std::cerr << FormatDiagnostics(diagnostics, ColourOf(STDERR_FILENO)) << std::flush;
}

void Refuse(const std::string& file, const Error& error) {
  LogError("A file is refused; what was deployed before stays.",
           {{"file", file}, {"code", FormatErrorCode(error.code)}, {"reason", error.message}, {"hint", error.hint}});
}

std::string OwnContentOf(const DeployRequest& request) {
  std::string content = request.yaml;
  for (const auto& [path, text] : request.files) content += '\0' + path + '\0' + text;
  return content;
}

std::string ContentOf(const DeployRequest& request) {
  std::string content = OwnContentOf(request);
  for (const auto& [name, text] : request.manifests) content += '\0' + name + '\0' + text;
  return content;
}

}  // namespace

ProcessFolder::ProcessFolder(ProcessFolderOptions options, Engine& engine)
    : options_(std::move(options)), engine_(engine) {}

ProcessFolder::~ProcessFolder() { Stop(); }

Status ProcessFolder::Start() {
  if (Status folder = MustBeFolder(options_.processes, "processes"); !folder.ok()) return folder;
  if (Status folder = MustBeFolder(options_.connectors, "manifests"); !folder.ok()) return folder;
  if (options_.processes.empty() && options_.connectors.empty()) return Done{};
  inotify_ = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  stop_ = eventfd(0, EFD_CLOEXEC);
  if (inotify_ < 0 || stop_ < 0)
    return Error{kFolderUnusable, "Expected to be able to watch folders, but the system has no more watches."};
  // Watch first, then look: a change in between is seen twice rather than never.
  WatchFolders();
  DeployChanges();
  thread_ = std::thread([this] { Watch(); });
  return Done{};
}

void ProcessFolder::Stop() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    (void)!write(stop_, &one, sizeof one);
    thread_.join();
  }
  if (inotify_ >= 0) close(inotify_);
  if (stop_ >= 0) close(stop_);
  inotify_ = stop_ = -1;
}

void ProcessFolder::WatchFolders() {
  std::vector<fs::path> folders;
  for (const fs::path& root : {options_.processes, options_.connectors}) {
    if (root.empty()) continue;
    for (const fs::path& folder : WithSubfolders(root)) {
      folders.push_back(folder);
      // connectors/ beside the processes has a folder a connector.
      if (folder.filename() == "connectors")
        for (const fs::path& deeper : WithSubfolders(folder)) folders.push_back(deeper);
    }
  }
  // Watching a folder again changes nothing.
  for (const fs::path& folder : folders) inotify_add_watch(inotify_, folder.c_str(), kChanges);
}

void ProcessFolder::Watch() {
  std::array<char, 4096> events;
  bool changed = false;
  while (true) {
    pollfd waits[] = {{inotify_, POLLIN, 0}, {stop_, POLLIN, 0}};
    const int ready = poll(waits, 2, changed ? kQuietMs : -1);
    if (waits[1].revents) return;
    if (ready > 0) {
      while (read(inotify_, events.data(), events.size()) > 0) changed = true;
    } else if (changed) {
      changed = false;
      WatchFolders();
      DeployChanges();
    }
  }
}

void ProcessFolder::DeployChanges() {
  DeployManifests();
  if (options_.processes.empty()) return;
  for (const fs::path& file : FindProcessFiles(options_.processes)) DeployProcess(file);
}

void ProcessFolder::DeployManifests() {
  if (options_.connectors.empty()) return;
  for (const auto& [file, text] : ReadManifestFiles(options_.connectors)) {
    std::string hash = Sha256Hex(text);
    if (std::string& last = seen_[file].own; std::exchange(last, hash) == hash) continue;
    const ManifestOutcome loaded = LoadManifest(file, text);
    if (!loaded.manifest) {
      Refuse(file, loaded.diagnostics);
      continue;
    }
    // Manifests of built-in connectors come with their code.
    if (loaded.manifest->kind == ConnectorKind::kBuiltin) continue;
    const Engine::ManifestOutcome deployed = engine_.DeployManifest(file, text, ManifestOrigin::kFolder);
    if (deployed.ok) {
      LogInfo("A connector is deployed.",
              {{"connector", deployed.connector}, {"version", deployed.version}, {"file", file}});
    } else if (deployed.error) {
      Refuse(file, *deployed.error);
    } else {
      Refuse(file, deployed.diagnostics);
    }
  }
}

void ProcessFolder::DeployProcess(const fs::path& file) {
  std::vector<fs::path> folders;
  if (!options_.connectors.empty()) folders.push_back(options_.connectors);
  Result<DeployRequest> request = ReadDeployRequest(file, folders);
  // Gone since the folder was listed.
  if (!request.ok()) return;
  const Seen now{Sha256Hex(OwnContentOf(*request)), Sha256Hex(ContentOf(*request))};
  Seen& seen = seen_[file.string()];
  if (seen.all == now.all) return;
  // A file that changes while we look goes live. At the start, and where only a manifest has changed, the operator's choice of the live version stands.
  if (seen.own.empty() || seen.own == now.own) request->if_there = DeployRequest::IfThere::kLeave;
  seen = now;
  const DeployOutcome outcome = engine_.Deploy(*request);
  if (outcome.error) {
    // Storage may be back in a moment: let the next change try again.
    if (static_cast<int>(outcome.error->code) >= 5000) seen_.erase(file.string());
    return Refuse(file.string(), *outcome.error);
  }
  if (!outcome.reply) return Refuse(file.string(), outcome.diagnostics);
  LogInfo(outcome.reply->created ? "A process is deployed." : "A process is live.",
          {{"process", outcome.reply->process}, {"version", outcome.reply->version}, {"file", file.string()}});
}

}  // namespace fermata
