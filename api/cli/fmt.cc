#include "api/cli/fmt.h"

#include <algorithm>
#include <fstream>
#include <istream>
#include <ostream>
#include <sstream>

#include "api/cli/codes.h"
#include "api/cli/draw_codes.h"
#include "api/cli/exit_code.h"
#include "engine/base/result.h"
#include "engine/language/formatter/format.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

std::string ReadAll(std::istream& stream) {
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// Beside the file first, so that a full disk costs nothing.
bool Replace(const fs::path& file, const std::string& text) {
  std::error_code error;
  const fs::path target = fs::canonical(file, error);
  if (error) return false;
  fs::path draft = target;
  draft += ".fmt";
  std::ofstream stream(draft, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  if (stream) fs::permissions(draft, fs::status(target, error).permissions(), error);
  if (stream && !error) fs::rename(draft, target, error);
  if (stream && !error) return true;
  std::error_code ignored;
  fs::remove(draft, ignored);
  return false;
}

class Formatter {
 public:
  Formatter(const FmtOptions& options, std::istream& in, std::ostream& out, std::ostream& err)
      : options_(options), in_(in), out_(out), err_(err) {}

  int Run() {
    for (const fs::path& path : options_.paths) FormatPath(path);
    return exit_;
  }

 private:
  void FormatPath(const fs::path& path) {
    std::error_code error;
    if (path == "-") return FormatInput();
    if (!fs::is_directory(path, error)) return FormatFile(path);
    std::vector<fs::path> files;
    for (fs::recursive_directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
      const std::string extension = at->path().extension().string();
      if ((extension == ".yaml" || extension == ".yml") && at->is_regular_file(error)) files.push_back(at->path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) FormatFile(file);
  }

  void FormatInput() {
    const std::string text = ReadAll(in_);
    const FormatOutcome outcome = FormatYaml("stdin", text);
    if (!outcome.text) return Refuse(outcome);
    if (!options_.check) {
      out_ << *outcome.text;
    } else if (*outcome.text != text) {
      Tell("stdin");
    }
  }

  void FormatFile(const fs::path& file) {
    std::error_code error;
    std::ifstream stream(file, std::ios::binary);
    const std::string text = fs::is_regular_file(file, error) && stream ? ReadAll(stream) : "";
    if (!fs::is_regular_file(file, error) || !stream)
      return Fail({kFileUnreadable, "Expected a file that can be read, but '" + file.string() + "' is none."});
    const FormatOutcome outcome = FormatYaml(file.string(), text);
    if (!outcome.text) return Refuse(outcome);
    if (*outcome.text == text) return;
    if (!options_.check && !Replace(file, *outcome.text))
      return Fail({kFileUnwritable, "Expected a file that can be written, but '" + file.string() + "' is none."});
    Tell(file.string());
  }

  // What has changed, or would.
  void Tell(const std::string& name) {
    out_ << name << "\n";
    if (options_.check) exit_ = std::max(exit_, kExitFailed);
  }

  void Refuse(const FormatOutcome& outcome) {
    err_ << FormatDiagnostics(outcome.diagnostics, options_.colour);
    exit_ = std::max(exit_, kExitFailed);
  }

  void Fail(const Error& error) {
    err_ << "error " << FormatErrorCode(error.code) << ": " << error.message << "\n";
    exit_ = std::max(exit_, kExitUsage);
  }

  const FmtOptions& options_;
  std::istream& in_;
  std::ostream& out_;
  std::ostream& err_;
  int exit_ = kExitOk;
};

}  // namespace

int RunFmt(const FmtOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  return Formatter(options, in, out, err).Run();
}

}  // namespace fermata
