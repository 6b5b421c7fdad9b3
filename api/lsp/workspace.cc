#include "api/lsp/workspace.h"

#include <algorithm>
#include <set>

#include "api/cli/check.h"
#include "api/cli/process_files.h"
#include "api/cli/text_files.h"
#include "api/lsp/bounds.h"
#include "engine/base/percent.h"
#include "engine/language/reader.h"
#include "engine/scenario/parser.h"
#include "engine/schema/schema.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

int HexOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Editors open all sorts of YAML.
bool IsProcess(std::string_view text) { return HasRootKey(text, "fermata") || HasRootKey(text, "process"); }
bool IsManifest(std::string_view text) { return HasRootKey(text, "connector") && HasRootKey(text, "operations"); }

}  // namespace

fs::path PathOfUri(const std::string& uri) {
  const std::string_view scheme = "file://";
  if (!uri.starts_with(scheme)) return {};
  std::string path;
  for (std::size_t i = scheme.size(); i < uri.size(); ++i) {
    const int high = uri[i] == '%' && i + 2 < uri.size() ? HexOf(uri[i + 1]) : -1;
    const int low = high >= 0 ? HexOf(uri[i + 2]) : -1;
    if (low < 0) {
      path += uri[i];
      continue;
    }
    path += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return fs::path(path).lexically_normal();
}

OpenFile* Workspace::Open(const std::string& uri, std::string text) {
  if (files_.size() >= kOpenDocumentsMax && files_.count(uri) == 0) return nullptr;
  OpenFile& file = files_[uri];
  file = {uri, PathOfUri(uri), TextDocument(std::move(text)), nullptr};
  return &file;
}

OpenFile* Workspace::Find(const std::string& uri) {
  const auto known = files_.find(uri);
  return known == files_.end() ? nullptr : &known->second;
}

std::vector<OpenFile*> Workspace::All() {
  std::vector<OpenFile*> files;
  for (auto& [uri, file] : files_) files.push_back(&file);
  return files;
}

std::optional<std::string> Workspace::TextOf(const fs::path& path) const {
  for (const auto& [uri, file] : files_)
    if (!file.path.empty() && file.path == path) return file.document.text();
  return ReadFile(path);
}

// An open file is one of the folder by its path alone; what is on disk may also be a link.
std::optional<std::string> Workspace::TextBelow(const fs::path& folder, const std::string& name) const {
  const fs::path path = (folder / name).lexically_normal();
  const fs::path inside = path.lexically_relative(folder);
  if (inside.empty() || *inside.begin() == "..") return std::nullopt;
  for (const auto& [uri, file] : files_)
    if (!file.path.empty() && file.path == path) return file.document.text();
  return ReadFileBelow(folder, name);
}

std::vector<ProcessShape> Workspace::ShapesOf(const fs::path& folder, const std::string& process) const {
  std::vector<ProcessShape> shapes;
  for (const ProcessFile& file : ProcessFilesIn(folder)) {
    const std::optional<std::string> text = file.process == process ? TextOf(file.path) : std::nullopt;
    if (!text) continue;
    auto shape = ReadProcessShape(*text, [&](const std::string& schema) { return TextBelow(folder, schema); });
    if (shape) shapes.push_back(std::move(*shape));
  }
  return shapes;
}

ManifestPtr Workspace::Load(const fs::path& path) {
  std::error_code error;
  const fs::file_time_type written = fs::last_write_time(path, error);
  if (const auto known = manifests_.find(path.string()); known != manifests_.end() && known->second.written == written)
    return known->second.manifest;
  const std::optional<std::string> text = ReadFile(path);
  std::map<std::string, std::string> schemas;
  if (text)
    for (const std::string& schema : ReferencedFiles(*text))
      if (auto content = ReadFileBelow(path.parent_path(), schema)) schemas.emplace(schema, std::move(*content));
  ManifestPtr manifest = text ? LoadManifest(path.string(), *text, schemas).manifest : nullptr;
  manifests_[path.string()] = {written, manifest};
  return manifest;
}

void Workspace::AddFrom(const fs::path& folder, std::vector<ManifestFile>& manifests) {
  for (const fs::path& place : WithSubfolders(folder)) {
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator at(place, error), end; !error && at != end; at.increment(error))
      if (const std::string extension = at->path().extension().string(); extension == ".yaml" || extension == ".yml")
        if (!IsScenarioFile(at->path())) files.push_back(at->path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      ManifestPtr manifest = Load(file);
      const bool known = manifest && std::any_of(manifests.begin(), manifests.end(), [&](const ManifestFile& other) {
                           return other.manifest->connector == manifest->connector;
                         });
      if (manifest && !known) manifests.push_back({file, std::move(manifest)});
    }
  }
}

std::vector<ManifestFile> Workspace::ManifestsFor(const OpenFile& file) {
  std::vector<ManifestFile> manifests;
  if (!file.path.empty()) AddFrom(file.path.parent_path() / "connectors", manifests);
  for (const fs::path& folder : connector_folders_) AddFrom(folder, manifests);
  for (const ManifestPtr& manifest : builtin_manifests_) {
    const bool known = std::any_of(manifests.begin(), manifests.end(), [&](const ManifestFile& other) {
      return other.manifest->connector == manifest->connector;
    });
    if (!known) manifests.push_back({{}, manifest});
  }
  manifests.push_back({{}, EngineManifest()});
  return manifests;
}

ScenarioProject Workspace::ProjectFor(const OpenFile& file) {
  ScenarioProject project;
  for (ManifestFile& manifest : ManifestsFor(file)) project.manifests.push_back(std::move(manifest.manifest));
  if (file.path.empty()) return project;
  const fs::path folder = file.path.parent_path();
  for (const fs::path& path : FindProcessFiles(folder)) {
    std::optional<std::string> text = TextOf(path);
    if (!text || !IsProcess(*text)) continue;
    Understood& known = understood_[path.string()];
    if (known.text != *text || known.manifests != project.manifests) {
      Bundle bundle;
      bundle.file = path.string();
      bundle.text = *text;
      bundle.manifests = project.manifests;
      bundle.manifests.pop_back();  // the engine's own, which is always there
      bundle.open_file = [this, folder](const std::string& schema) { return TextBelow(folder, schema); };
      LoadOutcome loaded = LoadDefinition(bundle);
      if (loaded.understood) known.definition = std::move(loaded.understood);
      known.text = *std::move(text);
      known.manifests = project.manifests;
    }
    if (known.definition && !known.definition->process.empty()) project.definitions.push_back(known.definition);
  }
  return project;
}

std::optional<ProcessShape> Workspace::ShapeOf(const OpenFile& file, const std::string& process) const {
  if (file.path.empty()) return std::nullopt;
  std::vector<ProcessShape> shapes = ShapesOf(file.path.parent_path(), process);
  if (shapes.empty()) return std::nullopt;
  return std::move(shapes.front());
}

Type Workspace::OutputOf(const OpenFile& file, const std::string& process) const {
  const std::optional<ProcessShape> child = ShapeOf(file, process);
  return child && child->output ? TypeOf(*child->output) : Type::Dyn();
}

std::map<std::string, fs::path> Workspace::ProcessesBeside(const OpenFile& file) const {
  std::map<std::string, fs::path> processes;
  if (file.path.empty()) return processes;
  for (const fs::path& other : FindProcessFiles(file.path.parent_path())) {
    const std::optional<std::string> text = TextOf(other);
    const ReadOutcome read = text && IsProcess(*text) ? ReadYaml("", *text) : ReadOutcome{};
    const NodeEntry* name = read.root ? read.root->Find("process") : nullptr;
    if (name) processes.emplace(name->value.text, other);
  }
  return processes;
}

std::vector<CheckedFile> Workspace::Check(OpenFile& file) {
  const std::string& text = file.document.text();
  if (IsScenarioFile(file.path)) {
    const bool blank = text.find_first_not_of(" \t\r\n") == std::string::npos;  // nothing has been typed yet
    if (blank) return {{file.uri, {}}};
    return {{file.uri, ParseScenarios(file.uri, text, ProjectFor(file)).diagnostics}};
  }
  if (IsManifest(text) && !IsProcess(text)) {
    std::map<std::string, std::string> schemas;
    for (const std::string& schema : ReferencedFiles(text))
      if (auto content = TextBelow(file.path.parent_path(), schema)) schemas.emplace(schema, std::move(*content));
    return {{file.uri, LoadManifest(file.uri, text, schemas).diagnostics}};
  }
  // What has been a process stays one while its first lines are being typed.
  if (!IsProcess(text) && !file.definition) return {{file.uri, {}}};
  return CheckProcess(file);
}

std::vector<CheckedFile> Workspace::CheckProcess(OpenFile& file) {
  Bundle bundle;
  bundle.file = file.uri;
  bundle.text = file.document.text();
  for (ManifestFile& manifest : ManifestsFor(file))
    if (manifest.manifest != EngineManifest()) bundle.manifests.push_back(std::move(manifest.manifest));
  const fs::path folder = file.path.parent_path();
  if (!file.path.empty()) {
    bundle.processes = NamesOf(ProcessFilesIn(folder));
    bundle.open_file = [this, folder](const std::string& path) { return TextBelow(folder, path); };
    bundle.open_process = [this, folder](const std::string& process) { return ShapesOf(folder, process); };
  }
  LoadOutcome outcome = LoadDefinition(bundle);
  if (outcome.understood) file.definition = outcome.understood;
  std::vector<CheckedFile> checked{{file.uri, {}}};
  for (Diagnostic& diagnostic : outcome.diagnostics) {
    const std::string uri =
        diagnostic.file == file.uri ? file.uri : UriOfPath((folder / diagnostic.file).lexically_normal());
    auto place = std::find_if(checked.begin(), checked.end(), [&](const CheckedFile& one) { return one.uri == uri; });
    if (place == checked.end()) place = checked.insert(checked.end(), {uri, {}});
    place->diagnostics.push_back(std::move(diagnostic));
  }
  return checked;
}

}  // namespace fermata
