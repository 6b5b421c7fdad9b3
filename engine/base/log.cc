#include "engine/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <memory>

#include "engine/base/time.h"

namespace fermata {
namespace {

std::atomic<LogFormat> g_format{LogFormat::kText};

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

std::string_view Word(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
    case LogLevel::kOff:
      break;
  }
  return "off";
}

// Made once and never destroyed: threads may log until the process is gone.
spdlog::logger& Logger() {
  static spdlog::logger* logger = [] {
    auto* made = new spdlog::logger("fermata", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::warn);
    made->flush_on(spdlog::level::debug);
    made->set_error_handler([](const std::string&) {});
    return made;
  }();
  return *logger;
}

std::string Now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  // Whole milliseconds are enough to put lines side by side.
  return FormatTimestamp(FromMicros(std::chrono::duration_cast<std::chrono::milliseconds>(now).count() * 1'000));
}

void AppendQuoted(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

// A line break in a field would forge a line.
bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\') return true;
  return false;
}

std::string TextLine(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = Now();
  line += ' ';
  line += Word(level);
  line += ' ';
  for (const char c : message) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    if (NeedsQuotes(field.text)) {
      AppendQuoted(field.text, line);
    } else {
      line += field.text;
    }
  }
  return line;
}

std::string JsonLine(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = "{\"time\":\"" + Now() + "\",\"level\":\"";
  line += Word(level);
  line += "\",\"message\":";
  AppendQuoted(message, line);
  for (const LogField& field : fields) {
    line += ',';
    AppendQuoted(field.name, line);
    line += ':';
    if (field.is_number) {
      line += field.text;
    } else {
      AppendQuoted(field.text, line);
    }
  }
  line += '}';
  return line;
}

}  // namespace

void SetUpLog(const LogOptions& options) {
  g_format = options.format;
  Logger().set_level(ToSpdlog(options.level));
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) noexcept {
  try {
    spdlog::logger& logger = Logger();
    const auto spdlog_level = ToSpdlog(level);
    if (!logger.should_log(spdlog_level)) return;
    const std::string line =
        g_format.load() == LogFormat::kJson ? JsonLine(level, message, fields) : TextLine(level, message, fields);
    logger.log(spdlog_level, spdlog::string_view_t(line.data(), line.size()));
  } catch (...) {
    // A full disk behind stderr must not take the server down.
  }
}

}  // namespace fermata
