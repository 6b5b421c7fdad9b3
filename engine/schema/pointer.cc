#include "engine/schema/pointer.h"

#include <charconv>

namespace fermata {
namespace {

std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

const Value* Step(const Value& value, const std::string& token) {
  if (value.is_map()) return value.Find(token);
  if (!value.is_list()) return nullptr;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool leading_zero = token.size() > 1 && token[0] == '0';
  if (error != std::errc() || end != token.data() + token.size() || leading_zero) return nullptr;
  return index < value.as_list().size() ? &value.as_list()[index] : nullptr;
}

}  // namespace

std::string PointerTo(std::string_view parent, std::string_view token) {
  std::string pointer(parent);
  pointer += '/';
  for (char c : token) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

std::string PointerTo(std::string_view parent, std::size_t index) {
  return std::string(parent) + "/" + std::to_string(index);
}

std::optional<std::vector<std::string>> SplitPointer(std::string_view pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) return tokens;
  if (pointer[0] != '/') return std::nullopt;
  for (std::string_view part : SplitPath(pointer.substr(1))) {
    std::string token;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part[i] != '~') {
        token += part[i];
      } else if (i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1')) {
        token += part[++i] == '0' ? '~' : '/';
      } else {
        return std::nullopt;
      }
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

const Value* FindPointer(const Value& document, std::string_view pointer) {
  const auto tokens = SplitPointer(pointer);
  if (!tokens) return nullptr;
  const Value* value = &document;
  for (const std::string& token : *tokens) {
    value = Step(*value, token);
    if (!value) return nullptr;
  }
  return value;
}

std::optional<std::string> ResolveFile(std::string_view base, std::string_view reference) {
  if (reference.empty() || reference[0] == '/' || reference.find(':') != std::string_view::npos ||
      reference.find('\\') != std::string_view::npos)
    return std::nullopt;
  std::vector<std::string_view> parts;
  if (const std::size_t slash = base.rfind('/'); slash != std::string_view::npos)
    parts = SplitPath(base.substr(0, slash));
  for (std::string_view part : SplitPath(reference)) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      return std::nullopt;
    } else {
      parts.pop_back();
    }
  }
  std::string path;
  for (std::string_view part : parts) {
    if (!path.empty()) path += '/';
    path += part;
  }
  if (path.empty()) return std::nullopt;
  return path;
}

}  // namespace fermata
