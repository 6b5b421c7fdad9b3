#include "engine/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <memory>

#include "engine/base/ascii.h"
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

// How many bytes the character has that `text` begins with, which is none of ASCII; 0 if that is no UTF-8.
std::size_t CharacterBytes(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first >= 0xc2 && first < 0xe0 ? 2 : (first & 0xf0) == 0xe0 ? 3 : first < 0xf5 ? 4 : 0;
  if (first < 0xc2 || length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const bool is_long = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool is_beyond = (first == 0xed && byte(1) >= 0xa0) || (first == 0xf4 && byte(1) >= 0x90);
  return is_long || is_beyond ? 0 : length;
}

// What is no UTF-8 (the name of a file, say) is marked as such: readers of JSON would refuse the line.
void AppendQuoted(std::string_view text, std::string& out) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (text[i] == '"' || text[i] == '\\') {
      out += '\\';
      out += text[i];
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 15];
    } else if (byte < 0x80) {
      out += text[i];
    } else if (const std::size_t bytes = CharacterBytes(text.substr(i)); bytes > 0) {
      out += text.substr(i, bytes);
      i += bytes - 1;
    } else {
      out += kReplacement;
    }
  }
  out += '"';
}

// A line break in a field would forge a line.
bool NeedsQuotes(std::string_view text) {
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
    if (field.text.empty()) continue;
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
    if (field.text.empty()) continue;
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

bool IsLogged(LogLevel level) noexcept { return Logger().should_log(ToSpdlog(level)); }

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) noexcept {
  try {
    if (!IsLogged(level)) return;
    const std::string line =
        g_format.load() == LogFormat::kJson ? JsonLine(level, message, fields) : TextLine(level, message, fields);
    Logger().log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
  } catch (...) {
    // A full disk behind stderr must not take the server down.
  }
}

}  // namespace fermata
