// Just enough of an XML reader to look into our own SVG, and strict: anything out of order is an error.
#pragma once

#include <cctype>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fermata {

struct SvgElement {
  std::string name, text;  // text: what stands directly in it, decoded
  std::map<std::string, std::string> attributes;
  std::vector<SvgElement> children;

  std::string Get(const std::string& attribute) const {
    const auto found = attributes.find(attribute);
    return found == attributes.end() ? "" : found->second;
  }
  bool HasClass(const std::string& css_class) const {
    return (" " + Get("class") + " ").find(" " + css_class + " ") != std::string::npos;
  }
  const SvgElement* FindId(const std::string& id) const {
    if (Get("id") == id) return this;
    for (const SvgElement& child : children)
      if (const SvgElement* found = child.FindId(id)) return found;
    return nullptr;
  }
  template <class Visit>
  void ForEach(Visit visit) const {
    visit(*this);
    for (const SvgElement& child : children) child.ForEach(visit);
  }
};

class SvgReader {
 public:
  explicit SvgReader(std::string_view text) : text_(text) {}

  // The root, or an empty element with the reason in `error`.
  SvgElement Read(std::string& error) {
    SvgElement root;
    if (!ReadElement(root)) {
      error = error_ + " at byte " + std::to_string(at_);
      return {};
    }
    SkipSpace();
    if (at_ != text_.size()) error = "something after the root";
    return root;
  }

 private:
  bool Fail(const std::string& reason) {
    error_ = reason;
    return false;
  }

  void SkipSpace() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  bool Take(std::string_view token) {
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }

  std::string ReadName() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '-')) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  // Up to the character `end`, which is not taken.
  bool ReadText(char end, std::string& out) {
    while (at_ < text_.size() && text_[at_] != end) {
      if (text_[at_] == '<') return Fail("a bare <");
      if (text_[at_] != '&') {
        out += text_[at_++];
        continue;
      }
      static const std::map<std::string, char> kEntities = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}};
      const std::size_t semicolon = text_.find(';', at_);
      const auto entity = kEntities.find(std::string(text_.substr(at_ + 1, semicolon - at_ - 1)));
      if (entity == kEntities.end()) return Fail("an unknown entity");
      out += entity->second;
      at_ = semicolon + 1;
    }
    return at_ < text_.size() || Fail("the end");
  }

  bool ReadElement(SvgElement& element) {
    if (!Take("<")) return Fail("no <");
    element.name = ReadName();
    if (element.name.empty()) return Fail("no name");
    for (SkipSpace(); !Take(">"); SkipSpace()) {
      if (Take("/>")) return true;
      const std::string name = ReadName();
      std::string value;
      if (name.empty() || !Take("=\"") || !ReadText('"', value) || !Take("\"")) return Fail("a bad attribute");
      if (!element.attributes.emplace(name, value).second) return Fail("an attribute twice: " + name);
    }
    while (true) {
      if (!ReadText('<', element.text)) return false;
      if (Take("</")) return (Take(element.name) && Take(">")) || Fail("</" + element.name + "> is missing");
      element.children.emplace_back();
      if (!ReadElement(element.children.back())) return false;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string error_;
};

}  // namespace fermata
