#include "api/lsp/language_server.h"

#include <istream>
#include <ostream>

#include "api/lsp/answers.h"
#include "api/lsp/frames.h"
#include "api/lsp/protocol.h"
#include "engine/language/formatter/format.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

// Error numbers of JSON-RPC and of the protocol.
constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInternalError = -32603;
constexpr int kServerNotInitialized = -32002;

struct Encoding {
  std::string_view name;
  PositionUnit unit;
};
constexpr Encoding kEncodings[] = {
    {"utf-8", PositionUnit::kUtf8}, {"utf-16", PositionUnit::kUtf16}, {"utf-32", PositionUnit::kUtf32}};

// The first of the client's that is known here; UTF-16 is everybody's.
Encoding ChooseEncoding(const Value& params) {
  const Value* offered = Member(params, "capabilities.general.positionEncodings");
  if (offered && offered->is_list())
    for (const Value& name : offered->as_list())
      for (const Encoding& encoding : kEncodings)
        if (name.is_string() && name.as_string() == encoding.name) return encoding;
  return kEncodings[1];
}

// CompletionItemKinds of the protocol.
int KindNumber(Suggestion::Kind kind) {
  switch (kind) {
    case Suggestion::Kind::kKey:
      return 10;  // property
    case Suggestion::Kind::kState:
      return 18;  // reference
    case Suggestion::Kind::kOperation:
      return 2;  // method
    case Suggestion::Kind::kProcess:
      return 9;  // module
    case Suggestion::Kind::kEvent:
      return 23;
    case Suggestion::Kind::kError:
      return 21;  // constant
    case Suggestion::Kind::kVariable:
      return 6;
    case Suggestion::Kind::kField:
      return 5;
    case Suggestion::Kind::kFunction:
      return 3;
    case Suggestion::Kind::kWord:
      break;
  }
  return 14;  // keyword
}

Value Markdown(const std::string& text) {
  return Value::Object({{"kind", Value::String("markdown")}, {"value", Value::String(text)}});
}

}  // namespace

LanguageServer::LanguageServer(LspOptions options, std::istream& in, std::ostream& out)
    : in_(in),
      out_(out),
      version_(std::move(options.version)),
      workspace_(std::move(options.connector_folders), std::move(options.builtin_manifests)) {}

const std::map<std::string, LanguageServer::Handler>& LanguageServer::Requests() {
  using S = LanguageServer;
  static const std::map<std::string, Handler> handlers{{"initialize", &S::Initialize},
                                                       {"shutdown", &S::Shutdown},
                                                       {"textDocument/completion", &S::Completion},
                                                       {"textDocument/hover", &S::Hover},
                                                       {"textDocument/definition", &S::Definition},
                                                       {"textDocument/documentSymbol", &S::DocumentSymbol},
                                                       {"textDocument/formatting", &S::Formatting}};
  return handlers;
}

const std::map<std::string, LanguageServer::Handler>& LanguageServer::Notifications() {
  using S = LanguageServer;
  static const std::map<std::string, Handler> handlers{{"textDocument/didOpen", &S::DidOpen},
                                                       {"textDocument/didChange", &S::DidChange},
                                                       {"textDocument/didClose", &S::DidClose},
                                                       {"textDocument/didSave", &S::DidSave},
                                                       {"workspace/didChangeWatchedFiles", &S::DidSave}};
  return handlers;
}

int LanguageServer::Run() {
  while (true) {
    const Frame frame = ReadFrame(in_);
    if (frame.kind == Frame::Kind::kEnd) return 1;
    if (frame.kind == Frame::Kind::kMalformed) {
      Refuse(Value::Null(), kInvalidRequest, frame.reason);
      continue;
    }
    const Result<Value> message = ParseJson(frame.body, frame.body.size());
    if (!message.ok()) {
      Refuse(Value::Null(), kParseError, message.error().message);
      continue;
    }
    if (TextMember(*message, "method") == "exit") return shut_down_ ? 0 : 1;
    Take(*message);
  }
}

void LanguageServer::Take(const Value& message) {
  const std::string method = TextMember(message, "method");
  const Value* id = Member(message, "id");
  const Value* given = Member(message, "params");
  const Value params = given ? *given : Value::Null();
  if (method.empty()) {
    // An answer to something that was never asked is nobody's business.
    const bool answer = message.is_map() && (message.Find("result") || message.Find("error"));
    if (!answer)
      Refuse(id ? *id : Value::Null(), kInvalidRequest, "Expected a message with 'method', but it has none.");
    return;
  }
  if (!id) {
    const auto handler = Notifications().find(method);
    if (handler != Notifications().end() && initialized_ && !shut_down_) (void)(this->*handler->second)(params);
    return;
  }
  if (shut_down_)
    return Refuse(*id, kInvalidRequest, "Expected 'exit' after 'shutdown', but there is '" + method + "'.");
  if (!initialized_ && method != "initialize")
    return Refuse(*id, kServerNotInitialized, "Expected 'initialize' first, but there is '" + method + "'.");
  if (initialized_ && method == "initialize")
    return Refuse(*id, kInvalidRequest, "Expected 'initialize' once, but it came again.");
  const auto handler = Requests().find(method);
  if (handler == Requests().end())
    return Refuse(*id, kMethodNotFound, "Expected a method that this server has, but '" + method + "' is none.");
  Answer(*id, (this->*handler->second)(params), kInternalError);
}

void LanguageServer::Answer(const Value& id, const Result<Value>& result, int error_number) {
  if (!result.ok()) return Refuse(id, error_number, result.error().message);
  WriteFrame(WriteJson(Value::Object({{"jsonrpc", Value::String("2.0")}, {"id", id}, {"result", *result}})), out_);
}

void LanguageServer::Refuse(const Value& id, int error_number, const std::string& message) {
  const Value error = Value::Object({{"code", Value::Int(error_number)}, {"message", Value::String(message)}});
  WriteFrame(WriteJson(Value::Object({{"jsonrpc", Value::String("2.0")}, {"id", id}, {"error", error}})), out_);
}

void LanguageServer::Notify(const std::string& method, Value params) {
  WriteFrame(
      WriteJson(Value::Object(
          {{"jsonrpc", Value::String("2.0")}, {"method", Value::String(method)}, {"params", std::move(params)}})),
      out_);
}

// ---- the life of the server ----

Result<Value> LanguageServer::Initialize(const Value& params) {
  initialized_ = true;
  const Encoding encoding = ChooseEncoding(params);
  unit_ = encoding.unit;
  const Value yes = Value::Bool(true);
  const Value sync = Value::Object({{"openClose", yes}, {"change", Value::Int(2)}, {"save", yes}});
  std::vector<Value> triggers;
  for (const char* character : {".", " ", "{", ":"}) triggers.push_back(Value::String(character));
  const Value capabilities =
      Value::Object({{"positionEncoding", Value::String(encoding.name)},
                     {"textDocumentSync", sync},
                     {"completionProvider", Value::Object({{"triggerCharacters", Value::List(std::move(triggers))}})},
                     {"hoverProvider", yes},
                     {"definitionProvider", yes},
                     {"documentSymbolProvider", yes},
                     {"documentFormattingProvider", yes}});
  const Value info = Value::Object({{"name", Value::String("fermata")}, {"version", Value::String(version_)}});
  return Value::Object({{"capabilities", capabilities}, {"serverInfo", info}});
}

Result<Value> LanguageServer::Shutdown(const Value&) {
  shut_down_ = true;
  return Value::Null();
}

// ---- open files ----

OpenFile* LanguageServer::FileOf(const Value& params) {
  return workspace_.Find(TextMember(params, "textDocument.uri"));
}

std::size_t LanguageServer::OffsetOf(const OpenFile& file, const Value& params) const {
  return file.document.OffsetOf(PositionMember(params, "position"), unit_);
}

Result<Value> LanguageServer::DidOpen(const Value& params) {
  const std::string uri = TextMember(params, "textDocument.uri");
  OpenFile* file = uri.empty() ? nullptr : workspace_.Open(uri, TextMember(params, "textDocument.text"));
  if (file) Publish(*file);
  return Value::Null();
}

Result<Value> LanguageServer::DidChange(const Value& params) {
  OpenFile* file = FileOf(params);
  const Value* changes = Member(params, "contentChanges");
  if (!file || !changes || !changes->is_list()) return Value::Null();
  for (const Value& change : changes->as_list()) {
    const std::string text = TextMember(change, "text");
    if (Member(change, "range")) {
      file->document.Replace(PositionMember(change, "range.start"), PositionMember(change, "range.end"), text, unit_);
    } else {
      file->document.Replace(text);
    }
  }
  Publish(*file);
  return Value::Null();
}

Result<Value> LanguageServer::DidClose(const Value& params) {
  OpenFile* file = FileOf(params);
  if (!file) return Value::Null();
  const std::string uri = file->uri;
  workspace_.Close(uri);
  PublishOne(uri, {});
  for (const std::string& other : published_[uri]) PublishOne(other, {});
  published_.erase(uri);
  return Value::Null();
}

// What was saved may be what others refer to.
Result<Value> LanguageServer::DidSave(const Value&) {
  workspace_.ForgetProcesses();
  for (OpenFile* file : workspace_.All()) Publish(*file);
  return Value::Null();
}

void LanguageServer::Publish(OpenFile& file) {
  std::set<std::string> others;
  for (const CheckedFile& checked : workspace_.Check(file)) {
    PublishOne(checked.uri, checked.diagnostics);
    if (checked.uri != file.uri) others.insert(checked.uri);
  }
  for (const std::string& before : published_[file.uri])
    if (others.count(before) == 0) PublishOne(before, {});
  published_[file.uri] = std::move(others);
}

void LanguageServer::PublishOne(const std::string& uri, const std::vector<Diagnostic>& diagnostics) {
  const OpenFile* open = workspace_.Find(uri);
  const TextDocument document =
      open ? open->document : TextDocument(diagnostics.empty() ? "" : workspace_.TextOf(PathOfUri(uri)).value_or(""));
  std::vector<Value> items;
  for (const Diagnostic& diagnostic : diagnostics) items.push_back(ToProtocol(diagnostic, uri, document, unit_));
  Notify("textDocument/publishDiagnostics",
         Value::Object({{"uri", Value::String(uri)}, {"diagnostics", Value::List(std::move(items))}}));
}

// ---- questions ----

Result<Value> LanguageServer::Completion(const Value& params) {
  OpenFile* file = FileOf(params);
  if (!file) return Value::List({});
  const std::size_t offset = OffsetOf(*file, params);
  const Suggestions suggestions = Complete(*file, offset, workspace_);
  const Value range =
      RangeOf(file->document.PositionOf(suggestions.begin, unit_), file->document.PositionOf(offset, unit_));
  std::vector<Value> items;
  for (const Suggestion& suggestion : suggestions.items) {
    const std::string& text = suggestion.inserted.empty() ? suggestion.label : suggestion.inserted;
    items.push_back(Value::Object({{"label", Value::String(suggestion.label)},
                                   {"kind", Value::Int(KindNumber(suggestion.kind))},
                                   {"detail", Value::String(suggestion.detail)},
                                   {"documentation", Markdown(suggestion.documentation)},
                                   {"textEdit", Value::Object({{"range", range}, {"newText", Value::String(text)}})}}));
  }
  return Value::List(std::move(items));
}

Result<Value> LanguageServer::Hover(const Value& params) {
  OpenFile* file = FileOf(params);
  const std::optional<std::string> text =
      file ? fermata::Hover(*file, OffsetOf(*file, params), workspace_) : std::nullopt;
  if (!text) return Value::Null();
  return Value::Object({{"contents", Markdown(*text)}});
}

Result<Value> LanguageServer::Definition(const Value& params) {
  OpenFile* file = FileOf(params);
  const std::optional<Target> target = file ? FindDefinition(*file, OffsetOf(*file, params), workspace_) : std::nullopt;
  if (!target) return Value::Null();
  const OpenFile* open = workspace_.Find(target->uri);
  const TextDocument document =
      open ? open->document : TextDocument(workspace_.TextOf(PathOfUri(target->uri)).value_or(""));
  return Value::Object({{"uri", Value::String(target->uri)},
                        {"range", RangeOf(document.PositionAt(target->line, target->column, unit_),
                                          document.PositionAt(target->line, target->column + target->length, unit_))}});
}

Result<Value> LanguageServer::DocumentSymbol(const Value& params) {
  const OpenFile* file = FileOf(params);
  return file ? Outline(*file, unit_) : Value::List({});
}

// The whole text at once; nothing if it is laid out already, or is no YAML at the moment.
Result<Value> LanguageServer::Formatting(const Value& params) {
  const OpenFile* file = FileOf(params);
  if (!file) return Value::List({});
  const std::string& text = file->document.text();
  const FormatOutcome formatted = FormatYaml(file->uri, text);
  if (!formatted.text || *formatted.text == text) return Value::List({});
  const Value range = RangeOf({0, 0}, file->document.PositionOf(text.size(), unit_));
  return Value::List({Value::Object({{"range", range}, {"newText", Value::String(*formatted.text)}})});
}

}  // namespace fermata
