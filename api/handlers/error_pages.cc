#include "api/handlers/error_pages.h"

#include <algorithm>

#include "api/handlers/html.h"
#include "engine/base/html.h"

namespace fermata {
namespace {

std::string_view HeadingTag(std::string_view line) {
  if (line.starts_with("# ")) return "h1";
  if (line.starts_with("## ")) return "h2";
  return "";
}

// One block: lines up to an empty one, outside of fences.
class HtmlWriter {
 public:
  void Line(std::string_view line) {
    if (line.starts_with("```")) return Fence();
    if (in_code_) {
      out_ += EscapeHtml(line) + "\n";
      return;
    }
    if (line.empty()) return Close();
    if (const std::string_view tag = HeadingTag(line); !tag.empty()) {
      Close();
      out_ +=
          "<" + std::string(tag) + ">" + InlineHtml(line.substr(tag == "h1" ? 2 : 3)) + "</" + std::string(tag) + ">\n";
      return;
    }
    if (line.starts_with("- ")) {
      Open("ul");
      out_ += "<li>" + InlineHtml(line.substr(2)) + "</li>\n";
      return;
    }
    if (open_ != "ul") Open("p");
    out_ += InlineHtml(line) + "\n";
  }

  std::string Finish() {
    Close();
    if (in_code_) out_ += "</pre>\n";
    return std::move(out_);
  }

 private:
  void Fence() {
    Close();
    out_ += in_code_ ? "</pre>\n" : "<pre>";
    in_code_ = !in_code_;
  }
  void Open(const std::string& tag) {
    if (open_ == tag) return;
    Close();
    open_ = tag;
    out_ += "<" + tag + ">";
  }
  void Close() {
    if (!open_.empty()) out_ += "</" + open_ + ">\n";
    open_.clear();
  }

  std::string out_, open_;
  bool in_code_ = false;
};

constexpr std::string_view kPageHead =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}"
    "pre{background:#8881;padding:.8rem;overflow:auto}code{background:#8881;padding:0 .2em}</style>\n";

}  // namespace

const ErrorPage* FindErrorPage(std::string_view code) {
  for (const ErrorPage& page : ErrorPages())
    if (page.code == code) return &page;
  return nullptr;
}

std::string_view ErrorTitle(ErrorCode code) {
  const ErrorPage* page = FindErrorPage(FormatErrorCode(code));
  if (!page) return "an error";
  std::string_view line = page->markdown.substr(0, page->markdown.find('\n'));
  const std::size_t colon = line.find(": ");
  return colon == std::string_view::npos ? line : line.substr(colon + 2);
}

std::string ErrorPageHtml(const ErrorPage& page) {
  HtmlWriter writer;
  std::string_view rest = page.markdown;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    writer.Line(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return std::string(kPageHead) + "<title>" + std::string(page.code) + "</title>\n" + writer.Finish() + "</html>\n";
}

}  // namespace fermata
