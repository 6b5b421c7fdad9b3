#include "api/cli/test_report.h"

#include <algorithm>
#include <ostream>

#include "engine/language/source_text.h"

namespace fermata {
namespace {

struct Ink {
  std::string_view bold, red, green, yellow, dim, reset;
};

Ink InkOf(Colour colour) {
  if (colour == Colour::kNever) return {};
  return {"\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[2m", "\x1b[0m"};
}

std::string In(std::string_view ink, std::string_view text, const Ink& inks) {
  return std::string(ink) + std::string(text) + std::string(inks.reset);
}

std::string Padded(std::string text, std::size_t width) {
  const auto length = static_cast<std::size_t>(CountCharacters(text));
  return text + std::string(length < width ? width - length : 0, ' ');
}

std::string FailureText(const CaseFailure& failure, const Ink& ink) {
  std::string text;
  if (!failure.excerpt.empty()) {
    const std::string number = std::to_string(failure.at.line);
    const std::string margin(std::max<std::size_t>(number.size(), 5), ' ');
    text += margin.substr(number.size()) + In(ink.dim, number + " |", ink) + " " + failure.excerpt + "\n";
    text += margin + In(ink.dim, " |", ink) + " " + std::string(static_cast<std::size_t>(failure.at.column - 1), ' ') +
            In(ink.red, "^" + std::string(static_cast<std::size_t>(failure.length - 1), '~'), ink) + "\n";
  }
  text += "  " + failure.message + "\n";
  for (const DiffLine& line : failure.diff) {
    if (line.kind == DiffLine::Kind::kSame) text += "        " + line.text + "\n";
    if (line.kind == DiffLine::Kind::kExpected) text += "      " + In(ink.red, "- " + line.text, ink) + "\n";
    if (line.kind == DiffLine::Kind::kActual) text += "      " + In(ink.green, "+ " + line.text, ink) + "\n";
  }
  if (!failure.diff.empty()) text += In(ink.dim, "      (- expected, + what there is)", ink) + "\n";
  return text;
}

std::string HistoryText(const std::vector<HistoryLine>& history, const Ink& ink) {
  std::size_t width = 0, process_width = 0;
  for (const HistoryLine& line : history) {
    width = std::max(width, ElapsedText(line.after_us).size());
    process_width = std::max(process_width, line.process.size());
  }
  std::string text;
  int last_line = -1;
  for (const HistoryLine& line : history) {
    // A step's line is named at the first thing that it brought about.
    const bool is_new = line.step_line != last_line;
    last_line = line.step_line;
    const std::string step = line.step_line == 0 ? "start" : "line " + std::to_string(line.step_line);
    text += "    " +
            In(ink.dim, Padded(ElapsedText(line.after_us), width) + "  " + Padded(is_new ? step : "", 9), ink) + "  ";
    if (process_width > 0) text += In(ink.dim, Padded(line.process, process_width), ink) + "  ";
    text += line.text + "\n";
  }
  return text;
}

std::string EscapeXml(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
      out += ' ';
    else
      out += c;
  }
  return out;
}

Value Texts(const std::vector<std::string>& texts) {
  std::vector<Value> list;
  for (const std::string& text : texts) list.push_back(Value::String(text));
  return Value::List(std::move(list));
}

Value ToValue(const CaseFailure& failure) {
  std::vector<Value> diff;
  for (const DiffLine& line : failure.diff) {
    const char* kind = line.kind == DiffLine::Kind::kSame       ? "same"
                       : line.kind == DiffLine::Kind::kExpected ? "expected"
                                                                : "actual";
    diff.push_back(Value::Object({{"kind", Value::String(kind)}, {"text", Value::String(line.text)}}));
  }
  return Value::Object({{"line", Value::Int(failure.at.line)},
                        {"column", Value::Int(failure.at.column)},
                        {"message", Value::String(failure.message)},
                        {"diff", Value::List(std::move(diff))}});
}

Value ToValue(const CaseResult& result) {
  const Value name = Value::String(result.name), line = Value::Int(result.line);
  if (result.passed()) return Value::Object({{"name", name}, {"line", line}, {"passed", Value::Bool(true)}});
  std::vector<Value> failures, history;
  for (const CaseFailure& failure : result.failures) failures.push_back(ToValue(failure));
  for (const HistoryLine& one : result.history)
    history.push_back(Value::Object({{"after", Value::String(ElapsedText(one.after_us))},
                                     {"line", Value::Int(one.step_line)},
                                     {"process", Value::String(one.process)},
                                     {"text", Value::String(one.text)}}));
  return Value::Object({{"name", name},
                        {"line", line},
                        {"passed", Value::Bool(false)},
                        {"variant", Value::String(result.variant)},
                        {"failures", Value::List(std::move(failures))},
                        {"standing", Texts(result.standing)},
                        {"history", Value::List(std::move(history))}});
}

Value ToValue(const ProcessCoverage& one) {
  const auto of = [](int visited, int total) {
    return Value::Object({{"visited", Value::Int(visited)}, {"total", Value::Int(total)}});
  };
  const Coverage& coverage = one.coverage;
  return Value::Object({{"process", Value::String(one.process)},
                        {"version", Value::String(one.version)},
                        {"percent", Value::Double(coverage.percent())},
                        {"visited", Value::Int(coverage.visited())},
                        {"total", Value::Int(coverage.total())},
                        {"states", of(coverage.states_visited, coverage.states)},
                        {"transitions", of(coverage.transitions_visited, coverage.transitions)},
                        {"errors", of(coverage.errors_visited, coverage.errors)},
                        {"undos", of(coverage.undos_visited, coverage.undos)},
                        {"missing", Texts(coverage.missing)}});
}

std::string Percent(double percent) { return std::to_string(static_cast<int>(percent)) + " %"; }

}  // namespace

double TestReport::percent() const {
  int visited = 0, total = 0;
  for (const ProcessCoverage& one : coverage) {
    visited += one.coverage.visited();
    total += one.coverage.total();
  }
  return total == 0 ? 100.0 : 100.0 * visited / total;
}

bool TestReport::covered() const {
  return !coverage_min || std::all_of(coverage.begin(), coverage.end(), [&](const ProcessCoverage& one) {
    return one.coverage.percent() >= *coverage_min;
  });
}

std::string CaseText(const std::string& file, const CaseResult& result, Colour colour) {
  const Ink ink = InkOf(colour);
  std::string text = In(ink.red, "FAILED", ink) + " " + In(ink.bold, result.name, ink);
  if (!result.variant.empty()) text += " (" + result.variant + ")";
  text += "\n";
  for (const CaseFailure& failure : result.failures) {
    text += "  " + file + ":" + std::to_string(failure.at.line) + ":" + std::to_string(failure.at.column) + "\n";
    text += FailureText(failure, ink);
  }
  if (!result.standing.empty()) text += "\n  " + In(ink.bold, "Where it stands", ink) + "\n";
  for (const std::string& line : result.standing) text += "    " + line + "\n";
  if (!result.history.empty()) text += "\n  " + In(ink.bold, "What happened", ink) + "\n";
  return text + HistoryText(result.history, ink) + "\n";
}

std::string SummaryText(const TestReport& report, Colour colour) {
  const Ink ink = InkOf(colour);
  std::string text;
  for (const ProcessCoverage& one : report.coverage) {
    const bool low = report.coverage_min && one.coverage.percent() < *report.coverage_min;
    text += one.process + ": " +
            In(low                            ? ink.red
               : one.coverage.missing.empty() ? ink.green
                                              : ink.yellow,
               Percent(one.coverage.percent()), ink) +
            " of its states, transitions, errors and undos are visited";
    if (low) text += ", but at least " + Percent(*report.coverage_min) + " are asked for";
    text += one.coverage.missing.empty() ? "\n" : "; no case visits\n";
    for (const std::string& missing : one.coverage.missing) text += "  " + missing + "\n";
  }
  const auto count = [&](int number, std::string_view what, std::string_view hue) {
    const std::string counted = std::to_string(number) + " " + std::string(what);
    return number == 0 ? counted : In(hue, counted, ink);
  };
  text += count(report.passed, "passed", ink.green) + ", " + count(report.failed, "failed", ink.red);
  if (report.broken_files > 0) text += ", " + count(report.broken_files, "with mistakes", ink.red);
  return text + "\n";
}

Value ToValue(const TestReport& report) {
  std::vector<Value> files, coverage;
  for (const FileResult& file : report.files) {
    std::vector<Value> cases;
    for (const CaseResult& one : file.cases) cases.push_back(ToValue(one));
    files.push_back(Value::Object({{"file", Value::String(file.file)},
                                   {"process", Value::String(file.process)},
                                   {"cases", Value::List(std::move(cases))}}));
  }
  for (const ProcessCoverage& one : report.coverage) coverage.push_back(ToValue(one));
  return Value::Object({{"passed", Value::Int(report.passed)},
                        {"failed", Value::Int(report.failed)},
                        {"brokenFiles", Value::Int(report.broken_files)},
                        {"files", Value::List(std::move(files))},
                        {"diagnostics", ToValue(report.diagnostics)},
                        {"coverage", Value::List(std::move(coverage))},
                        {"coveragePercent", Value::Double(report.percent())},
                        {"covered", Value::Bool(report.covered())}});
}

void WriteJunit(const TestReport& report, std::ostream& out) {
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"" << report.passed + report.failed
      << "\" failures=\"" << report.failed << "\" errors=\"" << report.broken_files << "\">\n";
  for (const FileResult& file : report.files) {
    const auto failures =
        std::count_if(file.cases.begin(), file.cases.end(), [](const CaseResult& one) { return !one.passed(); });
    const std::string process = EscapeXml(file.process), name = EscapeXml(file.file);
    const bool broken = HasErrors(file.diagnostics);
    out << "  <testsuite name=\"" << process << "\" file=\"" << name << "\" tests=\"" << file.cases.size()
        << "\" failures=\"" << failures << "\" errors=\"" << (broken ? 1 : 0) << "\">\n";
    if (broken)
      out << "    <testcase classname=\"" << process << "\" name=\"" << name << "\">\n      <error message=\""
          << EscapeXml(file.diagnostics.front().message) << "\">" << EscapeXml(FormatDiagnostics(file.diagnostics))
          << "</error>\n    </testcase>\n";
    for (const CaseResult& one : file.cases) {
      out << "    <testcase classname=\"" << process << "\" name=\"" << EscapeXml(one.name) << "\" file=\"" << name
          << "\" line=\"" << one.line << "\"";
      if (one.passed()) {
        out << "/>\n";
        continue;
      }
      out << ">\n      <failure message=\"" << EscapeXml(one.failures.front().message) << "\">"
          << EscapeXml(CaseText(file.file, one, Colour::kNever)) << "</failure>\n    </testcase>\n";
    }
    out << "  </testsuite>\n";
  }
  out << "</testsuites>\n";
}

}  // namespace fermata
