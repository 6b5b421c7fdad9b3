// The scalar shapes of a scenario file, read out of nodes. Every mistake is reported; what is given then is empty.
//
// Lives as long as one load.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/language/node.h"
#include "engine/language/report.h"

namespace fermata {

class ScenarioFields {
 public:
  // Must outlive it.
  explicit ScenarioFields(Report& report) : report_(report) {}

  bool ExpectMap(const Node& node, std::string_view what);
  bool ExpectList(const Node& node, std::string_view what);
  // Reports every key that is not in `known`; `where` is the thing that has the keys ("a case").
  void CheckKeys(const Node& map, const std::vector<std::string>& known, std::string_view where);
  // Of a required key; nullptr after a report.
  const NodeEntry* Require(const Node& map, std::string_view key, std::string_view where);
  // The scalar as it was written.
  std::string Text(const Node& node);
  // Of an optional key; nullopt where it is not given.
  std::optional<std::string> TextAt(const Node& map, std::string_view key);
  std::optional<Value> ValueAt(const Node& map, std::string_view key) const;
  // Never negative.
  std::int64_t Count(const Node& node);
  // Of an optional key; false where it is not given.
  bool FlagAt(const Node& map, std::string_view key);

  Report& report() { return report_; }

 private:
  Report& report_;
};

}  // namespace fermata
