// The variables that a process assigns anywhere, and the shapes of what it puts there.
//
// Not thread-safe; lives as long as one decision, and the definition must outlive it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/definition.h"
#include "engine/model/instance_state.h"

namespace fermata {

// A null one stands for a value of any shape.
using Shapes = std::vector<SchemaPtr>;

class AssignedNames {
 public:
  explicit AssignedNames(const Definition& definition);
  // Names that are known beside them, of values of any shape.
  void Add(const Variables& variables);

  // Null if nothing assigns such a variable.
  const Shapes* Find(const std::string& name) const;
  std::vector<std::string> Names() const;

 private:
  void Add(const std::string& name, const SchemaPtr& shape);
  void AddSet(const std::vector<Assignment>& set);
  void Add(const TransitionArm& arm, const SchemaPtr& saved);
  void Add(const State& state);

  const Definition& definition_;
  std::map<std::string, Shapes> by_name_;
};

// As the first of the shapes that it fits has it; otherwise why it fits none.
Result<Value> FitToOneOf(const Shapes& shapes, const Value& value);

}  // namespace fermata
