// A process definition, read and checked: the statechart that core runs.
//
// Immutable; shared across threads by pointer to const. Names are kept beside indexes because journal events carry names:
// Apply never sees a definition.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/model/manifest.h"
#include "engine/model/schedule.h"
#include "engine/model/value.h"

namespace fermata {

class CompiledExpression;  // engine/expression
using ExpressionPtr = std::shared_ptr<const CompiledExpression>;

struct SourcePosition {
  int line = 0;    // 1-based; 0 = unknown
  int column = 0;  // 1-based, in characters
};

// An `if`, or the inside of a `${ }`.
struct Expression {
  ExpressionPtr compiled;
  SourcePosition at;
};

// A YAML value in which strings may hold `${ }`. One of:
struct Template;
struct TextTemplate {  // "Order ${id} is paid"; literal pieces have a null expression
  struct Piece {
    std::string literal;
    std::optional<Expression> expression;
  };
  std::vector<Piece> pieces;
};
struct Template {
  using ListOf = std::vector<Template>;
  struct Entry;
  using MapOf = std::vector<Entry>;
  // A literal without any `${ }` inside, an expression that keeps its type, a text, a list, a map.
  std::variant<Value, Expression, TextTemplate, ListOf, MapOf> content;
  SourcePosition at;
};
struct Template::Entry {
  std::string key;
  Template value;
};

using StateIndex = int;
inline constexpr StateIndex kRoot = 0;
inline constexpr StateIndex kNoState = -1;

struct Assignment {
  std::string name;
  Template value;
};

struct Emission {
  std::string type;
  std::optional<Template> with;
  std::optional<Template> to_process, to_key;  // both or none
  SourcePosition at;
};

// One alternative of a `next`, `on`, `after` or `on_error` entry.
struct TransitionArm {
  std::optional<Expression> condition;
  std::string save;  // takes event.data or error; empty = none
  std::vector<Assignment> set;
  std::optional<Emission> emit;
  StateIndex target = kNoState;  // kNoState = the state is not left
  SourcePosition at;
};

struct EventHandler {
  std::string type;
  // In order. Each arm may have its own `match`; arms without are matched by the business key.
  struct Arm {
    std::optional<Template> match;
    TransitionArm transition;
  };
  std::vector<Arm> arms;
  SourcePosition at;
};

struct TimerHandler {
  std::variant<std::int64_t, Template> due;  // milliseconds after entry, or an expression of duration or timestamp
  std::vector<TransitionArm> arms;
  SourcePosition at;
};

struct ErrorHandler {
  std::string name;  // a name, "any" or "technical"
  std::vector<TransitionArm> arms;
  SourcePosition at;
};

struct UndoSpec {
  std::string operation;  // connector.operation
  std::optional<Template> with;
  std::optional<RetryPolicy> retry;  // resolved against the manifest by the parser
  std::optional<std::int64_t> timeout_ms;
  std::string replaces;  // state name; empty = none
  SourcePosition at;
};

// ---- verbs ----

struct CallVerb {
  std::string connector, operation;  // "bank", "authorise"; full() = "bank.authorise"
  std::optional<Template> with;
  std::optional<std::int64_t>
      timeout_ms;  // per attempt; absent = the manifest's, else kJobTimeoutDefaultMs (resolved by the parser)
  std::optional<std::int64_t> deadline_ms;      // all attempts
  RetryPolicy retry;                            // resolved: the state's, else the manifest's, else one try
  const OperationManifest* manifest = nullptr;  // into Definition::manifests; null if unknown
  std::string full() const { return connector + "." + operation; }
};

struct AskVerb {
  Template title;
  SchemaPtr form;
  Value form_source;  // `form` as JSON Schema that needs no files
  std::optional<Template> data;
  std::optional<Template> assign_role, assign_user, assign_from;
  std::vector<std::string> outcomes;
  std::optional<std::variant<std::int64_t, Template>> due;
  std::vector<std::int64_t> remind_ms;
};

struct RunVerb {
  std::string process;
  std::string version;  // npm-style range; empty = the live one
  std::optional<Template> with;
  std::optional<Template> key;
  bool detach = false;
};

struct EmitVerb {
  Emission emission;
};

struct EachVerb {
  Template list;
  std::string as = "item", index = "index";
  std::int64_t concurrency = 1;
  StateIndex start = kNoState;
};

struct ParallelVerb {
  // Regions are child states of this state (kind kRegion), in document order.
  std::optional<std::int64_t> join;  // absent = all; 1 = first
};

struct CompositeVerb {
  StateIndex start = kNoState;
};

struct RollbackVerb {
  StateIndex target = kNoState;  // kRoot = all
};

struct EndVerb {
  Template::MapOf output;
};

struct FailVerb {
  std::string error;
  std::optional<Template> message;
  std::optional<Template> with;
};

struct NoVerb {};  // waits, or is a choice

using Verb = std::variant<NoVerb, CallVerb, AskVerb, RunVerb, EmitVerb, EachVerb, ParallelVerb, CompositeVerb,
                          RollbackVerb, EndVerb, FailVerb>;

struct State {
  StateIndex index = kNoState;
  std::string name;        // the root's is ""; a region's is its name
  bool is_region = false;  // of a `parallel`: has children and a start, no verb of its own
  StateIndex parent = kNoState;
  std::vector<StateIndex> children;  // document order
  std::string title, description;
  std::vector<std::string> tags;

  Verb verb;
  std::string save;  // of call, ask, run, each, parallel, states
  std::optional<UndoSpec> undo;
  bool atomic = false;
  StateIndex start = kNoState;  // of root, composite, each, region

  std::vector<Assignment> set;
  std::vector<EventHandler> on;
  std::vector<TimerHandler> after;
  std::vector<ErrorHandler> on_error;
  std::vector<TransitionArm> next;
  // A wait without a verb, or a verb with `next`, or only a choice; derived by the parser.
  bool is_choice = false;

  SourcePosition at;
};

struct EventDeclaration {
  std::string type;
  std::optional<Template> key;  // sees `event`
  SchemaPtr data;
  std::int64_t keep_ms = 0;  // resolved: kKeepDefaultMs if not given
  SourcePosition at;
};

// How instances of earlier versions cross to this one: the first entry whose range has their version counts.
struct Migration {
  std::string from;                           // npm-style range
  std::map<std::string, std::string> states;  // old name -> new; those that are not named keep theirs
  std::vector<Assignment> set;
  SourcePosition at;
};

enum class Uniqueness { kNo, kRunning, kEver };

struct Definition {
  std::string process;
  std::string version;
  std::string hash;  // of the bundle, hex
  std::string title, description;
  std::vector<std::string> tags;
  std::optional<Template> key;  // sees `input`, `instance` without id, `now`
  Uniqueness unique = Uniqueness::kNo;
  SchemaPtr input, output;
  Value input_source, output_source;  // with the files that they refer to, for GET
  std::vector<Assignment> vars;
  std::vector<EventDeclaration> events;
  std::vector<std::string> errors;  // business errors that the process itself declares
  std::vector<State> states;        // [kRoot] is the root; document order, parents before children
  std::string start_on;             // event type; empty = none
  std::optional<Schedule> schedule;
  std::vector<Migration> migrations;
  std::vector<std::string> searchable, encrypted;
  std::optional<std::int64_t> retention_ms;
  std::vector<ManifestPtr> manifests;  // those it was checked against
  std::string source;                  // the YAML text

  const EventDeclaration* FindEvent(std::string_view type) const {
    for (const EventDeclaration& event : events)
      if (event.type == type) return &event;
    return nullptr;
  }
  // Never a region: those may share their names with states, and with each other.
  const State* FindState(std::string_view name) const {
    for (const State& state : states)
      if (state.name == name && !state.is_region) return &state;
    return nullptr;
  }
};
using DefinitionPtr = std::shared_ptr<const Definition>;

}  // namespace fermata
