// The protocol's words as JSON: positions, ranges, diagnostics.
#pragma once

#include "api/lsp/text_document.h"
#include "engine/language/diagnostic.h"
#include "engine/model/value.h"

namespace fermata {

Value ToValue(Position position);
Value RangeOf(Position from, Position to);
// `document` is the text that the diagnostic is about.
Value ToProtocol(const Diagnostic& diagnostic, const std::string& uri, const TextDocument& document, PositionUnit unit);

// A member of a message by its path ("textDocument.uri"); null if it is not there.
const Value* Member(const Value& value, std::string_view path);
std::string TextMember(const Value& value, std::string_view path);
Position PositionMember(const Value& value, std::string_view path);

}  // namespace fermata
