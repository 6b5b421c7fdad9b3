// `fermata lsp`: answers an editor over the language server protocol 3.17 until it says exit or closes the stream.
//
// One thread, one editor. What is malformed is answered with an error and forgotten; nothing an editor sends ends the server but `exit`.
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/lsp/workspace.h"
#include "engine/base/result.h"
#include "engine/model/value.h"

namespace fermata {

struct LspOptions {
  std::vector<std::filesystem::path> connector_folders;  // after connectors/ beside each process
  std::vector<ManifestPtr> builtin_manifests;
  std::string version;
};

class LanguageServer {
 public:
  // The streams must outlive the server.
  LanguageServer(LspOptions options, std::istream& in, std::ostream& out);

  // The process's exit code: 0 after `shutdown` and `exit`, else 1, as the protocol has it.
  int Run();

 private:
  using Handler = Result<Value> (LanguageServer::*)(const Value& params);
  static const std::map<std::string, Handler>& Requests();
  static const std::map<std::string, Handler>& Notifications();

  void Take(const Value& message);
  void Answer(const Value& id, const Result<Value>& result, int error_number);
  void Refuse(const Value& id, int error_number, const std::string& message);
  void Notify(const std::string& method, Value params);

  Result<Value> Initialize(const Value& params);
  Result<Value> Shutdown(const Value& params);
  Result<Value> DidOpen(const Value& params);
  Result<Value> DidChange(const Value& params);
  Result<Value> DidClose(const Value& params);
  Result<Value> DidSave(const Value& params);
  Result<Value> Completion(const Value& params);
  Result<Value> Hover(const Value& params);
  Result<Value> Definition(const Value& params);
  Result<Value> DocumentSymbol(const Value& params);
  Result<Value> Formatting(const Value& params);

  void Publish(OpenFile& file);
  void PublishOne(const std::string& uri, const std::vector<Diagnostic>& diagnostics);
  OpenFile* FileOf(const Value& params);
  std::size_t OffsetOf(const OpenFile& file, const Value& params) const;

  std::istream& in_;
  std::ostream& out_;
  const std::string version_;
  Workspace workspace_;
  PositionUnit unit_ = PositionUnit::kUtf16;
  std::map<std::string, std::set<std::string>> published_;  // by open file: the others that it had something to say of
  bool initialized_ = false;
  bool shut_down_ = false;
};

}  // namespace fermata
