#include "engine/schema/schema.h"

#include <gtest/gtest.h>

#include "engine/model/json.h"
#include "engine/schema/codes.h"

namespace fermata {
namespace {

Value Json(std::string_view text) {
  Result<Value> value = ParseJson(text);
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? *value : Value();
}

SchemaPtr Compile(std::string_view text) {
  SchemaOutcome outcome = CompileSchema(Json(text));
  for (const SchemaError& error : outcome.errors) ADD_FAILURE() << text << ": " << error.path << " " << error.message;
  return outcome.schema;
}

// schema, value, "" or "path message" of the first violation.
struct Case {
  const char* schema;
  const char* value;
  const char* expected;
};

class ValidateTest : public testing::TestWithParam<Case> {};

TEST_P(ValidateTest, SaysWhatDoesNotFit) {
  const SchemaPtr schema = Compile(GetParam().schema);
  ASSERT_NE(schema, nullptr);
  const auto violations = Validate(*schema, Json(GetParam().value));
  const std::string first = violations.empty() ? "" : violations.front().path + " " + violations.front().message;
  EXPECT_EQ(first, GetParam().expected) << GetParam().schema << " " << GetParam().value;
}

const Case kCases[] = {
    {R"(true)", R"(1)", ""},
    {R"(false)", R"(1)", " Expected nothing here, but there is 1."},
    {R"({"type":"string"})", R"("a")", ""},
    {R"({"type":"string"})", R"(5)", " Expected a string, but it is 5."},
    {R"({"type":["string","null"]})", R"(null)", ""},
    {R"({"type":["string","null"]})", R"(true)", " Expected null or a string, but it is true."},
    {R"({"type":"integer"})", R"(1.0)", ""},
    {R"({"type":"integer"})", R"(1.5)", " Expected an integer, but it is 1.5."},
    {R"({"type":"integer"})", R"(1e300)", " Expected an integer of 64 bits, but 1e+300 is beyond them."},
    {R"({"type":"number"})", R"(1)", ""},
    {R"({"type":"boolean"})", R"(0)", " Expected a boolean, but it is 0."},
    {R"({"type":"array"})", R"({})", " Expected a list, but it is an object."},
    {R"({"enum":[1,"a",null]})", R"(1.0)", ""},
    {R"({"enum":[1,"a",null]})", R"("b")", " Expected one of [1,\"a\",null], but it is \"b\"."},
    {R"({"const":{"a":[1]}})", R"({"a":[1.0]})", ""},
    {R"({"const":{"a":[1]}})", R"({"a":[2]})", " Expected {\"a\":[1]}, but it is an object."},
    {R"({"minimum":1})", R"(0)", " Expected at least 1, but it is 0."},
    {R"({"minimum":1})", R"("text is not a number")", ""},
    {R"({"maximum":1})", R"(1.5)", " Expected at most 1, but it is 1.5."},
    {R"({"exclusiveMinimum":1})", R"(1)", " Expected more than 1, but it is 1."},
    {R"({"exclusiveMaximum":1})", R"(1)", " Expected less than 1, but it is 1."},
    {R"({"multipleOf":0.1})", R"(0.3)", ""},
    {R"({"multipleOf":3})", R"(10)", " Expected a multiple of 3, but it is 10."},
    {R"({"minLength":2})", R"("я")", " Expected at least 2 characters, but there are 1."},
    {R"({"maxLength":1})", R"("я")", ""},
    {R"({"pattern":"^a+$"})", R"("aab")", " Expected text that matches /^a+$/, but it is \"aab\"."},
    {R"({"pattern":"b"})", R"("aab")", ""},
    {R"({"required":["a"]})", R"({})", " Expected the property 'a', but it is missing."},
    {R"({"properties":{"a":{"type":"string"}}})", R"({"a":1})", "/a Expected a string, but it is 1."},
    {R"({"properties":{"a/b":{"type":"string"}}})", R"({"a/b":1})", "/a~1b Expected a string, but it is 1."},
    {R"({"properties":{"a":true},"additionalProperties":false})", R"({"b":1})",
     "/b Expected only properties that the schema names, but 'b' is none."},
    {R"({"additionalProperties":{"type":"integer"}})", R"({"b":"x"})", "/b Expected an integer, but it is \"x\"."},
    {R"({"patternProperties":{"^x":{"type":"integer"}},"additionalProperties":false})", R"({"x1":1})", ""},
    {R"({"patternProperties":{"^x":{"type":"integer"}}})", R"({"x1":"a"})",
     "/x1 Expected an integer, but it is \"a\"."},
    {R"({"propertyNames":{"maxLength":1}})", R"({"ab":1})", "/ab Expected at most 1 characters, but there are 2."},
    {R"({"minProperties":1})", R"({})", " Expected at least 1 properties, but there are 0."},
    {R"({"maxProperties":0})", R"({"a":1})", " Expected at most 0 properties, but there are 1."},
    {R"({"dependentRequired":{"a":["b"]}})", R"({"a":1})", " Expected the property 'b' beside 'a', but it is missing."},
    {R"({"dependentRequired":{"a":["b"]}})", R"({"b":1})", ""},
    {R"({"dependentSchemas":{"a":{"required":["c"]}}})", R"({"a":1})",
     " Expected the property 'c', but it is missing."},
    {R"({"items":{"type":"string"}})", R"(["a",1])", "/1 Expected a string, but it is 1."},
    {R"({"prefixItems":[{"type":"string"}],"items":{"type":"integer"}})", R"(["a",1])", ""},
    {R"({"prefixItems":[{"type":"string"}],"items":false})", R"(["a",1])", "/1 Expected nothing here, but there is 1."},
    {R"({"contains":{"type":"integer"}})", R"(["a"])",
     " Expected at least 1 items that match 'contains', but there are 0."},
    {R"({"contains":{"type":"integer"},"minContains":0})", R"(["a"])", ""},
    {R"({"contains":{"type":"integer"},"maxContains":1})", R"([1,2])",
     " Expected at most 1 items that match 'contains', but there are 2."},
    {R"({"uniqueItems":true})", R"([1,1.0])", "/1 Expected items that differ, but 1.0 occurs twice."},
    {R"({"uniqueItems":true})", R"([{"a":1,"b":2},{"b":2,"a":1}])",
     "/1 Expected items that differ, but an object occurs twice."},
    {R"({"uniqueItems":true})", R"([1,"1",true,[1]])", ""},
    {R"({"minItems":1,"maxItems":2})", R"([1,2,3])", " Expected at most 2 items, but there are 3."},
    {R"({"allOf":[{"minimum":1},{"maximum":2}]})", R"(3)", " Expected at most 2, but it is 3."},
    {R"({"anyOf":[{"type":"string"},{"type":"null"}]})", R"(1)", " Expected null or a string, but it is 1."},
    {R"({"anyOf":[{"type":"string","minLength":2},{"type":"null"}]})", R"("a")",
     " Expected at least 2 characters, but there are 1."},
    {R"({"anyOf":[{"minimum":3},{"maximum":1}]})", R"(2)", " Expected one of 2 alternatives, but 2 matches none."},
    {R"({"oneOf":[{"minimum":1},{"maximum":3}]})", R"(2)", " Expected exactly one of 2 alternatives, but 2 matches 2."},
    {R"({"oneOf":[{"minimum":1},{"maximum":-1}]})", R"(2)", ""},
    {R"({"not":{"type":"null"}})", R"(null)", " Expected a value that does not match 'not', but null does."},
    {R"({"if":{"properties":{"k":{"const":1}},"required":["k"]},"then":{"required":["a"]},"else":{"required":["b"]}})",
     R"({"k":1})", " Expected the property 'a', but it is missing."},
    {R"({"if":{"properties":{"k":{"const":1}},"required":["k"]},"then":{"required":["a"]},"else":{"required":["b"]}})",
     R"({"k":2})", " Expected the property 'b', but it is missing."},
    {R"({"$ref":"#/$defs/money","$defs":{"money":{"type":"integer"}}})", R"("x")",
     " Expected an integer, but it is \"x\"."},
    {R"({"$ref":"#m","$defs":{"money":{"$anchor":"m","type":"integer"}}})", R"("x")",
     " Expected an integer, but it is \"x\"."},
    {R"({"type":"object","properties":{"child":{"$ref":"#"}},"additionalProperties":false})",
     R"({"child":{"child":{"x":1}}})",
     "/child/child/x Expected only properties that the schema names, but 'x' is none."},
    {R"({"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false})", R"({"a":1})", ""},
    {R"({"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false})", R"({"b":1})",
     "/b Expected nothing here, but there is 1."},
    {R"({"anyOf":[{"properties":{"a":{"const":1}},"required":["a"]},{"properties":{"b":true}}],"unevaluatedProperties":false})",
     R"({"a":2,"b":1})", "/a Expected nothing here, but there is 2."},
    {R"({"prefixItems":[true],"unevaluatedItems":false})", R"([1,2])", "/1 Expected nothing here, but there is 2."},
    {R"({"contains":{"type":"string"},"unevaluatedItems":{"type":"integer"}})", R"(["a",1])", ""},
    {R"({"format":"email"})", R"("anna@example.com")", ""},
    {R"({"format":"email"})", R"("anna@")", " Expected text of the format 'email', but it is \"anna@\"."},
    {R"({"format":"email"})", R"(5)", ""},
};
INSTANTIATE_TEST_SUITE_P(Keywords, ValidateTest, testing::ValuesIn(kCases));

struct FormatCase {
  const char* format;
  const char* text;
  bool fits;
};
class FormatTest : public testing::TestWithParam<FormatCase> {};

TEST_P(FormatTest, IsAsserted) {
  const SchemaPtr schema = Compile("{\"format\":\"" + std::string(GetParam().format) + "\"}");
  ASSERT_NE(schema, nullptr);
  EXPECT_EQ(Validate(*schema, Value::String(GetParam().text)).empty(), GetParam().fits)
      << GetParam().format << " " << GetParam().text;
}

const FormatCase kFormats[] = {
    {"date-time", "2020-02-29T12:00:00.5+03:00", true},
    {"date-time", "2021-02-29T12:00:00Z", false},
    {"date-time", "2020-01-01 12:00:00Z", false},
    {"date-time", "2020-01-01T12:00:00", false},
    {"date", "2020-02-29", true},
    {"date", "2020-02-30", false},
    {"date", "20-02-03", false},
    {"time", "23:59:59Z", true},
    {"time", "24:00:00Z", false},
    {"time", "12:00:00", false},
    {"duration", "P1DT2H", true},
    {"duration", "PT", false},
    {"duration", "1h", false},
    {"duration", "P2W", true},
    {"email", "a.b+c@sub.example.com", true},
    {"email", ".a@b.c", false},
    {"email", "a b@c.d", false},
    {"email", "a@[127.0.0.1]", true},
    {"hostname", "example.com", true},
    {"hostname", "-a.com", false},
    {"hostname", "a..b", false},
    {"ipv4", "127.0.0.1", true},
    {"ipv4", "256.0.0.1", false},
    {"ipv4", "1.2.3", false},
    {"ipv4", "01.2.3.4", false},
    {"ipv6", "::1", true},
    {"ipv6", "1:2:3:4:5:6:7:8", true},
    {"ipv6", "1:2:3:4:5:6:7::8", false},
    {"ipv6", "::ffff:1.2.3.4", true},
    {"ipv6", "12345::", false},
    {"ipv6", "1::2::3", false},
    {"uri", "https://a.example/b?c#d", true},
    {"uri", "/relative", false},
    {"uri", "http://a b", false},
    {"uri", "http://a/%zz", false},
    {"uri-reference", "/relative?x=1", true},
    {"uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380", true},
    {"uuid", "2eb8aa08aa9811eab4aa73b441d16380", false},
    {"regex", "^a+$", true},
    {"regex", "(", false},
    {"json-pointer", "/a~1b/0", true},
    {"json-pointer", "a", false},
    {"json-pointer", "/a~2", false},
    {"relative-json-pointer", "1/a", true},
    {"relative-json-pointer", "01", false},
};
INSTANTIATE_TEST_SUITE_P(Formats, FormatTest, testing::ValuesIn(kFormats));

// schema, "code path" of the only error.
struct BadSchema {
  const char* schema;
  const char* expected;
};
class CompileTest : public testing::TestWithParam<BadSchema> {};

TEST_P(CompileTest, RefusesWhatItDoesNotUnderstand) {
  const SchemaOutcome outcome = CompileSchema(Json(GetParam().schema));
  EXPECT_EQ(outcome.schema, nullptr);
  ASSERT_EQ(outcome.errors.size(), 1U) << GetParam().schema;
  EXPECT_EQ(FormatErrorCode(outcome.errors[0].code) + " " + outcome.errors[0].path, GetParam().expected)
      << outcome.errors[0].message;
}

const BadSchema kBadSchemas[] = {
    {R"(5)", "FM-1051 "},
    {R"({"type":"strin"})", "FM-1051 /type"},
    {R"({"type":[]})", "FM-1051 /type"},
    {R"({"type":["string",5]})", "FM-1051 /type"},
    {R"({"required":true})", "FM-1051 /required"},
    {R"({"properties":{"a":{"required":"b"}}})", "FM-1051 /properties/a/required"},
    {R"({"items":[{"type":"string"}]})", "FM-1051 /items"},
    {R"({"minLength":-1})", "FM-1051 /minLength"},
    {R"({"minimum":"1"})", "FM-1051 /minimum"},
    {R"({"multipleOf":0})", "FM-1051 /multipleOf"},
    {R"({"enum":[]})", "FM-1051 /enum"},
    {R"({"anyOf":[]})", "FM-1051 /anyOf"},
    {R"({"uniqueItems":1})", "FM-1051 /uniqueItems"},
    {R"({"format":"emial"})", "FM-1051 /format"},
    {R"({"$schema":"http://json-schema.org/draft-07/schema#"})", "FM-1051 /$schema"},
    {R"({"propertys":{}})", "FM-1050 /propertys"},
    {R"({"definitions":{}})", "FM-1050 /definitions"},
    {R"({"$dynamicRef":"#x"})", "FM-1050 /$dynamicRef"},
    {R"({"properties":{"a":{"$id":"x"}}})", "FM-1050 /properties/a/$id"},
    {R"({"pattern":"("})", "FM-1055 /pattern"},
    {R"x({"pattern":"(?=a)"})x", "FM-1055 /pattern"},
    {R"({"$ref":"#/nowhere"})", "FM-1052 /$ref"},
    {R"({"$ref":"#nowhere"})", "FM-1052 /$ref"},
    {R"({"$ref":"other.json"})", "FM-1052 /$ref"},
    {R"({"$ref":"../other.json"})", "FM-1053 /$ref"},
    {R"({"$ref":"/etc/passwd"})", "FM-1053 /$ref"},
    {R"({"$ref":"https://example.com/a.json"})", "FM-1053 /$ref"},
    {R"({"$ref":"#"})", "FM-1054 /$ref"},
    {R"({"anyOf":[{"$ref":"#"},{"type":"string"}]})", "FM-1054 /anyOf/0/$ref"},
};
INSTANTIATE_TEST_SUITE_P(Mistakes, CompileTest, testing::ValuesIn(kBadSchemas));

TEST(SchemaFiles, AreFollowedRelativeToTheFileThatNamesThem) {
  const std::map<std::string, Value> files{
      {"schemas/order.json", Json(R"({"properties":{"price":{"$ref":"common/money.json#/$defs/money"}}})")},
      {"schemas/common/money.json", Json(R"({"$defs":{"money":{"type":"integer"}}})")}};
  SchemaOutcome outcome = CompileSchema(Json(R"({"$ref":"schemas/order.json"})"), {"", &files});
  ASSERT_NE(outcome.schema, nullptr);
  EXPECT_TRUE(Validate(*outcome.schema, Json(R"({"price":5})")).empty());
  EXPECT_EQ(Validate(*outcome.schema, Json(R"({"price":"5"})")).size(), 1U);
}

TEST(SchemaFiles, AreBlamedByName) {
  const std::map<std::string, Value> files{{"a.json", Json(R"({"type":"strin"})")}};
  const SchemaOutcome outcome = CompileSchema(Json(R"({"$ref":"a.json"})"), {"", &files});
  ASSERT_EQ(outcome.errors.size(), 1U);
  EXPECT_EQ(outcome.errors[0].file, "a.json");
  EXPECT_EQ(outcome.errors[0].path, "/type");
}

TEST(Bundle, WhatIsNothingButAFileIsWhatIsInTheFile) {
  const std::map<std::string, Value> files{
      {"schemas/order.json",
       Json(R"({"properties":{"price":{"$ref":"common/money.json#/$defs/money"},"next":{"$ref":"#"}}})")},
      {"schemas/common/money.json",
       Json(R"({"$defs":{"money":{"$ref":"#/$defs/cents"},"cents":{"type":"integer"}}})")}};
  const Value bundled = SelfContained(Json(R"({"$ref":"schemas/order.json"})"), {"", &files});
  EXPECT_EQ(
      WriteJson(bundled),
      R"({"properties":{"price":{"$ref":"#/$defs/schemas_common_money.json/$defs/money"},"next":{"$ref":"#"}},)"
      R"("$defs":{"schemas_common_money.json":{"$defs":{"money":{"$ref":"#/$defs/schemas_common_money.json/$defs/cents"},)"
      R"("cents":{"type":"integer"}}}}})");
  const SchemaPtr alone = Compile(WriteJson(bundled));
  ASSERT_NE(alone, nullptr);
  EXPECT_TRUE(Validate(*alone, Json(R"({"price":5,"next":{"price":6}})")).empty());
  EXPECT_EQ(Validate(*alone, Json(R"({"next":{"price":"6"}})")).size(), 1U);
}

TEST(Bundle, KeepsWhatTheSchemaSaysBesideAndItsOwnDefinitions) {
  const std::map<std::string, Value> files{{"a.json", Json(R"({"items":{"$ref":"#name"},"x":1})")},
                                           {"b.json", Json(R"({"$anchor":"there","type":"string"})")}};
  const Value schema = Json(
      R"({"title":"T","$ref":"a.json","anyOf":[{"$ref":"b.json#there"},{"$ref":"#/$defs/a.json"}],)"
      R"("properties":{"$ref":{"$ref":"a.json"}},"const":{"$ref":"a.json"},"$defs":{"a.json":{"$anchor":"name"}}})");
  EXPECT_EQ(WriteJson(SelfContained(schema, {"", &files})),
            R"({"title":"T","$ref":"#/$defs/a.json_","anyOf":[{"$ref":"#there"},{"$ref":"#/$defs/a.json"}],)"
            R"("properties":{"$ref":{"$ref":"#/$defs/a.json_"}},"const":{"$ref":"a.json"},)"
            R"("$defs":{"a.json":{"$anchor":"name"},"a.json_":{"items":{"$ref":"#name"},"x":1},)"
            R"("b.json":{"$anchor":"there","type":"string"}}})");
}

TEST(Bundle, IsTheSchemaItselfWhereItNamesNoFile) {
  const std::string text = R"({"type":"object","properties":{"a":{"$ref":"#/$defs/b"}},"$defs":{"b":true}})";
  EXPECT_EQ(WriteJson(SelfContained(Json(text), {})), text);
}

TEST(SchemaFiles, AreListedEachOnce) {
  const auto files = ReferencedSchemaFiles(
      Json(R"({"a":{"$ref":"x.json"},"b":[{"$ref":"../y.json#/a"},{"$ref":"x.json#b"},{"$ref":"#/c"}]})"),
      "schemas/main.json");
  EXPECT_EQ(files, (std::vector<std::string>{"schemas/x.json", "y.json"}));
}

TEST(Normalise, TurnsIntegralNumbersUnderIntegerIntoInts) {
  const SchemaPtr schema = Compile(
      R"({"properties":{"n":{"type":"integer"},"x":{"type":"number"}},"additionalProperties":{"items":{"anyOf":[{"type":"string"},{"type":"integer"}]}}})");
  const Result<Value> value = ValidateAndNormalise(*schema, Json(R"({"n":2.0,"x":3.0,"l":[4.0,"a"]})"));
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(WriteJson(*value), R"({"n":2,"x":3.0,"l":[4,"a"]})");
}

TEST(Normalise, FailsWithTheFirstViolation) {
  const SchemaPtr schema = Compile(R"({"properties":{"n":{"type":"integer"}}})");
  const Result<Value> value = ValidateAndNormalise(*schema, Json(R"({"n":"2"})"));
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().code, kSchemaViolated);
  EXPECT_EQ(value.error().path, "/n");
}

TEST(Bounds, ReportsAtMostTwentyViolations) {
  const SchemaPtr schema = Compile(R"({"items":{"type":"string"}})");
  EXPECT_EQ(Validate(*schema, Value::List(std::vector<Value>(100, Value::Int(1)))).size(), 20U);
}

TEST(Bounds, GivesUpOnASchemaThatMultiplies) {
  std::string text = R"({"$ref":"#/$defs/d0","$defs":{)";
  for (int i = 0; i < 25; ++i) {
    const std::string next = "{\"$ref\":\"#/$defs/d" + std::to_string(i + 1) + "\"}";
    text += "\"d" + std::to_string(i) + "\":{\"allOf\":[" + next + "," + next + "]},";
  }
  text += R"("d25":{"type":"string"}}})";
  const SchemaPtr schema = Compile(text);
  ASSERT_NE(schema, nullptr);
  const auto violations = Validate(*schema, Value::String("x"));
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_NE(violations[0].message.find("steps"), std::string::npos);
}

TEST(Bounds, RefusesASchemaNestedTooDeeply) {
  std::string text = "{}";
  for (int i = 0; i < 30; ++i) text = "{\"items\":" + text + "}";
  EXPECT_NE(CompileSchema(Json(text)).schema, nullptr);
  Value deep = Value::Object({});
  for (int i = 0; i < 100; ++i) deep = Value::Object({{"items", deep}});
  const SchemaOutcome outcome = CompileSchema(deep);
  ASSERT_FALSE(outcome.errors.empty());
  EXPECT_EQ(outcome.errors[0].code, kSchemaTooDeep);
}

struct TypeCase {
  const char* schema;
  const char* type;
};
class TypeOfTest : public testing::TestWithParam<TypeCase> {};

TEST_P(TypeOfTest, TellsWhatTheCheckerCanKnow) {
  const SchemaPtr schema = Compile(GetParam().schema);
  ASSERT_NE(schema, nullptr);
  EXPECT_EQ(TypeOf(*schema).ToString(), GetParam().type);
}

const TypeCase kTypes[] = {
    {R"(true)", "dyn"},
    {R"({"type":"integer"})", "int"},
    {R"({"type":"string","minLength":1})", "string"},
    {R"({"enum":["a","b"]})", "string"},
    {R"({"const":5})", "int"},
    {R"({"type":"array","items":{"type":"string"}})", "list(string)"},
    {R"({"type":"array"})", "list(dyn)"},
    {R"({"type":"object"})", "map(string, dyn)"},
    {R"({"type":"object","additionalProperties":{"type":"integer"}})", "map(string, int)"},
};
INSTANTIATE_TEST_SUITE_P(Types, TypeOfTest, testing::ValuesIn(kTypes));

TEST(TypeOf, KnowsTheFieldsThroughRefAndAllOf) {
  const SchemaPtr schema = Compile(
      R"({"allOf":[{"$ref":"#/$defs/base"}],"type":"object","properties":{"b":{"type":"string"}},"required":["a"],"$defs":{"base":{"properties":{"a":{"type":"integer"}}}}})");
  const Type type = TypeOf(*schema);
  ASSERT_EQ(type.kind(), TypeKind::kObject);
  ASSERT_NE(type.FindField("a"), nullptr);
  EXPECT_EQ(type.FindField("a")->kind(), TypeKind::kInt);
  EXPECT_EQ(type.FindField("b")->kind(), TypeKind::kString);
  EXPECT_TRUE(type.open());
}

TEST(TypeOf, EndsOnRecursiveSchemas) {
  const SchemaPtr schema = Compile(R"({"type":"object","properties":{"child":{"$ref":"#"}}})");
  EXPECT_EQ(TypeOf(*schema).kind(), TypeKind::kObject);
}

}  // namespace
}  // namespace fermata
