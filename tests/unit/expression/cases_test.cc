// Runs the tables in cases/: a case a line, `expression => value`, or `expression ;; {"variables": 1} => value`.
//
// A value is written as CEL writes it (1, 1u, 1.0, "text", b"hex", [..], {..}, timestamp(..), duration(..), type(..), optional(..), none),
// an error as its code, with @column where the column matters. Lines that begin with # are comments.
#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "engine/expression/expression.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

std::string Describe(const Value& value);

std::string DescribeDouble(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  return WriteJson(Value::Double(number));
}

std::string DescribeBytes(std::string_view bytes) {
  std::string text = "b\"";
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    text += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return text + "\"";
}

std::string Describe(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kUint:
      return std::to_string(value.as_uint()) + "u";
    case ValueKind::kDouble:
      return DescribeDouble(value.as_double());
    case ValueKind::kBytes:
      return DescribeBytes(value.as_bytes());
    case ValueKind::kTimestamp:
      return "timestamp(" + FormatTimestamp(value.as_timestamp()) + ")";
    case ValueKind::kDuration:
      return "duration(" + FormatDuration(value.as_duration()) + ")";
    case ValueKind::kType:
      return "type(" + std::string(value.as_type()) + ")";
    case ValueKind::kOptional:
      return value.optional_has_value() ? "optional(" + Describe(value.optional_value()) + ")" : "none";
    case ValueKind::kList: {
      std::string text;
      for (const Value& item : value.as_list()) text += (text.empty() ? "" : ", ") + Describe(item);
      return "[" + text + "]";
    }
    case ValueKind::kMap: {
      std::string text;
      for (const auto& [key, item] : value.as_map())
        text += (text.empty() ? "" : ", ") + Describe(key) + ": " + Describe(item);
      return "{" + text + "}";
    }
    default:
      return WriteJson(value);
  }
}

std::string DescribeError(const ExpressionError& error, bool with_column) {
  return FormatErrorCode(error.code) + (with_column ? "@" + std::to_string(error.column) : "");
}

struct Case {
  std::string place;
  std::string source;
  std::string vars;
  std::string expected;
};

std::string RunCase(const Case& c) {
  const bool with_column = c.expected.starts_with("FM-") && c.expected.find('@') != std::string::npos;
  const ParseOutcome parsed = ParseExpression(c.source);
  if (parsed.expression == nullptr) return DescribeError(parsed.errors.front(), with_column);
  const Result<Value> vars = ParseJson(c.vars);
  if (!vars.ok()) return "the variables are not JSON";
  NamesScope scope;
  for (const auto& [name, value] : vars->as_map()) scope.Bind(name.as_string(), value);
  const EvaluationResult result = Evaluate(*parsed.expression, scope);
  return result.ok() ? Describe(result.value()) : DescribeError(result.error(), with_column);
}

std::vector<Case> ReadCases(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<Case> cases;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t arrow = line.rfind(" => ");
    const std::string place = file.filename().string() + ":" + std::to_string(number);
    if (arrow == std::string::npos) {
      ADD_FAILURE() << place << " has no ' => '";
      continue;
    }
    std::string source = line.substr(0, arrow);
    std::string vars = "{}";
    if (const std::size_t mark = source.find(" ;; "); mark != std::string::npos) {
      vars = source.substr(mark + 4);
      source.resize(mark);
    }
    cases.push_back({place, source, vars, line.substr(arrow + 4)});
  }
  return cases;
}

std::vector<std::filesystem::path> CaseFiles() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(FERMATA_SOURCE_DIR "/tests/unit/expression/cases"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class CaseFile : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(CaseFile, GivesWhatTheTableSays) {
  const std::vector<Case> cases = ReadCases(GetParam());
  EXPECT_FALSE(cases.empty());
  for (const Case& c : cases) EXPECT_EQ(RunCase(c), c.expected) << c.place << ": " << c.source;
}

INSTANTIATE_TEST_SUITE_P(Cel, CaseFile, testing::ValuesIn(CaseFiles()),
                         [](const auto& info) { return info.param.stem().string(); });

TEST(CaseFiles, HoldMoreThanAThousandCases) {
  std::size_t count = 0;
  for (const auto& file : CaseFiles()) count += ReadCases(file).size();
  EXPECT_GT(count, 1'000u);
}

}  // namespace
}  // namespace fermata
