// YAML text -> a tree that knows the place of every key and value. YAML 1.2 core schema, one document, bounded, no surprises:
// duplicate keys, merge keys, tags, tabs as indentation, alias bombs and unclosed quotes are errors. Pure and thread-safe; nothing throws.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/language/node.h"
#include "engine/language/source_text.h"

namespace fermata {

struct ReadOutcome {
  std::shared_ptr<const SourceText> source;  // never null
  std::optional<Node> root;                  // absent if there are errors
  std::vector<Diagnostic>
      diagnostics;  // what the syntax breaks hides the rest: at most one syntax error, but every duplicate key
};
ReadOutcome ReadYaml(std::string file, std::string text);

}  // namespace fermata
