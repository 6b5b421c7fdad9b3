#include "api/lsp/scope.h"

#include <algorithm>

#include "api/lsp/key_docs.h"
#include "engine/language/types.h"
#include "engine/language/walk.h"
#include "engine/schema/schema.h"

namespace fermata {
namespace {

bool IsLanguages(std::vector<std::string> path) { return !KeyDocs::Get().Describe(path).empty(); }

std::vector<std::string> Outer(const std::vector<std::string>& path) { return {path.begin(), path.end() - 1}; }

class ScopeBuilder {
 public:
  ScopeBuilder(const Definition& definition, const std::vector<std::string>& path, const OutputOfChild& output_of_child)
      : definition_(definition), path_(path), output_of_child_(output_of_child) {}

  std::vector<NameInScope> Build() {
    Add("input", definition_.input ? TypeOf(*definition_.input) : Type::Dyn(), "what the start brought", {});
    std::vector<std::pair<Type::Field, Type>> fields;
    for (const char* field : {"id", "key", "process", "version", "startedAt"})
      fields.push_back({{field, true}, Type(TypeKind::kString)});
    Add("instance", Type::Object(std::move(fields), false, Type::Dyn()), "this instance", {});
    Add("now", Type(TypeKind::kTimestamp), "the time of the decision", {});
    AddPlace();
    for (const Assignment& assignment : definition_.vars)
      Add(assignment.name, AsVariable(Shape(assignment.value)), "initial value under vars", assignment.value.at);
    for (const State& state : definition_.states) AddState(state);
    return std::move(names_);
  }

 private:
  void Add(const std::string& name, Type type, std::string origin, SourcePosition written) {
    if (name.empty()) return;
    for (NameInScope& known : names_) {
      if (known.name != name) continue;
      known.type = Type::Union({known.type, std::move(type)});
      return;
    }
    names_.push_back({name, std::move(type), std::move(origin), written});
  }

  static Type Shape(const Template& content) {
    return TypeOfTemplate(content, [](const Expression&) { return Type::Dyn(); });
  }

  // Names that only this place has.
  void AddPlace() {
    for (std::size_t i = 0; i + 1 < path_.size(); ++i) {
      if (path_[i] == "on" && definition_.FindEvent(path_[i + 1]))
        Add("event", EventType(definition_.FindEvent(path_[i + 1])), "the event", {});
      if (path_[i] == "events") Add("event", EventType(definition_.FindEvent(path_[i + 1])), "the event", {});
      if (path_[i] == "on_error") Add("error", ErrorType(), "the error", {});
    }
    const State* state = &StateAround(definition_, path_);
    for (StateIndex at = state->parent; at != kNoState; at = StateAt(definition_, at).parent)
      if (const auto* each = std::get_if<EachVerb>(&StateAt(definition_, at).verb)) {
        Add(each->as, Type::Dyn(), "the item of " + StateAt(definition_, at).name, {});
        Add(each->index, Type(TypeKind::kInt), "its number, from 0", {});
      }
  }

  void AddState(const State& state) {
    const std::string name = state.name.empty() ? "the process" : "'" + state.name + "'";
    const auto* run = std::get_if<RunVerb>(&state.verb);
    const bool of_child = run != nullptr && !run->detach && output_of_child_;
    Add(state.save, AsVariable(of_child ? output_of_child_(run->process) : ResultType(state)), "saved by " + name,
        state.at);
    for (const Assignment& assignment : state.set)
      Add(assignment.name, AsVariable(Shape(assignment.value)), "set by " + name, assignment.value.at);
    for (const EventHandler& handler : state.on)
      for (const EventHandler::Arm& arm : handler.arms) {
        const EventDeclaration* event = definition_.FindEvent(handler.type);
        Add(arm.transition.save, event && event->data ? TypeOf(*event->data) : Type::Dyn(),
            "the data of " + handler.type + ", saved by " + name, handler.at);
      }
    for (const ErrorHandler& handler : state.on_error)
      for (const TransitionArm& arm : handler.arms)
        Add(arm.save, ErrorType(), "the error, saved by " + name, handler.at);
    ForEachArm(state, [&](ArmKind, const TransitionArm& arm) {
      for (const Assignment& assignment : arm.set)
        Add(assignment.name, AsVariable(Shape(assignment.value)), "set by " + name, assignment.value.at);
    });
  }

  const Definition& definition_;
  const std::vector<std::string>& path_;
  const OutputOfChild& output_of_child_;
  std::vector<NameInScope> names_;
};

}  // namespace

NameKind KindOfName(const Cursor& cursor) {
  const std::vector<std::string>& path = cursor.path;
  if (path.empty() || cursor.in_expression) return NameKind::kNone;
  const std::string& last = path.back();
  const std::string outer = path.size() > 1 ? path[path.size() - 2] : "";
  if (last == "$ref") return NameKind::kSchemaFile;
  if (IsLanguages(path)) {
    if (last == "on" && outer == "retry") return NameKind::kError;
    if (cursor.at_key && last == "on") return NameKind::kEvent;
    if (cursor.at_key && last == "on_error") return NameKind::kError;
    if (cursor.at_key && !cursor.in_list) return NameKind::kNone;
    if (last == "go" || last == "next") return NameKind::kTarget;
    if (last == "start") return NameKind::kStart;
    if (last == "rollback" || last == "replaces") return NameKind::kAnyState;
    if (last == "call") return NameKind::kOperation;
    if (last == "run" || (last == "process" && outer == "to")) return NameKind::kProcess;
    if (last == "start_on") return NameKind::kEvent;
    if (last == "searchable" || last == "encrypted") return NameKind::kVariable;
    return NameKind::kNone;
  }
  const bool handler = outer == "on" || outer == "after" || outer == "on_error";
  if (handler && (!cursor.at_key || cursor.in_list) && IsLanguages(Outer(path))) return NameKind::kTarget;
  if (outer == "states" && path.size() > 2 && path[0] == "migrations") return NameKind::kAnyState;
  return NameKind::kNone;
}

const State& StateAround(const Definition& definition, const std::vector<std::string>& path) {
  const State* around = &definition.states[kRoot];
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    const State* state = path[i] == "states" ? definition.FindState(path[i + 1]) : nullptr;
    if (state && IsInside(definition, state->index, around->index)) around = state;
  }
  return *around;
}

std::vector<const State*> ChildrenOf(const Definition& definition, const State& state) {
  std::vector<const State*> children;
  for (StateIndex child : state.children) children.push_back(&StateAt(definition, child));
  return children;
}

std::vector<const State*> TargetsOf(const Definition& definition, const State& state) {
  std::vector<const State*> targets;
  if (state.index == kRoot || Does<CompositeVerb>(state)) targets = ChildrenOf(definition, state);
  for (StateIndex outer = state.parent; outer != kNoState; outer = StateAt(definition, outer).parent)
    for (const State* child : ChildrenOf(definition, StateAt(definition, outer)))
      if (!child->is_region) targets.push_back(child);
  return targets;
}

std::vector<NameInScope> NamesInScope(const Definition& definition, const std::vector<std::string>& path,
                                      const OutputOfChild& output_of_child) {
  return ScopeBuilder(definition, path, output_of_child).Build();
}

Type TypeOfChain(const std::vector<NameInScope>& names, const std::string& chain) {
  const std::size_t dot = chain.find('.');
  const auto base = std::find_if(names.begin(), names.end(),
                                 [&](const NameInScope& name) { return name.name == chain.substr(0, dot); });
  if (base == names.end()) return Type::Dyn();
  Type type = base->type;
  for (std::size_t at = dot; at != std::string::npos;) {
    const std::size_t next = chain.find('.', at + 1);
    const std::string field = chain.substr(at + 1, next == std::string::npos ? next : next - at - 1);
    const Type* found = type.kind() == TypeKind::kObject ? type.FindField(field) : nullptr;
    for (const Type& alternative : type.alternatives())
      if (!found && alternative.kind() == TypeKind::kObject) found = alternative.FindField(field);
    if (!found) return Type::Dyn();
    type = Type(*found);
    at = next;
  }
  return type;
}

const OperationManifest* OperationAt(const Definition& definition, const std::vector<std::string>& path) {
  const State& state = StateAround(definition, path);
  const bool undo = std::find(path.begin(), path.end(), "undo") != path.end();
  const auto* call = std::get_if<CallVerb>(&state.verb);
  if (!undo) return call ? call->manifest : nullptr;
  if (!state.undo) return nullptr;
  const std::string& full = state.undo->operation;
  const std::size_t dot = full.find('.');
  for (const ManifestPtr& manifest : definition.manifests)
    if (manifest->connector == full.substr(0, dot)) return manifest->Find(full.substr(dot + 1));
  return nullptr;
}

}  // namespace fermata
