#include "api/cli/new.h"

#include <algorithm>
#include <fstream>
#include <ostream>
#include <sstream>
#include <utility>

#include "api/cli/exit_code.h"
#include "api/cli/new_codes.h"
#include "api/cli/terminal.h"
#include "engine/language/fields.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

// Of the line that begins with `key`; "" if there is none.
std::string LineOf(std::string_view text, std::string_view key) {
  std::size_t at = text.starts_with(key) ? 0 : text.find("\n" + std::string(key));
  if (at == std::string_view::npos) return "";
  at = text.find(key, at) + key.size();
  return std::string(text.substr(at, text.find('\n', at) - at));
}

std::string ReplaceLine(std::string text, const std::string& line, const std::string& by) {
  const std::size_t at = text.starts_with(line + "\n") ? 0 : text.find("\n" + line + "\n");
  if (at == std::string::npos) return text;
  return text.replace(at == 0 ? 0 : at + 1, line.size(), by);
}

// The line that tells an editor where the schema is holds for the template's own folder only.
std::string WithoutEditorLine(std::string text) {
  if (text.starts_with("# yaml-language-server:")) text.erase(0, text.find('\n') + 1);
  return text;
}

class Copier {
 public:
  // All must outlive it.
  Copier(const NewOptions& options, std::ostream& out, std::ostream& errors)
      : options_(options), out_(out), errors_(errors) {}

  int Run() {
    if (options_.list) return List(out_), kExitOk;
    const auto& templates = ProcessTemplates();
    const auto from = std::find_if(templates.begin(), templates.end(),
                                   [&](const ProcessTemplate& one) { return one.name == options_.from; });
    if (!IsProcessName(options_.name)) {
      Blame(
          kNewNameWrong, "",
          "Expected the name of a process, lower-case letters, digits and '-', but there is '" + options_.name + "'.");
      return kExitUsage;
    }
    if (from == templates.end()) {
      std::vector<std::string> names;
      for (const ProcessTemplate& one : templates) names.emplace_back(one.name);
      const std::string there = options_.from.empty() ? "--from is missing" : "there is no '" + options_.from + "'";
      Blame(kTemplateUnknown, "", "Expected the name of a template, but " + there + ".",
            DidYouMean(options_.from, names));
      List(errors_);
      return kExitUsage;
    }
    return Copy(*from);
  }

 private:
  static bool IsProcessName(const std::string& name) {
    return IsName(name) && std::all_of(name.begin(), name.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
           });
  }

  static void List(std::ostream& out) {
    std::vector<std::vector<std::string>> rows{{"TEMPLATE", "WHAT IT DOES"}};
    for (const ProcessTemplate& one : ProcessTemplates()) rows.push_back({std::string(one.name), one.Title()});
    PrintTable(rows, out);
  }

  int Copy(const ProcessTemplate& from) {
    std::vector<std::pair<fs::path, std::string>> files;
    for (const ProcessTemplate::File& file : from.files) Plan(from, file, files);
    if (failed_) return kExitFailed;
    for (const auto& [path, text] : files) {
      std::error_code error;
      fs::create_directories(path.parent_path(), error);
      std::ofstream stream(path, std::ios::binary);
      stream << text;
      if (!stream.flush()) {
        Blame(kNewFileUnwritable, path, "Expected a file that can be written, but it cannot.");
        return kExitFailed;
      }
      out_ << "wrote " << path.string() << "\n";
    }
    out_ << "now try: fermata test "
         << (options_.folder / (options_.name + ".scenarios.yaml")).lexically_normal().string() << "\n";
    return kExitOk;
  }

  // Looks at everything before anything is written.
  void Plan(const ProcessTemplate& from, const ProcessTemplate::File& file,
            std::vector<std::pair<fs::path, std::string>>& files) {
    const std::string old(from.name);
    std::string path(file.path), text = WithoutEditorLine(std::string(file.text));
    // What this line names stands beside the templates, not beside the copy.
    if (text.starts_with("# yaml-language-server:")) text.erase(0, text.find('\n') + 1);
    if (path.starts_with(old + ".")) {
      path = options_.name + path.substr(old.size());
      text = ReplaceLine(std::move(text), "process: " + old, "process: " + options_.name);
      text = ReplaceLine(std::move(text), "scenarios: " + old, "scenarios: " + options_.name);
    }
    const fs::path target = (options_.folder / path).lexically_normal();
    std::error_code error;
    if (fs::exists(target, error)) {
      std::ifstream stream(target, std::ios::binary);
      std::ostringstream there;
      there << stream.rdbuf();
      if (path.starts_with("connectors/") && there.str() == text) return;
      failed_ = true;
      return Blame(kNewFileInTheWay, target, "Expected no such file yet, but there is one.");
    }
    files.emplace_back(target, std::move(text));
  }

  void Blame(ErrorCode code, const fs::path& path, const std::string& message, const std::string& hint = "") {
    Diagnostic diagnostic;
    diagnostic.code = code;
    diagnostic.file = path.empty() ? "fermata new" : path.string();
    diagnostic.message = message;
    diagnostic.hint = hint;
    errors_ << FormatDiagnostic(diagnostic, options_.colour);
  }

  const NewOptions& options_;
  std::ostream& out_;
  std::ostream& errors_;
  bool failed_ = false;
};

}  // namespace

std::string ProcessTemplate::Title() const {
  for (const File& file : files)
    if (std::string title = LineOf(file.text, "title: "); !title.empty()) return title;
  return "";
}

int RunNew(const NewOptions& options, std::ostream& out, std::ostream& errors) {
  return Copier(options, out, errors).Run();
}

}  // namespace fermata
