// Error codes of the reader and the process language; each has a page in docs/errors.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

// ---- YAML ----
inline constexpr ErrorCode kYamlSyntax{1100};
inline constexpr ErrorCode kYamlEncoding{1101};  // not UTF-8, a byte order mark, NUL, control characters
inline constexpr ErrorCode kYamlDuplicateKey{1102};
inline constexpr ErrorCode kYamlTooLarge{1103};  // bytes, nodes or depth
inline constexpr ErrorCode kYamlSeveralDocuments{1104};
inline constexpr ErrorCode kYamlEmpty{1105};
inline constexpr ErrorCode kYamlUnclosedQuote{1106};
inline constexpr ErrorCode kYamlUnclosedBracket{1107};
inline constexpr ErrorCode kYamlBadKey{1108};  // a key that is no scalar, or is empty
inline constexpr ErrorCode kYamlTab{1109};
inline constexpr ErrorCode kYamlTag{1110};
inline constexpr ErrorCode kYamlMergeKey{1111};
inline constexpr ErrorCode kYamlAlias{1112};  // of nothing, or of itself
inline constexpr ErrorCode kYamlNumberRange{1113};
inline constexpr ErrorCode kYamlEscape{1114};  // an unknown escape in a double-quoted text
inline constexpr ErrorCode kYamlDirective{1115};
inline constexpr ErrorCode kYamlNotFormatted{1120};

// ---- documents ----
inline constexpr ErrorCode kUnknownKey{2001};
inline constexpr ErrorCode kMissingKey{2002};
inline constexpr ErrorCode kWrongKind{2003};  // a list where a map is expected, and the like
inline constexpr ErrorCode kBadName{2004};
inline constexpr ErrorCode kBadVersion{2005};
inline constexpr ErrorCode kUnsupportedLanguageVersion{2006};
inline constexpr ErrorCode kBadSpan{2007};
inline constexpr ErrorCode kSeveralVerbs{2008};
inline constexpr ErrorCode kBadChoice{2009};            // not one of the words, or not in the range
inline constexpr ErrorCode kTemplateInCondition{2010};  // if: ${…}
inline constexpr ErrorCode kKeyNotAllowedHere{2011};
inline constexpr ErrorCode kReservedName{2012};
inline constexpr ErrorCode kSchemaFileMalformed{2014};
inline constexpr ErrorCode kTooManyStates{2015};
inline constexpr ErrorCode kMissingGo{2016};
inline constexpr ErrorCode kEmptyState{2017};
inline constexpr ErrorCode kNotFinite{2018};  // .inf and .nan as values
inline constexpr ErrorCode kBadCron{2020};
inline constexpr ErrorCode kBadTimeZone{2021};

// ---- names that refer to something ----
inline constexpr ErrorCode kUnknownStart{2103};
inline constexpr ErrorCode kUnknownState{2104};
inline constexpr ErrorCode kDuplicateState{2105};
inline constexpr ErrorCode kUnreachableTarget{2106};  // a state that exists, where no transition may go
inline constexpr ErrorCode kUnknownConnector{2107};
inline constexpr ErrorCode kUnknownOperation{2108};
inline constexpr ErrorCode kUnknownEvent{2109};
inline constexpr ErrorCode kUnknownVariable{2110};
inline constexpr ErrorCode kSearchableSecret{2111};  // a variable under both `searchable` and `encrypted`

// ---- what the checker finds ----
inline constexpr ErrorCode kVariableNotSet{2201};
inline constexpr ErrorCode kInputMisfit{2202};  // `with` against the operation's input
inline constexpr ErrorCode kInputMissing{2203};
inline constexpr ErrorCode kConditionNotBoolean{2204};
inline constexpr ErrorCode kRegionsShareVariable{2205};
inline constexpr ErrorCode kUnreachableState{2206};
inline constexpr ErrorCode kStateNeverLeft{2207};
inline constexpr ErrorCode kShadowedName{2208};
inline constexpr ErrorCode kExpressionMisfit{2209};  // an expression of a type that its place cannot take

// ---- warnings and informations ----
inline constexpr ErrorCode kUnhandledError{2301};
inline constexpr ErrorCode kWaitWithoutAfter{2302};
inline constexpr ErrorCode kLoopWithoutWait{2303};
inline constexpr ErrorCode kErrorNeverRaised{2304};
inline constexpr ErrorCode kUnknownProcess{2305};
inline constexpr ErrorCode kOuterVariableInItem{2306};
inline constexpr ErrorCode kNeverTaken{2307};  // behind an alternative without a condition
inline constexpr ErrorCode kMisspeltField{2308};
inline constexpr ErrorCode kForgottenBraces{2309};  // key: input.x
inline constexpr ErrorCode kEffectWithoutUndo{2401};

}  // namespace fermata
