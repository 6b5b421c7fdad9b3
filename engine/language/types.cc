#include "engine/language/types.h"

#include "engine/expression/value_type.h"
#include "engine/language/walk.h"
#include "engine/schema/schema.h"

namespace fermata {
namespace {

using Fields = std::vector<std::pair<Type::Field, Type>>;

Type String() { return Type(TypeKind::kString); }

}  // namespace

Type TypeOfLiteral(const Value& value) {
  if (value.is_list()) {
    if (value.as_list().empty()) return Type::List(Type::Dyn());
    std::vector<Type> elements;
    for (const Value& item : value.as_list()) elements.push_back(TypeOfLiteral(item));
    return Type::List(Type::Union(std::move(elements)));
  }
  if (value.is_map()) {
    if (value.as_map().empty()) return Type::Map(String(), Type::Dyn());
    Fields fields;
    for (const auto& [key, content] : value.as_map())
      fields.push_back({{std::string(key.as_string()), true}, TypeOfLiteral(content)});
    return Type::Object(std::move(fields), false, Type::Dyn());
  }
  return TypeOfScalar(value);
}

Type AsVariable(const Type& type) {
  switch (type.kind()) {
    case TypeKind::kBytes:
    case TypeKind::kTimestamp:
    case TypeKind::kDuration:
      return String();
    case TypeKind::kUint:
    case TypeKind::kType:
    case TypeKind::kOptional:
      return Type::Dyn();
    case TypeKind::kList:
      return Type::List(AsVariable(type.element()));
    case TypeKind::kMap:
      return Type::Map(AsVariable(type.key()), AsVariable(type.value()));
    case TypeKind::kObject: {
      Fields fields;
      for (const auto& [field, content] : type.fields()) fields.push_back({field, AsVariable(content)});
      return Type::Object(std::move(fields), type.open(), Type::Dyn());
    }
    case TypeKind::kUnion: {
      std::vector<Type> alternatives;
      for (const Type& alternative : type.alternatives()) alternatives.push_back(AsVariable(alternative));
      return Type::Union(std::move(alternatives));
    }
    default:
      return type;
  }
}

Type EventType(const EventDeclaration* declaration) {
  Fields fields;
  for (const char* name : {"id", "source", "type", "subject", "time"}) fields.push_back({{name, true}, String()});
  fields.push_back({{"data", true}, declaration && declaration->data ? TypeOf(*declaration->data) : Type::Dyn()});
  return Type::Object(std::move(fields), true, Type::Dyn());
}

Type ErrorType() {
  return Type::Object({{{"name", true}, String()}, {{"message", true}, String()}, {{"data", true}, Type::Dyn()}}, false,
                      Type::Dyn());
}

Type ResultType(const State& state) {
  if (const auto* call = std::get_if<CallVerb>(&state.verb))
    return call->manifest && call->manifest->output ? TypeOf(*call->manifest->output) : Type::Dyn();
  if (const auto* ask = std::get_if<AskVerb>(&state.verb)) {
    const Type outcome = ask->outcomes.empty() ? Type(TypeKind::kNull) : String();
    return Type::Object({{{"outcome", true}, outcome},
                         {{"data", true}, ask->form ? TypeOf(*ask->form) : Type::Dyn()},
                         {{"by", true}, Type::Dyn()},
                         {{"at", true}, String()}},
                        false, Type::Dyn());
  }
  if (const auto* run = std::get_if<RunVerb>(&state.verb); run && run->detach) return Type(TypeKind::kNull);
  return Type::Dyn();
}

bool HasInnerResult(const State& state) {
  return Does<EachVerb>(state) || Does<ParallelVerb>(state) || Does<CompositeVerb>(state);
}

}  // namespace fermata
