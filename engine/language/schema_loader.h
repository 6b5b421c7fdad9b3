// Compiles the schemas of one file, inline or by `$ref`, and reports their mistakes where they stand. Used by the parsers only.
//
// Not thread-safe; lives as long as one load.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/language/reader.h"
#include "engine/language/report.h"
#include "engine/schema/schema.h"

namespace fermata {

class SchemaLoader {
 public:
  using OpenFileFunction = std::function<std::optional<std::string>(const std::string& path)>;

  // `files` must outlive the loader; `open_file` (may be empty) is asked for those that are not in it; `diagnostics` takes what is wrong in them.
  SchemaLoader(const std::map<std::string, std::string>& files, OpenFileFunction open_file, Report& report,
               std::vector<Diagnostic>& diagnostics)
      : files_(files), open_file_(std::move(open_file)), report_(report), diagnostics_(diagnostics) {}

  // Null after a report. A map or a boolean is a schema; {$ref: file} is one too.
  SchemaPtr Load(const Node& node);
  // What Load() took, so that it says the same without the files.
  Value Bundled(const Node& node) const;
  // The files that were needed, with their texts.
  const std::map<std::string, std::string>& used_files() const { return used_; }

 private:
  struct File {
    ReadOutcome read;  // for the places
    bool readable = false;
    std::unique_ptr<Report> report;
  };

  // Opens what the value refers to, and what that refers to; whether all of it could be read.
  bool Open(const Value& schema, const std::string& file);
  bool OpenFile(const std::string& path);
  void ReportError(const SchemaError& error, const Node& node);

  std::optional<std::string> TextOf(const std::string& path) const;

  const std::map<std::string, std::string>& files_;
  const OpenFileFunction open_file_;
  Report& report_;
  std::vector<Diagnostic>& diagnostics_;
  std::map<std::string, File> open_;
  std::map<std::string, Value> values_;
  std::map<std::string, std::string> used_;
  std::set<std::pair<std::string, std::string>> reported_;  // file, pointer
};

}  // namespace fermata
