// Collects the diagnostics of one file. Each place is blamed once: what follows from a mistake there is not said again.
//
// Not thread-safe; lives as long as one load.
#pragma once

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/language/node.h"
#include "engine/language/source_text.h"

namespace fermata {

class Report {
 public:
  // Both must outlive the report.
  Report(const SourceText& source, std::vector<Diagnostic>& diagnostics) : source_(source), diagnostics_(diagnostics) {}

  void Error(ErrorCode code, const Node& node, std::string message, std::string hint = "");
  void ErrorAtKey(ErrorCode code, const NodeEntry& entry, std::string message, std::string hint = "");
  void Add(Severity severity, ErrorCode code, SourcePosition at, int length, std::string message,
           std::string hint = "");
  // With another place that belongs to it.
  void AddRelated(Severity severity, ErrorCode code, SourcePosition at, int length, std::string message,
                  Diagnostic::Related related, std::string hint = "");

  const SourceText& source() const { return source_; }
  int errors() const { return errors_; }

 private:
  // `what` sets apart mistakes that share a place: several missing keys of one map.
  bool IsNew(Severity severity, SourcePosition at, const std::string& what);

  const SourceText& source_;
  std::vector<Diagnostic>& diagnostics_;
  std::set<std::tuple<int, int, std::string>> blamed_;  // places of errors
  int errors_ = 0;
};

// "did you mean 'x'?" or "".
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace fermata
