// The only file that knows yaml-cpp; its exceptions end here.
#include "engine/language/reader.h"

#include <algorithm>
#include <map>
#include <sstream>

#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "engine/language/codes.h"
#include "engine/language/encoding.h"
#include "engine/language/scalar.h"
#include "engine/language/syntax_error.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

// Ends the parse from inside of a yaml-cpp callback.
struct Stop {};

// yaml-cpp ends a plain text inside of { } and [ ] at any '?', though it is a mark only before a blank. Those within a
// text are handed to it as DEL, which no file can contain (encoding.h), and come back with the scalars.
constexpr char kHiddenMark = '\x7f';

std::string HideMarks(const std::string& text) {
  constexpr std::string_view kBefore = " \t\n{[,\\";
  std::string hidden = text;
  for (std::size_t i = 1; i < hidden.size(); ++i)
    if (hidden[i] == '?' && kBefore.find(text[i - 1]) == std::string_view::npos) hidden[i] = kHiddenMark;
  return hidden;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceText& source, std::vector<Diagnostic>& diagnostics)
      : source_(source), diagnostics_(diagnostics) {}

  std::optional<Node> TakeRoot() { return std::move(root_); }
  const std::vector<OpenBracket>& open_brackets() const { return brackets_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const std::size_t at = Offset(mark);
    if (source_.text().compare(at, 3, "---") == 0)
      Refuse(kYamlSeveralDocuments, at, 3, "Expected one document in the file, but a second one begins here.",
             "put it into a file of its own");
    Refuse(kYamlSyntax, at, 1, "Expected the end of the document, but there is more text.",
           "check the indentation: keys of one map stand below each other");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const std::size_t at = SkipProperties(Offset(mark));
    const std::string_view word = NullWordAt(at);
    if (!word.empty()) return TakeScalar(at, std::string(word), ScalarStyle::kPlain, anchor);
    if (ExpectsKey()) Refuse(kYamlBadKey, at, 1, "Expected a key before ':', but there is none.");
    Node node;
    node.empty = true;
    const bool in_map = !stack_.empty() && stack_.back().node.is_map();
    node.at = in_map ? stack_.back().pending.key_at : source_.At(at);
    node.length = in_map ? stack_.back().pending.key_length : 1;
    node.offset = at;
    Add(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, const std::string& value) override {
    const std::size_t at = SkipProperties(Offset(mark));
    const char first = at < source_.text().size() ? source_.text()[at] : '\0';
    const ScalarStyle style = first == '\''                  ? ScalarStyle::kSingleQuoted
                              : first == '"'                 ? ScalarStyle::kDoubleQuoted
                              : first == '|' || first == '>' ? ScalarStyle::kBlock
                                                             : ScalarStyle::kPlain;
    std::string text = value;
    std::replace(text.begin(), text.end(), kHiddenMark, '?');
    TakeScalar(at, std::move(text), style, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end())
      Refuse(kYamlAlias, Offset(mark), 1,
             "Expected an alias of something that is complete, but it stands inside of what it names.");
    if (ExpectsKey() && !known->second.node.is_scalar()) RefuseKey(Offset(mark));
    Count(Offset(mark), known->second.nodes);
    if (!stack_.empty() && static_cast<int>(stack_.size()) + known->second.depth > kYamlDepthMax)
      RefuseDepth(Offset(mark));
    Node copy = known->second.node;
    if (ExpectsKey()) copy.at = source_.At(Offset(mark));
    Place(std::move(copy), known->second.nodes, known->second.depth);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    Open(Node::Kind::kList, mark, anchor, style);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    Open(Node::Kind::kMap, mark, anchor, style);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Level {
    Node node;
    YAML::anchor_t anchor = 0;
    NodeEntry pending;  // of maps: the key that waits for its value
    bool has_key = false;
    bool flow = false;
    std::map<std::string, SourcePosition, std::less<>> keys;
    int nodes = 1;  // in here, for the bound on expanded aliases
    int depth = 1;
  };
  struct Anchored {
    Node node;
    int nodes = 1;
    int depth = 0;
  };

  static std::size_t Offset(const YAML::Mark& mark) { return static_cast<std::size_t>(std::max(0, mark.pos)); }

  [[noreturn]] void Refuse(ErrorCode code, std::size_t at, int length, std::string message, std::string hint = "") {
    diagnostics_.push_back(
        source_.Report(Severity::kError, code, source_.At(at), length, std::move(message), std::move(hint)));
    throw Stop{};
  }
  [[noreturn]] void RefuseKey(std::size_t at) {
    Refuse(kYamlBadKey, at, 1, "Expected a name as key, but a list or a map stands before ':'.",
           "in flow style an unquoted \"${…}\" reads as a map: put quotes round it");
  }
  [[noreturn]] void RefuseDepth(std::size_t at) {
    Refuse(kYamlTooLarge, at, 1,
           "Expected at most " + std::to_string(kYamlDepthMax) + " levels of nesting, but there are more here.");
  }

  bool ExpectsKey() const { return !stack_.empty() && stack_.back().node.is_map() && !stack_.back().has_key; }

  // Marks of yaml-cpp stand before anchors and tags. Tags are refused, whatever they say.
  std::size_t SkipProperties(std::size_t at) {
    const std::string& text = source_.text();
    while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
      if (text[at] == '!')
        Refuse(kYamlTag, at, 1, "Expected a plain value, but there is a tag.",
               "text that looks like a number is written in quotes");
      at = text.find_first_of(" \t\r\n", at);
      if (at == std::string::npos) return text.size();
      at = text.find_first_not_of(" \t\r\n", at);
      if (at == std::string::npos) return text.size();
    }
    return at;
  }

  // yaml-cpp also takes ~, Null and NULL for null; they are words here. An empty value is no word, even if the next key is one.
  std::string_view NullWordAt(std::size_t at) const {
    const std::string_view rest = std::string_view(source_.text()).substr(at);
    if (!stack_.empty() && stack_.back().has_key && !stack_.back().flow) {
      const SourcePosition place = source_.At(at);
      if (place.line != stack_.back().pending.key_at.line && place.column <= stack_.back().pending.key_at.column)
        return {};
    }
    for (std::string_view word : {"~", "null", "Null", "NULL"}) {
      if (rest.substr(0, word.size()) != word) continue;
      const std::string_view after = rest.substr(word.size(), 1);
      if (after.empty() || after.find_first_of(" \t\r\n:,]}") != std::string_view::npos)
        return rest.substr(0, word.size());
    }
    return {};
  }

  void TakeScalar(std::size_t at, std::string text, ScalarStyle style, YAML::anchor_t anchor) {
    Node node;
    node.style = style;
    node.at = source_.At(at);
    node.offset = at;
    Measure(node, at, text);
    if (style != ScalarStyle::kPlain) {
      node.scalar = Value::String(text);
    } else if (auto value = ReadPlainScalar(text)) {
      node.scalar = std::move(*value);
    } else {
      Refuse(kYamlNumberRange, at, node.length, "Expected a number of 64 bits, but " + text + " is beyond them.",
             "put it in quotes if it is an identifier");
    }
    node.text = std::move(text);
    if (ExpectsKey()) return TakeKey(std::move(node), at);
    Add(std::move(node), anchor);
  }

  // Fills in where the content begins and how long it is in its first line; finds quotes that are never closed.
  void Measure(Node& node, std::size_t at, const std::string& text) {
    const std::string& source = source_.text();
    std::size_t end = at;
    if (node.style == ScalarStyle::kPlain) {
      end = source.compare(at, text.size(), text) == 0 ? at + text.size() : source.find('\n', at);
    } else if (node.style == ScalarStyle::kBlock) {
      node.offset = std::min(source.find('\n', at), source.size());
      node.length = 1;
      return;
    } else {
      node.offset = at + 1;
      end = FindClosingQuote(source, at);
      if (end == std::string::npos)
        Refuse(kYamlUnclosedQuote, at, 1,
               std::string("Expected the text to be closed by ") + source[at] + ", but the file ends.");
      ++end;
    }
    const std::size_t line_end = std::min(source.find('\n', at), source.size());
    node.length = std::max(1, CountCharacters(std::string_view(source).substr(at, std::min(end, line_end) - at)));
  }

  static std::size_t FindClosingQuote(const std::string& source, std::size_t quote) {
    const char mark = source[quote];
    for (std::size_t at = quote + 1; at < source.size(); ++at) {
      if (mark == '"' && source[at] == '\\') {
        ++at;
      } else if (mark == '\'' && source.compare(at, 2, "''") == 0) {
        ++at;
      } else if (source[at] == mark) {
        return at;
      }
    }
    return std::string::npos;
  }

  void TakeKey(Node node, std::size_t at) {
    if (node.style == ScalarStyle::kPlain && node.text == "<<")
      Refuse(kYamlMergeKey, at, 2, "Expected a name as key, but there is a merge key.",
             "YAML 1.2 has no merge keys: write the entries out");
    if (node.text.empty()) Refuse(kYamlBadKey, at, node.length, "Expected a name as key, but it is empty.");
    Level& level = stack_.back();
    level.pending.key = node.text;
    level.pending.key_at = node.at;
    level.pending.key_length = node.length;
    level.has_key = true;
    const auto [first, added] = level.keys.emplace(node.text, node.at);
    if (added) return;
    Diagnostic duplicate = source_.Report(Severity::kError, kYamlDuplicateKey, node.at, node.length,
                                          "Expected each key once, but '" + node.text + "' occurs twice in this map.");
    duplicate.related =
        Diagnostic::Related{first->second.line, first->second.column, "the first '" + node.text + "' is here"};
    if (diagnostics_.size() < kDiagnosticsMax) diagnostics_.push_back(std::move(duplicate));
  }

  void Count(std::size_t at, int nodes) {
    nodes_ += nodes;
    if (nodes_ > kYamlNodesMax)
      Refuse(kYamlTooLarge, at, 1,
             "Expected at most " + std::to_string(kYamlNodesMax) +
                 " values after aliases are expanded, but there are more.");
  }

  void Add(Node node, YAML::anchor_t anchor) {
    Count(node.offset, 1);
    if (anchor != 0) anchors_[anchor] = {node, 1, 0};
    Place(std::move(node), 1, 0);
  }

  void Place(Node node, int nodes, int depth) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = stack_.back();
    level.nodes += nodes;
    level.depth = std::max(level.depth, depth + 1);
    if (level.node.is_list()) {
      level.node.items.push_back(std::move(node));
      return;
    }
    if (!level.has_key) return TakeKey(std::move(node), 0);
    level.pending.value = std::move(node);
    level.node.entries.push_back(std::move(level.pending));
    level.pending = {};
    level.has_key = false;
  }

  void Open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
    const std::size_t at = SkipProperties(Offset(mark));
    if (ExpectsKey()) RefuseKey(at);
    Count(at, 1);
    if (stack_.size() >= static_cast<std::size_t>(kYamlDepthMax)) RefuseDepth(at);
    Level level;
    level.node.kind = kind;
    level.node.at = source_.At(at);
    level.node.offset = at;
    level.anchor = anchor;
    level.flow = style == YAML::EmitterStyle::Flow;
    const char first = at < source_.text().size() ? source_.text()[at] : '\0';
    if (level.flow && (first == '[' || first == '{')) brackets_.push_back({at, first, static_cast<int>(stack_.size())});
    stack_.push_back(std::move(level));
  }

  void Close() {
    Level level = std::move(stack_.back());
    stack_.pop_back();
    while (!brackets_.empty() && brackets_.back().depth >= static_cast<int>(stack_.size())) brackets_.pop_back();
    if (level.anchor != 0) anchors_[level.anchor] = {level.node, level.nodes, level.depth};
    Place(std::move(level.node), level.nodes, level.depth);
  }

  const SourceText& source_;
  std::vector<Diagnostic>& diagnostics_;
  std::vector<Level> stack_;
  std::vector<OpenBracket> brackets_;  // of flow style, outermost first
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::optional<Node> root_;
  int nodes_ = 0;
  int documents_ = 0;
};

void Parse(const SourceText& source, ReadOutcome& outcome) {
  TreeBuilder builder(source, outcome.diagnostics);
  try {
    std::istringstream stream(HideMarks(source.text()));
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) continue;
    outcome.root = builder.TakeRoot();
  } catch (const Stop&) {
  } catch (const YAML::Exception& error) {
    const std::size_t offset = error.mark.pos < 0 ? source.text().size() : static_cast<std::size_t>(error.mark.pos);
    outcome.diagnostics.push_back(ExplainSyntaxError(source, error.msg, offset, builder.open_brackets()));
  } catch (const std::exception&) {
    outcome.diagnostics.push_back(
        source.Report(Severity::kError, kYamlSyntax, {1, 1}, 1, "Expected YAML, but the file cannot be read as such."));
  }
}

}  // namespace

ReadOutcome ReadYaml(std::string file, std::string text) {
  ReadOutcome outcome;
  const auto source = std::make_shared<SourceText>(std::move(file), std::move(text));
  outcome.source = source;
  if (auto diagnostic = CheckEncoding(*source)) {
    outcome.diagnostics.push_back(std::move(*diagnostic));
    return outcome;
  }
  Parse(*source, outcome);
  if (outcome.diagnostics.empty() && (!outcome.root || outcome.root->empty))
    outcome.diagnostics.push_back(
        source->Report(Severity::kError, kYamlEmpty, {1, 1}, 1, "Expected a document, but the file is empty."));
  if (!outcome.diagnostics.empty()) outcome.root.reset();
  SortDiagnostics(outcome.diagnostics);
  return outcome;
}

}  // namespace fermata
