#include "connectors/mail/templates.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <mstch/mstch.hpp>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "connectors/mail/codes.h"
#include "engine/base/html.h"
#include "engine/expression/expression.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr std::string_view kFallbackLanguage = "en";

enum class Escaping { kNone, kHtml };

// mstch has one escape function for the process, so it is installed once and asks the rendering thread what it wants.
thread_local Escaping g_escaping = Escaping::kNone;

std::string Escape(const std::string& text) { return g_escaping == Escaping::kNone ? text : EscapeHtml(text); }

void InstallEscape() {
  static std::once_flag once;
  std::call_once(once, [] { mstch::config::escape = Escape; });
}

// Numbers become text, for mstch's int has 32 bits. Never deeper than kValueDepthMax.
mstch::node ToNode(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kNull:
      return nullptr;
    case ValueKind::kBool:
      return value.as_bool();
    case ValueKind::kString:
      return std::string(value.as_string());
    case ValueKind::kList: {
      mstch::array items;
      for (const Value& item : value.as_list()) items.push_back(ToNode(item));
      return items;
    }
    case ValueKind::kMap: {
      mstch::map entries;
      for (const auto& [key, item] : value.as_map()) entries.emplace(std::string(key.as_string()), ToNode(item));
      return entries;
    }
    default:
      return TextOf(value).value_or("");
  }
}

bool IsPlainName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::optional<std::string> ReadText(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  if (std::filesystem::file_size(path, error) > kMailTemplateBytesMax) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// mstch says nothing of a section that is not closed: it leaves out the rest. Empty if all is well, otherwise what is not.
std::string FindBreak(std::string_view source) {
  std::vector<std::string_view> sections;
  for (std::size_t at = source.find("{{"); at != std::string_view::npos; at = source.find("{{", at)) {
    const std::string_view close = source.substr(at).starts_with("{{{") ? "}}}" : "}}";
    const std::size_t end = source.find(close, at + close.size());
    if (end == std::string_view::npos) return "a tag is not closed";
    const std::string_view tag = Trim(source.substr(at + close.size(), end - at - close.size()));
    at = end + close.size();
    if (tag.empty()) return "a tag is empty";
    const std::string_view name = Trim(tag.substr(1));
    if (tag[0] == '#' || tag[0] == '^') sections.push_back(name);
    if (tag[0] == '=') return "its delimiters are changed";
    if (tag[0] != '/') continue;
    if (sections.empty() || sections.back() != name)
      return "the section '" + std::string(name) + "' ends where it is not open";
    sections.pop_back();
  }
  return sections.empty() ? "" : "the section '" + std::string(sections.back()) + "' is not closed";
}

Result<std::string> RenderPart(const std::string& file, const std::string& source, const mstch::node& data,
                               Escaping escaping) {
  InstallEscape();
  g_escaping = escaping;
  std::string broken = FindBreak(source);
  try {
    if (broken.empty()) return mstch::render(source, data);
  } catch (const std::exception&) {
    broken = "it cannot be rendered";
  }
  return Error{.code = kMailTemplateBroken,
               .message = "Expected a Mustache template in " + file + ", but " + broken + "."};
}

}  // namespace

Result<MailText> MailTemplates::Render(std::string_view name, std::string_view language, const Value& data) const {
  if (!IsPlainName(name) || !IsPlainName(language))
    return Error{
        .code = kMailTemplateUnknown,
        .message =
            "Expected names of small letters, digits and '-' for a template and its language, but they are others."};
  std::filesystem::path folder = folder_ / language;
  if (!std::filesystem::exists(folder / (std::string(name) + ".text.mustache"))) folder = folder_ / kFallbackLanguage;

  MailText mail;
  const mstch::node node = data.is_map() ? ToNode(data) : mstch::node(mstch::map{});
  const std::pair<const char*, std::string*> parts[] = {
      {"subject", &mail.subject}, {"text", &mail.text}, {"html", &mail.html}};
  for (const auto& [part, target] : parts) {
    const std::string file = std::string(name) + "." + part + ".mustache";
    std::optional<std::string> source = ReadText(folder / file);
    if (!source)
      return Error{.code = kMailTemplateUnknown,
                   .message = "Expected the template file " + file + " in the language '" + std::string(language) +
                              "' or 'en', but there is none that can be read."};
    Result<std::string> rendered =
        RenderPart(file, *source, node, target == &mail.html ? Escaping::kHtml : Escaping::kNone);
    if (!rendered.ok()) return std::move(rendered).error();
    *target = *std::move(rendered);
  }
  // The line end of the file, not of the data: one that is left is refused as a header.
  if (mail.subject.ends_with('\n')) mail.subject.pop_back();
  return mail;
}

}  // namespace fermata
