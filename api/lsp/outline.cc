#include "api/lsp/answers.h"
#include "api/lsp/protocol.h"
#include "engine/language/walk.h"

namespace fermata {
namespace {

// SymbolKinds of the protocol, whose icons editors have.
enum class Symbol { kModule = 2, kClass = 5, kMethod = 6, kEnum = 10, kEvent = 24, kObject = 19, kNamespace = 3 };

class Outliner {
 public:
  Outliner(const Definition& definition, const TextDocument& document, PositionUnit unit)
      : definition_(definition), document_(document), unit_(unit) {}

  Value Build() const {
    std::vector<Value> symbols;
    for (const EventDeclaration& event : definition_.events)
      symbols.push_back(Entry(event.type, "event", Symbol::kEvent, event.at, EndOfLine(event.at), {}));
    const Position end = document_.PositionOf(document_.text().size(), unit_);
    for (Value& state : States(definition_.states[kRoot], end)) symbols.push_back(std::move(state));
    return Value::List(std::move(symbols));
  }

 private:
  // Each state reaches to where the next one beside it begins, the last one to the end of what it stands in.
  std::vector<Value> States(const State& owner, Position end) const {
    std::vector<Value> symbols;
    for (std::size_t i = 0; i < owner.children.size(); ++i) {
      const State& state = StateAt(definition_, owner.children[i]);
      const Position until = i + 1 < owner.children.size() ? At(StateAt(definition_, owner.children[i + 1]).at) : end;
      symbols.push_back(Entry(state.name, DetailOf(state), SymbolOf(state), state.at, until, States(state, until)));
    }
    return symbols;
  }

  static std::string DetailOf(const State& state) {
    if (!state.title.empty()) return state.title;
    if (const auto* call = std::get_if<CallVerb>(&state.verb)) return call->full();
    if (const auto* run = std::get_if<RunVerb>(&state.verb)) return "run " + run->process;
    if (const auto* fail = std::get_if<FailVerb>(&state.verb)) return "fail " + fail->error;
    return "";
  }

  static Symbol SymbolOf(const State& state) {
    if (state.is_region || Does<ParallelVerb>(state)) return Symbol::kNamespace;
    if (Does<CompositeVerb>(state) || Does<EachVerb>(state)) return Symbol::kModule;
    if (Does<NoVerb>(state)) return state.is_choice ? Symbol::kEnum : Symbol::kObject;
    return Does<EndVerb>(state) || Does<FailVerb>(state) ? Symbol::kClass : Symbol::kMethod;
  }

  Position At(SourcePosition at) const { return document_.PositionAt(at.line, at.column, unit_); }
  Position EndOfLine(SourcePosition at) const {
    constexpr int kFarRight = 1 << 20;
    return document_.PositionAt(at.line, kFarRight, unit_);
  }

  Value Entry(const std::string& name, const std::string& detail, Symbol symbol, SourcePosition at, Position end,
              std::vector<Value> children) const {
    const Position begin = At(at);
    const Position name_end = document_.PositionAt(at.line, at.column + static_cast<int>(name.size()), unit_);
    const bool beyond = end.line > begin.line || (end.line == begin.line && end.character > name_end.character);
    return Value::Object({{"name", Value::String(name)},
                          {"detail", Value::String(detail)},
                          {"kind", Value::Int(static_cast<int>(symbol))},
                          {"range", RangeOf(begin, beyond ? end : name_end)},
                          {"selectionRange", RangeOf(begin, name_end)},
                          {"children", Value::List(std::move(children))}});
  }

  const Definition& definition_;
  const TextDocument& document_;
  const PositionUnit unit_;
};

}  // namespace

Value Outline(const OpenFile& file, PositionUnit unit) {
  if (!file.definition) return Value::List({});
  return Outliner(*file.definition, file.document, unit).Build();
}

}  // namespace fermata
