// docs/errors and openapi.yaml, built into the binary: an error's `type` leads to its page on any machine.
//
// Immutable; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error_code.h"

namespace fermata {

struct ErrorPage {
  std::string_view code;      // "FM-4001"
  std::string_view markdown;  // "# FM-4001: title", "## What happened", "## What to do"
};

// In the order of their codes.
const std::vector<ErrorPage>& ErrorPages();
// nullptr if there is none. `code` as in a problem document: "FM-4001".
const ErrorPage* FindErrorPage(std::string_view code);
// "no process has this name"; "an error" for a code without a page.
std::string_view ErrorTitle(ErrorCode code);

// A small page for a browser. Knows as much Markdown as the pages use: headings, paragraphs, lists, fenced code, `code`.
std::string ErrorPageHtml(const ErrorPage& page);

std::string_view OpenApiText();

}  // namespace fermata
