#include "engine/language/expression_checker.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/expression/codes.h"
#include "engine/language/codes.h"
#include "engine/language/field_checker.h"
#include "engine/language/fit.h"
#include "engine/language/templates.h"
#include "engine/language/types.h"
#include "engine/language/variable_types.h"
#include "engine/language/walk.h"
#include "engine/schema/schema.h"

namespace fermata {
namespace {

// What an expression sees where it stands.
struct Sight {
  TypeEnvironment names;
  VariableSet set;  // variables that are certainly set
  const char* no_event = "'event' is known under 'on' only: keep what is needed with 'save' or 'set' there";
};

// Types that a place takes, with words for them.
struct Wanted {
  std::vector<TypeKind> kinds;
  std::string words;
};

class ExpressionChecker {
 public:
  ExpressionChecker(const ParsedDefinition& parsed, const Variables& variables, Report& report)
      : parsed_(parsed),
        definition_(*parsed.definition),
        variables_(variables),
        types_(parsed, variables),
        report_(report) {}

  void Check() {
    CheckRoot();
    for (const State& state : definition_.states)
      if (IsReal(state)) CheckState(state);
    CheckHandlers(StateAt(definition_, kRoot));
    for (const Migration& migration : definition_.migrations) CheckMigration(migration);
    CheckBareTexts();
  }

 private:
  Sight SightOf(const State& state, VariableSet set) const { return {types_.NamesAt(state), std::move(set)}; }

  // ---- one expression, one template ----

  SourcePosition Locate(const Expression& expression, int line, int column) const {
    const auto place = parsed_.places.find(expression.compiled.get());
    if (place == parsed_.places.end()) return expression.at;
    return LocateInExpression(place->second, SourceOf(*expression.compiled), line, column, report_.source());
  }

  // The type, Dyn after a report. Each expression is reported on once.
  Type CheckOne(const Expression& expression, const Sight& sight) {
    const CheckOutcome outcome = CheckExpression(*expression.compiled, sight.names);
    for (const ExpressionError& error : outcome.errors) {
      report_.Add(Severity::kError, error.code, Locate(expression, error.line, error.column), error.length,
                  error.message, error.hint.empty() ? HintOfPlace(expression, error, sight) : error.hint);
    }
    if (!outcome.errors.empty()) return Type::Dyn();
    CheckSet(expression, sight);
    for (const ExpressionError& field : FindMisspeltFields(*expression.compiled, sight.names))
      report_.Add(Severity::kWarning, field.code, Locate(expression, field.line, field.column), field.length,
                  field.message, field.hint);
    return outcome.type;
  }

  // Some names are known in some places only.
  static std::string HintOfPlace(const Expression& expression, const ExpressionError& error, const Sight& sight) {
    static const std::map<std::string, std::string> places{
        {"error", "'error' is known under 'on_error' only: keep it with 'save' there"},
        {"item", "'item' is known inside of an 'each' only"},
        {"index", "'index' is known inside of an 'each' only"},
        {"call", "'call' is known in the 'with' of an 'undo' only"}};
    if (error.code != kExpressionUnknownName) return "";
    for (const NameUse& use : FreeNames(*expression.compiled))
      if (use.name == "event" && use.column == error.column) return sight.no_event;
    for (const NameUse& use : FreeNames(*expression.compiled))
      if (const auto place = places.find(use.name); use.column == error.column && place != places.end())
        return place->second;
    return "";
  }

  void CheckSet(const Expression& expression, const Sight& sight) {
    if (parsed_.targets_unknown || parsed_.states_unknown) return;
    for (const NameUse& use : FreeNames(*expression.compiled)) {
      const int number = variables_.NumberOf(use.name);
      if (number < 0 || parsed_.lost_names.count(use.name) > 0 || sight.set[static_cast<std::size_t>(number)]) continue;
      report_.Add(Severity::kError, kVariableNotSet, Locate(expression, 1, use.column), use.length,
                  "Expected '" + use.name + "' to be set on every path that leads here, but on some path it is not.",
                  "give it an initial value under 'vars', or set it on the way");
    }
  }

  Type CheckAll(const Template& content, const Sight& sight) {
    return TypeOfTemplate(content, [&](const Expression& expression) { return CheckOne(expression, sight); });
  }

  // TypeOfTemplate does not look into texts.
  void CheckTexts(const Template& content, const Sight& sight) {
    if (const auto* text = std::get_if<TextTemplate>(&content.content)) {
      for (const TextTemplate::Piece& piece : text->pieces) {
        if (!piece.expression) continue;
        const Type type = CheckOne(*piece.expression, sight);
        const Wanted wanted{{TypeKind::kString, TypeKind::kInt, TypeKind::kUint, TypeKind::kDouble, TypeKind::kBool,
                             TypeKind::kTimestamp, TypeKind::kDuration},
                            "a number, boolean, string, timestamp or duration inside a text"};
        Demand(type, wanted, piece.expression->at, CountCharacters(SourceOf(*piece.expression->compiled)));
      }
    }
    if (const auto* list = std::get_if<Template::ListOf>(&content.content))
      for (const Template& item : *list) CheckTexts(item, sight);
    if (const auto* map = std::get_if<Template::MapOf>(&content.content))
      for (const auto& [key, item] : *map) CheckTexts(item, sight);
  }

  Type CheckTemplate(const Template& content, const Sight& sight) {
    CheckTexts(content, sight);
    return CheckAll(content, sight);
  }
  void CheckTemplate(const std::optional<Template>& content, const Sight& sight) {
    if (content) CheckTemplate(*content, sight);
  }

  void Demand(const Type& type, const Wanted& wanted, SourcePosition at, int length) {
    for (TypeKind kind : wanted.kinds)
      if (type.is_dyn() || Type::CanFit(type, kind == TypeKind::kList  ? Type::List(Type::Dyn())
                                              : kind == TypeKind::kMap ? Type::Map(Type(TypeKind::kString), Type::Dyn())
                                                                       : Type(kind)))
        return;
    report_.Add(Severity::kError, kExpressionMisfit, at, length,
                "Expected " + wanted.words + ", but it is of type " + type.ToString() + ".");
  }
  void DemandTemplate(const std::optional<Template>& content, const Sight& sight, const Wanted& wanted) {
    if (!content) return;
    const Type type = CheckTemplate(*content, sight);
    const auto* expression = std::get_if<Expression>(&content->content);
    Demand(type, wanted, expression ? expression->at : content->at,
           expression ? CountCharacters(SourceOf(*expression->compiled)) : 1);
  }

  // ---- places ----

  static Wanted Text(std::string words) { return {{TypeKind::kString}, std::move(words)}; }

  void CheckRoot() {
    const Sight start{types_.base(), VariableSet(variables_.names().size(), false)};
    DemandTemplate(definition_.key, start, Text("a string as business key"));
    for (const Assignment& assignment : definition_.vars) CheckTemplate(assignment.value, start);
    for (const EventDeclaration& event : definition_.events) {
      if (!event.key) continue;
      Sight sight{TypeEnvironment(), {}};
      sight.names.Declare("event", EventType(&event));
      DemandTemplate(event.key, sight, Text("a string as key of the event"));
    }
  }

  // What is carried over is that of another version: only what the language itself knows is certain.
  void CheckMigration(const Migration& migration) {
    for (const Assignment& assignment : migration.set)
      CheckTemplate(assignment.value,
                    {NamesOfMigration(assignment.value, types_.base()), VariableSet(variables_.names().size(), true)});
  }

  // A text where a template may stand that reads like an expression: its braces were forgotten.
  void CheckBareTexts() {
    for (const Node* node : parsed_.bare_texts)
      if (ReadsLikeAnExpression(*node)) ReportBraces(*node, Severity::kWarning);
  }
  bool ReadsLikeAnExpression(const Node& node) const {
    const std::string name = node.text.substr(0, node.text.find_first_of(".["));
    const bool words = name == "input" || name == "event" || name == "instance" || name == "error" || name == "item";
    // Whoever means the text itself can put it into quotes, if it begins with the name of a variable.
    return words || (variables_.NumberOf(name) >= 0 && node.style == ScalarStyle::kPlain);
  }
  void ReportBraces(const Node& node, Severity severity) {
    report_.Add(severity, kForgottenBraces, node.at, node.length,
                "Expected an expression inside of ${ }, but '" + node.text + "' is a text as it stands.",
                "write: \"${" + node.text + "}\"");
  }

  // A text is never a list: here it is an error.
  void CheckList(const State& state, const EachVerb& each, const Sight& sight) {
    const NodeEntry* entry = parsed_.Find(state.index, "each");
    if (entry && entry->value.is_string() && std::holds_alternative<Value>(each.list.content) &&
        ReadsLikeAnExpression(entry->value))
      return ReportBraces(entry->value, Severity::kError);
    DemandTemplate(each.list, sight, {{TypeKind::kList}, "a list"});
  }

  void CheckState(const State& state) {
    const Sight entry = SightOf(state, variables_.AtEntry(state.index));
    for (const Assignment& assignment : state.set) CheckTemplate(assignment.value, entry);
    const Sight inside = SightOf(state, variables_.AfterSet(state));
    CheckVerb(state, inside);
    if (state.undo && state.undo->with) {
      Sight done = SightOf(state, variables_.AfterVerb(state));
      done.names.Declare("call", Type::Object({{{"key", true}, Type(TypeKind::kString)}}, false, Type::Dyn()));
      CheckTemplate(*state.undo->with, done);
      const NodeEntry* undo = parsed_.Find(state.index, "undo");
      CheckOperationInput(state.undo->operation, state.undo->with, undo ? undo->value.Find("with") : nullptr,
                          undo ? undo->value.Find("call") : nullptr, done);
    }
    CheckHandlers(state);
  }

  void CheckHandlers(const State& state) {
    const Sight inside = SightOf(state, variables_.AfterSet(state));
    const Sight done = SightOf(state, variables_.AfterVerb(state));
    for (const TransitionArm& arm : state.next) CheckArm(arm, done);
    Sight entering = inside;
    entering.no_event = "'match' is evaluated when the state is entered, before any event: compare with 'if'";
    for (const EventHandler& handler : state.on) {
      Sight sight = inside;
      sight.names.Declare("event", EventType(definition_.FindEvent(handler.type)));
      for (const EventHandler::Arm& arm : handler.arms) {
        DemandTemplate(arm.match, entering, Text("a string to match the event's key"));
        CheckArm(arm.transition, sight);
      }
    }
    for (const TimerHandler& handler : state.after) {
      if (const auto* due = std::get_if<Template>(&handler.due))
        DemandTemplate(*due, inside, {{TypeKind::kDuration, TypeKind::kTimestamp}, "a duration or a timestamp"});
      for (const TransitionArm& arm : handler.arms) CheckArm(arm, inside);
    }
    for (const ErrorHandler& handler : state.on_error) {
      Sight sight = inside;
      sight.names.Declare("error", ErrorType());
      for (const TransitionArm& arm : handler.arms) CheckArm(arm, sight);
    }
  }

  void CheckArm(const TransitionArm& arm, const Sight& sight) {
    if (arm.condition) {
      const Type type = CheckOne(*arm.condition, sight);
      if (!Type::CanFit(type, Type(TypeKind::kBool)))
        report_.Add(Severity::kError, kConditionNotBoolean, arm.condition->at,
                    CountCharacters(SourceOf(*arm.condition->compiled)),
                    "Expected a condition, true or false, but the expression is of type " + type.ToString() + ".");
    }
    Sight saved = sight;
    saved.set = variables_.With(std::move(saved.set), arm.save);
    for (const Assignment& assignment : arm.set) CheckTemplate(assignment.value, saved);
    for (const Assignment& assignment : arm.set) saved.set = variables_.With(std::move(saved.set), assignment.name);
    if (!arm.emit) return;
    CheckEmission(*arm.emit, saved);
    if (const auto node = parsed_.emissions.find({arm.emit->at.line, arm.emit->at.column});
        node != parsed_.emissions.end())
      CheckEventData(*arm.emit, node->second->Find("with"), node->second->Find("type"), saved);
  }

  // What the process itself says of the event's data; `verb` is where the type is named.
  void CheckEventData(const Emission& emission, const NodeEntry* with, const NodeEntry* verb, const Sight& sight) {
    const EventDeclaration* event = definition_.FindEvent(emission.type);
    if (!event || !event->data) return;
    if (emission.with && with)
      return CheckFit(*emission.with, with->value, *event->data, "the data of " + emission.type,
                      VariableTypes::TypeIn(sight.names), report_);
    if (with || !verb) return;
    const std::vector<SchemaViolation> violations = Validate(*event->data, Value());
    if (!violations.empty())
      report_.Error(
          kInputMissing, verb->value,
          "Expected 'with' for the data of " + emission.type + ", but it is missing: " + violations.front().message);
  }

  void CheckEmission(const Emission& emission, const Sight& sight) {
    CheckTemplate(emission.with, sight);
    DemandTemplate(emission.to_process, sight, Text("the name of a process"));
    DemandTemplate(emission.to_key, sight, Text("a string as business key"));
  }

  void CheckVerb(const State& state, const Sight& sight) {
    if (const auto* call = std::get_if<CallVerb>(&state.verb)) {
      CheckTemplate(call->with, sight);
      CheckOperationInput(call->full(), call->with, parsed_.Find(state.index, "with"),
                          parsed_.Find(state.index, "call"), sight);
    } else if (const auto* ask = std::get_if<AskVerb>(&state.verb)) {
      CheckTemplate(ask->title, sight);
      CheckTemplate(ask->data, sight);
      DemandTemplate(ask->assign_role, sight, Text("a string as role"));
      DemandTemplate(ask->assign_user, sight, Text("a string as user"));
      DemandTemplate(ask->assign_from, sight, {{TypeKind::kMap, TypeKind::kObject}, "{role} or {user}"});
      if (const auto* due = ask->due ? std::get_if<Template>(&*ask->due) : nullptr)
        DemandTemplate(*due, sight, {{TypeKind::kDuration, TypeKind::kTimestamp}, "a duration or a timestamp"});
    } else if (const auto* run = std::get_if<RunVerb>(&state.verb)) {
      CheckTemplate(run->with, sight);
      if (const auto child = parsed_.children.find(state.index); child != parsed_.children.end())
        CheckInput("the process '" + run->process + "'", child->second.input, run->with,
                   parsed_.Find(state.index, "with"), parsed_.Find(state.index, "run"), sight);
      DemandTemplate(run->key, sight, Text("a string as business key"));
    } else if (const auto* emit = std::get_if<EmitVerb>(&state.verb)) {
      CheckEmission(emit->emission, sight);
      CheckEventData(emit->emission, parsed_.Find(state.index, "with"), parsed_.Find(state.index, "emit"), sight);
    } else if (const auto* each = std::get_if<EachVerb>(&state.verb)) {
      CheckList(state, *each, sight);
    } else if (const auto* end = std::get_if<EndVerb>(&state.verb)) {
      for (const auto& [name, content] : end->output) CheckTemplate(content, sight);
      CheckOutput(state, *end, sight);
    } else if (const auto* fail = std::get_if<FailVerb>(&state.verb)) {
      CheckTemplate(fail->message, sight);
      CheckTemplate(fail->with, sight);
    }
  }

  void CheckOperationInput(const std::string& full, const std::optional<Template>& with, const NodeEntry* with_entry,
                           const NodeEntry* call, const Sight& sight) {
    const OperationManifest* operation = FindOperation(definition_.manifests, full);
    if (operation) CheckInput(full, operation->input, with, with_entry, call, sight);
  }

  // `taker` is what takes the input: an operation or a process; `verb` is where it is named.
  void CheckInput(const std::string& taker, const SchemaPtr& schema, const std::optional<Template>& with,
                  const NodeEntry* with_entry, const NodeEntry* verb, const Sight& sight) {
    if (!schema) return;
    if (with && with_entry)
      return CheckFit(*with, with_entry->value, *schema, "the input of " + taker, VariableTypes::TypeIn(sight.names),
                      report_);
    if (with_entry || !verb) return;
    const std::vector<SchemaViolation> violations = Validate(*schema, Value::Object({}));
    if (!violations.empty())
      report_.Error(kInputMissing, verb->value,
                    "Expected 'with' for " + taker + ", but it is missing: " + violations.front().message);
  }

  // The root's output against its schema.
  void CheckOutput(const State& state, const EndVerb& end, const Sight& sight) {
    const NodeEntry* entry = parsed_.Find(state.index, "end");
    if (state.parent != kRoot || !definition_.output || !entry) return;
    if (!entry->value.is_map() && !entry->value.empty) return;  // blamed by the parser
    Template content{end.output, entry->value.at};
    CheckFit(content, entry->value, *definition_.output, "the output of the process",
             VariableTypes::TypeIn(sight.names), report_);
  }

  const ParsedDefinition& parsed_;
  const Definition& definition_;
  const Variables& variables_;
  const VariableTypes types_;
  Report& report_;
};

}  // namespace

void CheckExpressions(const ParsedDefinition& parsed, const Variables& variables, Report& report) {
  ExpressionChecker(parsed, variables, report).Check();
}

}  // namespace fermata
