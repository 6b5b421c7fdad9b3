// Text of an expression -> tokens. Literals are decoded here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/expression/expression.h"

namespace fermata {

enum class TokenKind : std::uint8_t {
  kEnd,
  kName,
  kQuotedName,       // `quoted-name`, after a point only
  kConstant,         // a literal, decoded into `value`
  kIntegerTooLarge,  // 9223372036854775808: legal behind a minus only
  kSymbol,           // an operator or a bracket; `text` says which
};

// A stretch of the source in bytes.
struct Span {
  std::uint32_t at = 0;
  std::uint32_t length = 0;
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Span span;
  std::string_view text;  // of the source, which must outlive the token
  Value value;
};

// Ends with a kEnd token. Lexical errors are added to `errors`, all of them; the token in question is then left out.
std::vector<Token> Tokenize(std::string_view source, std::vector<ExpressionError>& errors);

// An error at `span`, with line, column and length in characters.
ExpressionError MakeError(std::string_view source, Span span, ErrorCode code, std::string message,
                          std::string hint = "");

// false, in, null, true: neither name nor field.
bool IsKeyword(std::string_view word);
// Words that CEL keeps for itself, beyond the keywords; fields may have them as names.
bool IsReservedWord(std::string_view word);

}  // namespace fermata
