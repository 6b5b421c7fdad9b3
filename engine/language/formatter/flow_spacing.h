// Where spaces stand between the tokens of a flow collection. Pure and thread-safe.
#pragma once

namespace fermata {

enum class FlowToken { kLineBegin, kOpenMap, kCloseMap, kOpenList, kCloseList, kComma, kColon, kText };

// Between two neighbours on one line.
inline bool SpaceBetween(FlowToken before, FlowToken behind) {
  if (before == FlowToken::kColon) return true;
  if (before == FlowToken::kLineBegin || behind == FlowToken::kComma || behind == FlowToken::kColon) return false;
  if (before == FlowToken::kOpenList || behind == FlowToken::kCloseList) return false;
  if (before == FlowToken::kOpenMap && behind == FlowToken::kCloseMap) return false;
  return true;
}

// Where a space that is written may stay: `[ { a: 1 } ]`.
inline bool MayStandApart(FlowToken before, FlowToken behind) {
  return (before == FlowToken::kOpenList && behind == FlowToken::kOpenMap) ||
         (before == FlowToken::kCloseMap && behind == FlowToken::kCloseList);
}

}  // namespace fermata
