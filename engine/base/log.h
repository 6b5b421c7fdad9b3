// What the server tells its operator: one line an event, as text or as JSON, on stderr.
//
// Thread-safe. A line names what happened and its facts as fields; it never holds inputs, variables, event data, headers or secrets.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace fermata {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };
enum class LogFormat { kText, kJson };

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
};

// Before the first line of interest, from one thread. Without it lines of kWarning and above are written as text.
void SetUpLog(const LogOptions& options);

// A field without a text is left out of the line.
struct LogField {
  LogField(std::string_view field_name, std::string_view value) : name(field_name), text(value) {}
  LogField(std::string_view field_name, const std::string& value) : name(field_name), text(value) {}
  LogField(std::string_view field_name, const char* value) : name(field_name), text(value) {}
  template <class T>
  requires std::is_integral_v<T> LogField(std::string_view field_name, T value)
      : name(field_name), text(std::to_string(value)), is_number(true) {}

  std::string_view name;
  std::string text;
  bool is_number = false;
};

// Whether a line of this level is written: for lines that are dear to make.
bool IsLogged(LogLevel level) noexcept;

// Never fails and never throws: a line that cannot be written is lost.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {}) noexcept;

inline void LogDebug(std::string_view message, std::initializer_list<LogField> fields = {}) noexcept {
  Log(LogLevel::kDebug, message, fields);
}
inline void LogInfo(std::string_view message, std::initializer_list<LogField> fields = {}) noexcept {
  Log(LogLevel::kInfo, message, fields);
}
inline void LogWarning(std::string_view message, std::initializer_list<LogField> fields = {}) noexcept {
  Log(LogLevel::kWarning, message, fields);
}
inline void LogError(std::string_view message, std::initializer_list<LogField> fields = {}) noexcept {
  Log(LogLevel::kError, message, fields);
}

}  // namespace fermata
