// The texts of mails: Mustache files `<folder>/<language>/<name>.{subject,text,html}.mustache`.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/model/value.h"

namespace fermata {

struct MailText {
  std::string subject;  // one line
  std::string text, html;
};

// Read anew at each call, so that a changed text holds at once. Thread-safe.
class MailTemplates {
 public:
  explicit MailTemplates(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // `data` is a map; its values are escaped in the HTML part and as they are in the others. A language that has no such
  // template falls back to English. Fails with 7020 or 7021.
  Result<MailText> Render(std::string_view name, std::string_view language, const Value& data) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace fermata
