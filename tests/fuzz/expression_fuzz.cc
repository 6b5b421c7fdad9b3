// Expressions: parsing, checking and evaluating any text ends soon and never crashes.
#include <cstdlib>
#include <string_view>

#include "engine/expression/expression.h"
#include "engine/model/json.h"

using namespace fermata;

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

const Value& Variables() {
  static const Value vars =
      *ParseJson(R"({"i":7,"d":1.5,"s":"text","l":[1,2,3],"m":{"a":{"b":1},"c":"x"},"n":null,"a.b":5})");
  return vars;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const ParseOutcome parsed = ParseExpression(source);
  Require((parsed.expression == nullptr) == !parsed.errors.empty());
  for (const ExpressionError& error : parsed.errors)
    Require(error.line >= 1 && error.column >= 1 && error.length >= 1 && !error.message.empty());
  if (parsed.expression == nullptr) return 0;
  NamesScope scope;
  TypeEnvironment environment;
  for (const auto& [name, value] : Variables().as_map()) {
    scope.Bind(name.as_string(), value);
    environment.Declare(std::string(name.as_string()), Type::Dyn());
  }
  (void)FreeNames(*parsed.expression);
  (void)CheckExpression(*parsed.expression, environment).type.ToString();
  EvaluationLimits limits;
  limits.steps_max = 20'000;
  limits.bytes_max = 1 << 20;
  const EvaluationResult result = Evaluate(*parsed.expression, scope, limits);
  if (result.ok())
    Require(IsValidUtf8(WriteJson(result.value())));
  else
    Require(static_cast<int>(result.error().code) > 3100 && static_cast<int>(result.error().code) < 3110);
  return 0;
}
