#include "engine/expression/signature.h"

#include <array>

#include "engine/base/assert.h"

namespace fermata {
namespace {

struct Parameters {
  std::array<std::optional<Type>, 2> bound;  // A and B
};

// Splits at the commas that stand outside of brackets.
std::vector<std::string_view> SplitTypes(std::string_view text) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')') --depth;
    if (text[i] != ',' || depth > 0) continue;
    parts.push_back(text.substr(start, i - start));
    start = i + 1;
  }
  if (start < text.size()) parts.push_back(text.substr(start));
  return parts;
}

TypeKind ScalarKind(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, TypeKind>, 10> kNames = {{{"bool", TypeKind::kBool},
                                                                             {"int", TypeKind::kInt},
                                                                             {"uint", TypeKind::kUint},
                                                                             {"double", TypeKind::kDouble},
                                                                             {"string", TypeKind::kString},
                                                                             {"bytes", TypeKind::kBytes},
                                                                             {"timestamp", TypeKind::kTimestamp},
                                                                             {"duration", TypeKind::kDuration},
                                                                             {"type", TypeKind::kType},
                                                                             {"dyn", TypeKind::kDyn}}};
  for (const auto& [text, kind] : kNames) {
    if (text == name) return kind;
  }
  FERMATA_ASSERT(!"a type in a function table");
  return TypeKind::kDyn;
}

// The type that `text` stands for with A and B as bound so far; unbound ones are dyn.
Type Substitute(std::string_view text, const Parameters& parameters) {
  if (text == "A" || text == "B") return parameters.bound[text == "A" ? 0 : 1].value_or(Type::Dyn());
  if (text == "num") return Type::Union({Type(TypeKind::kInt), Type(TypeKind::kUint), Type(TypeKind::kDouble)});
  const std::size_t bracket = text.find('(');
  if (bracket == std::string_view::npos) return Type(ScalarKind(text));
  const std::vector<std::string_view> parts = SplitTypes(text.substr(bracket + 1, text.size() - bracket - 2));
  const std::string_view outer = text.substr(0, bracket);
  if (outer == "list") return Type::List(Substitute(parts[0], parameters));
  if (outer == "optional") return Type::Optional(Substitute(parts[0], parameters));
  return Type::Map(Substitute(parts[0], parameters), Substitute(parts[1], parameters));
}

// Learns A and B from what stands at their place.
void Bind(std::string_view text, const Type& given, Parameters& parameters) {
  if (text == "A" || text == "B") {
    auto& bound = parameters.bound[text == "A" ? 0 : 1];
    bound = bound ? Type::Join(*bound, given) : given;
    return;
  }
  const std::size_t bracket = text.find('(');
  if (bracket == std::string_view::npos) return;
  const std::vector<std::string_view> parts = SplitTypes(text.substr(bracket + 1, text.size() - bracket - 2));
  if (given.kind() == TypeKind::kList || given.kind() == TypeKind::kOptional)
    Bind(parts[0], given.element(), parameters);
  if (given.kind() == TypeKind::kMap && parts.size() == 2) {
    Bind(parts[0], given.key(), parameters);
    Bind(parts[1], given.value(), parameters);
  }
}

std::optional<Type> MatchOverload(std::string_view signature, const std::vector<Type>& arguments) {
  const std::size_t arrow = signature.find("->");
  std::vector<std::string_view> wanted = SplitTypes(signature.substr(0, arrow));
  if (!wanted.empty() && wanted.back().ends_with("...")) {
    const std::string_view repeated = wanted.back().substr(0, wanted.back().size() - 3);
    wanted.pop_back();
    do {
      wanted.push_back(repeated);
    } while (wanted.size() < arguments.size());
  }
  if (wanted.size() != arguments.size()) return std::nullopt;
  Parameters parameters;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!Type::CanFit(arguments[i], Substitute(wanted[i], Parameters()))) return std::nullopt;
    Bind(wanted[i], arguments[i], parameters);
  }
  return Substitute(signature.substr(arrow + 2), parameters);
}

}  // namespace

std::optional<Type> ResultOfCall(const Function& function, const std::vector<Type>& arguments) {
  std::optional<Type> result;
  for (const std::string_view signature : function.signatures) {
    const std::optional<Type> one = MatchOverload(signature, arguments);
    if (one) result = result ? Type::Join(*result, *one) : *one;
  }
  return result;
}

std::string DescribeOverloads(const Function& function) {
  std::string text;
  for (const std::string_view signature : function.signatures) {
    const std::vector<std::string_view> types = SplitTypes(signature.substr(0, signature.find("->")));
    std::string call(function.name);
    std::size_t first = 0;
    if (function.style == kMember) {
      call = std::string(types[0]) + "." + call;
      first = 1;
    }
    call += '(';
    for (std::size_t i = first; i < types.size(); ++i) call += (i > first ? ", " : "") + std::string(types[i]);
    text += (text.empty() ? "" : ", ") + call + ')';
  }
  return text;
}

}  // namespace fermata
