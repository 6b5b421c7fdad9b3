#include "engine/language/report.h"

#include "engine/base/nearest_word.h"
#include "engine/language/codes.h"
#include "engine/model/limits.h"

namespace fermata {

namespace {

std::string SetApart(ErrorCode code, const std::string& message) {
  return code == kMissingKey || code == kInputMissing ? message : "";
}

}  // namespace

bool Report::IsNew(Severity severity, SourcePosition at, const std::string& what) {
  // Half of the room is kept for errors: warnings never push one out.
  const int room = severity == Severity::kError ? kDiagnosticsMax : kDiagnosticsMax / 2;
  if (diagnostics_.size() >= static_cast<std::size_t>(room)) return false;
  if (severity != Severity::kError) return blamed_.count({at.line, at.column, ""}) == 0;
  ++errors_;
  return blamed_.insert({at.line, at.column, what}).second;
}

void Report::Add(Severity severity, ErrorCode code, SourcePosition at, int length, std::string message,
                 std::string hint) {
  if (IsNew(severity, at, SetApart(code, message)))
    diagnostics_.push_back(source_.Report(severity, code, at, length, std::move(message), std::move(hint)));
}

void Report::AddRelated(Severity severity, ErrorCode code, SourcePosition at, int length, std::string message,
                        Diagnostic::Related related, std::string hint) {
  if (!IsNew(severity, at, SetApart(code, message))) return;
  diagnostics_.push_back(source_.Report(severity, code, at, length, std::move(message), std::move(hint)));
  diagnostics_.back().related = std::move(related);
}

void Report::Error(ErrorCode code, const Node& node, std::string message, std::string hint) {
  Add(Severity::kError, code, node.at, node.length, std::move(message), std::move(hint));
}

void Report::ErrorAtKey(ErrorCode code, const NodeEntry& entry, std::string message, std::string hint) {
  Add(Severity::kError, code, entry.key_at, entry.key_length, std::move(message), std::move(hint));
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string nearest = NearestWord(word, candidates);
  return nearest.empty() ? "" : "did you mean '" + nearest + "'?";
}

}  // namespace fermata
