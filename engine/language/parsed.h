// What the parsers make and the checker looks at: the definition, and where each part of it stands in the file.
//
// Not thread-safe; lives as long as one load.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/language/load.h"
#include "engine/language/node.h"
#include "engine/language/report.h"
#include "engine/model/definition.h"

namespace fermata {

// Where an expression's text begins.
struct ExpressionPlace {
  const Node* scalar = nullptr;  // null: in a key, then `at` counts
  int index = 0;                 // of its first character in the scalar's text
  SourcePosition at;
};

struct ParsedDefinition {
  std::shared_ptr<Definition> definition = std::make_shared<Definition>();
  Node root;
  std::vector<const NodeEntry*> entries;  // of the states, by index; null for the root
  std::map<const CompiledExpression*, ExpressionPlace> places;
  std::map<std::string, StateIndex> states;     // by name
  std::map<StateIndex, ProcessShape> children;  // of each `run` whose process is known
  std::vector<const Node*> bare_texts;  // literal texts where a template may stand that look like a path: `input.email`
  std::map<std::pair<int, int>, const Node*> emissions;  // each `emit` of a transition, by line and column
  // What a mistake makes unknown, so that the checker does not blame its consequences.
  bool targets_unknown = false;  // some transition or start leads nowhere
  bool states_unknown = false;   // some state could not be read
  bool events_unknown = false;   // `events` is misspelt
  // What would be variables if every save, set and vars could be read.
  std::set<std::string, std::less<>> lost_names;

  // The entry of a key in a state's node (or the root's); null if it is not there.
  const NodeEntry* Find(StateIndex state, std::string_view key) const {
    return (entries[static_cast<std::size_t>(state)] ? entries[static_cast<std::size_t>(state)]->value : root)
        .Find(key);
  }
};

class SchemaLoader;

// What every parser needs at hand. The referred objects outlive the parse.
struct ParseContext {
  ParsedDefinition& parsed;
  Report& report;
  SchemaLoader& schemas;
  const std::vector<ManifestPtr>& manifests;
};

}  // namespace fermata
