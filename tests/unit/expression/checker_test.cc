#include <gtest/gtest.h>

#include "engine/expression/codes.h"
#include "engine/expression/expression.h"

namespace fermata {
namespace {

TypeEnvironment MakeEnvironment() {
  const Type string(TypeKind::kString);
  const Type integer(TypeKind::kInt);
  const Type number = Type::Union({integer, Type(TypeKind::kDouble)});
  const Type address = Type::Object({{{"city", true}, string}, {{"zip", false}, string}}, false, Type::Dyn());
  TypeEnvironment environment;
  environment.Declare("amount", integer);
  environment.Declare("price", number);
  environment.Declare("name", string);
  environment.Declare("nickname", Type::Union({string, Type(TypeKind::kNull)}));
  environment.Declare("paid", Type(TypeKind::kBool));
  environment.Declare("now", Type(TypeKind::kTimestamp));
  environment.Declare("anything", Type::Dyn());
  environment.Declare("tags", Type::List(string));
  environment.Declare("counts", Type::Map(string, integer));
  environment.Declare("customer",
                      Type::Object({{{"id", true}, string}, {{"address", false}, address}, {{"age", false}, integer}},
                                   false, Type::Dyn()));
  environment.Declare("open", Type::Object({{{"id", true}, string}}, true, integer));
  environment.Declare("orders", Type::List(Type::Object({{{"total", true}, integer}}, false, Type::Dyn())));
  environment.Declare("event.data.id", integer);
  return environment;
}

// The type, or the codes and columns of the errors.
std::string Check(std::string_view source) {
  const ParseOutcome parsed = ParseExpression(source);
  if (parsed.expression == nullptr) return "does not parse";
  const CheckOutcome outcome = CheckExpression(*parsed.expression, MakeEnvironment());
  if (outcome.errors.empty()) return outcome.type.ToString();
  std::string text;
  for (const ExpressionError& error : outcome.errors)
    text += (text.empty() ? "" : " ") + FormatErrorCode(error.code) + "@" + std::to_string(error.column);
  return text;
}

std::string Hint(std::string_view source) {
  const CheckOutcome outcome = CheckExpression(*ParseExpression(source).expression, MakeEnvironment());
  return outcome.errors.empty() ? "no error" : outcome.errors[0].hint;
}

struct TypeCase {
  const char* source;
  const char* expected;
};

class CheckedType : public testing::TestWithParam<TypeCase> {};

TEST_P(CheckedType, IsAsTheTableSays) { EXPECT_EQ(Check(GetParam().source), GetParam().expected) << GetParam().source; }

INSTANTIATE_TEST_SUITE_P(
    Results, CheckedType,
    testing::Values(
        TypeCase{"1", "int"}, TypeCase{"1u", "uint"}, TypeCase{"1.5", "double"}, TypeCase{"'a'", "string"},
        TypeCase{"b'a'", "bytes"}, TypeCase{"null", "null"}, TypeCase{"true", "bool"}, TypeCase{"int", "type"},
        TypeCase{"[1, 2]", "list(int)"}, TypeCase{"[1, 'a']", "list(dyn)"}, TypeCase{"[]", "list(dyn)"},
        TypeCase{"{'a': 1}", "{a: int}"}, TypeCase{"{1: 'a'}", "map(int, string)"},
        TypeCase{"{name: 1}", "map(string, int)"}, TypeCase{"{?'a': optional.of(1)}", "{a?: int}"},
        TypeCase{"amount + 1", "int"}, TypeCase{"price + 1", "int"}, TypeCase{"price * price", "int or double"},
        TypeCase{"anything + 1", "dyn"}, TypeCase{"name + 'x'", "string"}, TypeCase{"tags + ['x']", "list(string)"},
        TypeCase{"now - duration('1h')", "timestamp"}, TypeCase{"now - now", "duration"}, TypeCase{"-amount", "int"},
        TypeCase{"-price", "int or double"}, TypeCase{"!paid", "bool"}, TypeCase{"amount > 1.5", "bool"},
        TypeCase{"price == 1", "bool"}, TypeCase{"nickname == null", "bool"}, TypeCase{"name == null", "bool"},
        TypeCase{"paid ? 1 : 'a'", "int or string"}, TypeCase{"paid ? 1 : 2", "int"}, TypeCase{"tags[0]", "string"},
        TypeCase{"counts['a']", "int"}, TypeCase{"counts.a", "int"}, TypeCase{"customer.address.city", "string"},
        TypeCase{"customer['id']", "string"}, TypeCase{"open.other", "int"}, TypeCase{"open.id", "string"},
        TypeCase{"anything.a.b[0].c", "dyn"}, TypeCase{"customer.?age", "optional(int)"},
        TypeCase{"customer.?age.orValue(0)", "int"}, TypeCase{"customer.?address.city.orValue('')", "string"},
        TypeCase{"tags[?0]", "optional(string)"}, TypeCase{"customer.?nothing.orValue(1)", "dyn"},
        TypeCase{"customer.?address.nothing.orValue('')", "dyn"}, TypeCase{"{1: 'a', 'b': 2}", "map(dyn, dyn)"},
        TypeCase{"true in {1: 2, 'b': 3}", "bool"}, TypeCase{"{'a': 1}.b == 2 || paid", "bool"},
        TypeCase{"{'a': 1, 'b': 'x'}.exists(k, v, v == true)", "bool"},
        TypeCase{"[{'a': 1}, {'a': 'x'}].map(o, o.a)", "list(int or string)"}, TypeCase{"has(customer.age)", "bool"},
        TypeCase{"has(customer.nothing)", "bool"}, TypeCase{"event.data.id + 1", "int"}));

INSTANTIATE_TEST_SUITE_P(
    Calls, CheckedType,
    testing::Values(
        TypeCase{"size(tags)", "int"}, TypeCase{"name.size()", "int"}, TypeCase{"name.split(',')", "list(string)"},
        TypeCase{"tags.join()", "string"}, TypeCase{"int(name)", "int"}, TypeCase{"string(amount)", "string"},
        TypeCase{"dyn(amount)", "dyn"}, TypeCase{"type(amount)", "type"},
        TypeCase{"math.greatest(amount, 2)", "int or uint or double"}, TypeCase{"math.abs(amount)", "int"},
        TypeCase{"math.abs(price)", "int or double"}, TypeCase{"optional.of(amount)", "optional(int)"},
        TypeCase{"optional.of(amount).value()", "int"}, TypeCase{"tags.first()", "optional(string)"},
        TypeCase{"tags.slice(0, 1)", "list(string)"}, TypeCase{"tags.sort()", "list(string)"},
        TypeCase{"lists.range(3)", "list(int)"}, TypeCase{"anything.reverse()", "list(dyn) or string"},
        TypeCase{"name.reverse()", "string"}, TypeCase{"now.getHours('UTC')", "int"},
        TypeCase{"tags.map(t, t.size())", "list(int)"}, TypeCase{"tags.filter(t, t != '')", "list(string)"},
        TypeCase{"tags.all(t, t.size() > 1)", "bool"}, TypeCase{"counts.map(k, k)", "list(string)"},
        TypeCase{"counts.transformMap(k, v, v > 1)", "map(string, bool)"},
        TypeCase{"tags.transformList(i, t, i)", "list(int)"},
        TypeCase{"tags.transformMapEntry(i, t, {t: i})", "map(string, int)"},
        TypeCase{"orders.map(o, o.total)", "list(int)"}, TypeCase{"orders.sortBy(o, o.total)", "list({total: int})"},
        TypeCase{"cel.bind(x, amount, x + 1)", "int"},
        TypeCase{"optional.of(1).optMap(x, string(x))", "optional(string)"},
        TypeCase{"optional.of(1).optFlatMap(x, optional.of('a'))", "optional(string)"},
        TypeCase{"optional.of(1).or(optional.of(2))", "optional(int)"}, TypeCase{"'%d'.format([amount])", "string"},
        TypeCase{"name.matches('^a+$')", "bool"}, TypeCase{"base64.decode(name)", "bytes"}));

INSTANTIATE_TEST_SUITE_P(
    Mistakes, CheckedType,
    testing::Values(TypeCase{"amuont + 1", "FM-3011@1"}, TypeCase{"1 + nothing", "FM-3011@5"},
                    TypeCase{"a + b", "FM-3011@1 FM-3011@5"}, TypeCase{"nothing.x.y + 1", "FM-3011@1"},
                    TypeCase{"sise(tags)", "FM-3012@1"}, TypeCase{"name.toUpper()", "FM-3012@6"},
                    TypeCase{"math.absolute(1)", "FM-3012@6"}, TypeCase{"tags.all(t)", "FM-3011@10 FM-3012@6"},
                    TypeCase{"customer.nme", "FM-3013@10"}, TypeCase{"customer.address.town", "FM-3013@18"},
                    TypeCase{"orders.map(o, o.totl)", "FM-3013@17"}, TypeCase{"amount.x", "FM-3014@8"},
                    TypeCase{"cel.bind(x, {'a': 1}, x.b)", "FM-3013@25"}, TypeCase{"tags.x", "FM-3014@6"},
                    TypeCase{"name + 1", "FM-3014@6"}, TypeCase{"amount + 1.5", "FM-3014@8"},
                    TypeCase{"amount == 'a'", "FM-3014@8"}, TypeCase{"price == 'a'", "FM-3014@7"},
                    TypeCase{"tags == 'a'", "FM-3014@6"}, TypeCase{"amount < 'a'", "FM-3014@8"},
                    TypeCase{"tags < tags", "FM-3014@6"}, TypeCase{"!amount", "FM-3014@2"},
                    TypeCase{"-name", "FM-3014@1"}, TypeCase{"paid && amount", "FM-3014@9"},
                    TypeCase{"amount || name", "FM-3014@1 FM-3014@11"}, TypeCase{"amount ? 1 : 2", "FM-3014@1"},
                    TypeCase{"amount in name", "FM-3014@8"}, TypeCase{"amount in tags", "FM-3014@8"},
                    TypeCase{"tags['a']", "FM-3014@5"}, TypeCase{"counts[1]", "FM-3014@7"},
                    TypeCase{"amount[0]", "FM-3014@7"}, TypeCase{"name.startsWith(1)", "FM-3014@6"},
                    TypeCase{"size(1)", "FM-3014@1"}, TypeCase{"size(tags, tags)", "FM-3014@1"},
                    TypeCase{"int(paid)", "FM-3014@1"}, TypeCase{"math.abs(name)", "FM-3014@6"},
                    TypeCase{"has(amount.x)", "FM-3014@12"}, TypeCase{"amount.all(x, true)", "FM-3014@8"},
                    TypeCase{"tags.all(t, t)", "FM-3014@13"}, TypeCase{"tags.map(t, t, 1)", "FM-3014@13"},
                    TypeCase{"[?amount]", "FM-3014@3"}, TypeCase{"{?'a': 1}", "FM-3014@8"},
                    TypeCase{"{1.5: 1}", "FM-3014@2"}, TypeCase{"amount.orValue(1)", "FM-3014@1"},
                    TypeCase{"optional.of(1).optFlatMap(x, x)", "FM-3014@30"},
                    TypeCase{"name.matches('(')", "FM-3015@14"}, TypeCase{"now + now", "FM-3014@5"},
                    TypeCase{"1.5 % 2.0", "FM-3014@5"}, TypeCase{"[1].transformMapEntry(k, v, v)", "FM-3014@29"},
                    TypeCase{"counts.sortBy(x, x)", "list(string)"}));

TEST(Checker, HintsAtWhatWasMeant) {
  EXPECT_EQ(Hint("amuont"), "did you mean 'amount'?");
  EXPECT_EQ(Hint("customer.adress"), "did you mean 'address'?");
  EXPECT_EQ(Hint("name.startWith('a')"), "did you mean 'startsWith'?");
  EXPECT_EQ(Hint("math.abss(1)"), "did you mean 'math.abs'?");
  EXPECT_EQ(Hint("qqqqqq"), "");
}

TEST(Checker, ACheckedExpressionMayStillFailOnValues) { EXPECT_EQ(Check("1 / 0"), "int"); }

TEST(Type, JoinsAndUnites) {
  const Type a(TypeKind::kInt);
  const Type b(TypeKind::kString);
  EXPECT_EQ(Type::Union({a, Type::Union({a, b})}), Type::Union({a, b}));
  EXPECT_EQ(Type::Union({a, a}), a);
  EXPECT_TRUE(Type::Union({a, Type::Dyn()}).is_dyn());
  EXPECT_TRUE(Type::Union({}).is_dyn());
  EXPECT_EQ(Type::Join(Type::List(a), Type::List(b)).ToString(), "list(int or string)");
  EXPECT_EQ(Type::Join(a, b).ToString(), "int or string");
  EXPECT_FALSE(Type::List(a) == Type::List(b));
}

TEST(Type, FitsUnlessItCertainlyFails) {
  const Type a(TypeKind::kInt);
  const Type b(TypeKind::kString);
  const auto object = [](bool required, const Type& type, bool open) {
    return Type::Object({{{"x", required}, type}}, open, Type::Dyn());
  };
  const Type empty = Type::Object({}, false, Type::Dyn());
  EXPECT_TRUE(Type::CanFit(Type::Dyn(), a));
  EXPECT_TRUE(Type::CanFit(a, Type::Dyn()));
  EXPECT_FALSE(Type::CanFit(a, b));
  EXPECT_TRUE(Type::CanFit(Type::Union({a, b}), b));
  EXPECT_TRUE(Type::CanFit(Type::List(a), Type::List(b)));
  EXPECT_TRUE(Type::CanFit(object(true, a, false), object(true, a, false)));
  EXPECT_FALSE(Type::CanFit(object(true, a, false), object(true, b, false)));
  EXPECT_FALSE(Type::CanFit(empty, object(true, a, false)));
  EXPECT_TRUE(Type::CanFit(empty, object(false, a, false)));
  EXPECT_FALSE(Type::CanFit(object(true, a, false), empty));
  EXPECT_TRUE(Type::CanFit(object(true, a, false), Type::Object({}, true, Type::Dyn())));
  EXPECT_TRUE(Type::CanFit(Type::Object({}, true, Type::Dyn()), object(true, a, false)));
  EXPECT_TRUE(Type::CanFit(object(true, a, false), Type::Map(b, a)));
  EXPECT_FALSE(Type::CanFit(object(true, a, false), Type::Map(b, b)));
  EXPECT_FALSE(Type::CanFit(object(true, a, false), Type::List(a)));
}

}  // namespace
}  // namespace fermata
