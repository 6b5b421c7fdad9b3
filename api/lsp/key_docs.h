// What the schemas of the language and of scenarios say of keys: which there are at a place, what they mean, which words their values can be.
//
// Thread-safe; made once.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/value.h"

namespace fermata {

struct KeyDoc {
  std::string key, description;
};

class KeyDocs {
 public:
  static const KeyDocs& Get();
  static const KeyDocs& OfScenarios();

  // The keys that a map at this path may have; of several kinds of maps only of those that may have `beside`, if it is not empty.
  std::vector<KeyDoc> KeysAt(const std::vector<std::string>& path, const std::string& beside = "") const;
  // The meaning of the last key of the path; "" if it has none, being a name.
  std::string Describe(const std::vector<std::string>& path) const;
  // The words that the value at this path is one of; empty if it is not.
  std::vector<std::string> WordsAt(const std::vector<std::string>& path) const;

 private:
  static KeyDocs Of(std::string_view text);
  explicit KeyDocs(Value schema) : schema_(std::move(schema)) {}

  using Schemas = std::vector<const Value*>;
  // With all that they refer to and are made of.
  Schemas Expand(const Schemas& schemas) const;
  void Expand(const Value& schema, Schemas& expanded, std::set<const Value*>& seen) const;
  // What holds for the value of this key, not expanded.
  static Schemas Step(const Schemas& expanded, const std::string& key);
  Schemas At(const std::vector<std::string>& path) const;

  Value schema_;
};

}  // namespace fermata
