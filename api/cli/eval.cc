#include "api/cli/eval.h"

#include <algorithm>
#include <istream>
#include <ostream>
#include <utility>

#include "api/cli/eval_codes.h"
#include "api/cli/typed_value.h"
#include "engine/expression/expression.h"
#include "engine/expression/utf8.h"
#include "engine/expression/value_type.h"
#include "engine/language/report.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

std::string ErrorAnswer(ErrorCode code, std::string_view message, int column, std::string_view hint) {
  std::string out = R"({"error":{"code":)";
  AppendJsonString(FormatErrorCode(code), out);
  out += ",\"message\":";
  AppendJsonString(message, out);
  out += ",\"column\":" + std::to_string(column);
  if (!hint.empty()) {
    out += ",\"hint\":";
    AppendJsonString(hint, out);
  }
  return out + "}}";
}

std::string ErrorAnswer(const Error& error) {
  return ErrorAnswer(error.code, error.path.empty() ? error.message : error.message + " (at " + error.path + ")", 1,
                     error.hint);
}

std::string ErrorAnswer(const ExpressionError& error) {
  return ErrorAnswer(error.code, error.message, error.column, error.hint);
}

// What JSON tells of a variable's type: its kind, and nothing of what is inside. A null may be a value that is missing.
Type TypeOf(const Value& value) {
  if (value.kind() == ValueKind::kNull) return Type::Dyn();
  if (value.is_list()) return Type::List(Type::Dyn());
  if (value.is_map()) return Type::Map(Type(TypeKind::kString), Type::Dyn());
  return TypeOfScalar(value);
}

std::string AnswerTo(const CompiledExpression& expression, const Value& vars, EvalOptions options) {
  NamesScope scope;
  TypeEnvironment environment;
  for (const auto& [name, value] : vars.as_map()) {
    if (!options.typed) {
      scope.Bind(name.as_string(), value);
      environment.Declare(std::string(name.as_string()), TypeOf(value));
      continue;
    }
    Result<Value> typed = FromTyped(value);
    if (!typed.ok()) return ErrorAnswer(typed.error());
    scope.Bind(name.as_string(), *std::move(typed));
  }
  if (!options.typed) {
    const CheckOutcome check = CheckExpression(expression, environment);
    if (!check.errors.empty()) return ErrorAnswer(check.errors.front());
  }
  const EvaluationResult result = Evaluate(expression, scope);
  if (!result.ok()) return ErrorAnswer(result.error());
  std::string out = "{\"value\":";
  if (options.typed)
    AppendTyped(result.value(), out);
  else
    AppendJson(result.value(), out);
  return out + "}";
}

// Unicode's other ends of line, escaped: an answer is one line for every reader. They occur only inside of strings.
std::string OnOneLine(std::string_view json) {
  constexpr std::pair<std::string_view, std::string_view> kLineEnds[] = {
      {"\u0085", "\\u0085"}, {"\u2028", "\\u2028"}, {"\u2029", "\\u2029"}};
  std::string out;
  for (std::size_t at = 0; at < json.size();) {
    const auto end = std::find_if(std::begin(kLineEnds), std::end(kLineEnds),
                                  [&](const auto& one) { return json.substr(at).starts_with(one.first); });
    if (end == std::end(kLineEnds)) {
      out += json[at++];
      continue;
    }
    out += end->second;
    at += end->first.size();
  }
  return out;
}

}  // namespace

std::string EvalLine(std::string_view line, EvalOptions options) {
  const Result<Value> request = ParseJson(line);
  if (!request.ok()) return ErrorAnswer(request.error());
  if (request->is_map())
    for (const auto& [key, value] : request->as_map())
      if (key.as_string() != "expr" && key.as_string() != "vars")
        return ErrorAnswer(
            {kEvalBadLine,
             "Expected \"expr\" and \"vars\" only, but there is \"" + std::string(Shortened(key.as_string())) + "\".",
             "", DidYouMean(std::string(key.as_string()), {"expr", "vars"})});
  const Value* source = request->is_map() ? request->Find("expr") : nullptr;
  const Value* vars = request->is_map() ? request->Find("vars") : nullptr;
  if (source == nullptr || !source->is_string())
    return ErrorAnswer({kEvalBadLine, "Expected an object with the text \"expr\", but there is none.", "", ""});
  static const Value no_vars = Value::Object({});
  if (vars == nullptr || vars->is_null()) vars = &no_vars;
  if (!vars->is_map()) return ErrorAnswer({kEvalBadLine, "Expected \"vars\" to be an object, but it is not.", "", ""});
  const ParseOutcome parsed = ParseExpression(source->as_string());
  if (parsed.expression == nullptr) return ErrorAnswer(parsed.errors.front());
  return AnswerTo(*parsed.expression, *vars, options);
}

int RunEval(std::istream& in, std::ostream& out, EvalOptions options) {
  std::string line;
  while (std::getline(in, line)) {
    out << OnOneLine(EvalLine(line, options)) << '\n' << std::flush;
  }
  return 0;
}

}  // namespace fermata
