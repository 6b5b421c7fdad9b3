// Of which type each variable of a process is, learnt from all that is assigned to it. Used by the checker only; pure.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "engine/language/fit.h"
#include "engine/language/parsed.h"
#include "engine/language/variables.h"

namespace fermata {

class VariableTypes {
 public:
  // Both must outlive it.
  VariableTypes(const ParsedDefinition& parsed, const Variables& variables);

  // `input`, `instance` and `now`.
  const TypeEnvironment& base() const { return base_; }
  // With the variables, and the items of the `each` around the state.
  TypeEnvironment NamesAt(const State& state) const;

  // The type that an expression has among these names, Dyn if it has mistakes; `names` must outlive what is returned.
  static TypeOfExpression TypeIn(const TypeEnvironment& names);

 private:
  using Computed = std::vector<std::pair<const Assignment*, StateIndex>>;

  void Learn(const std::string& name, const Type& type);
  Computed LearnSaved();
  void LearnComputed(const Computed& computed);
  // Adds what follows if the variables are of the types `known`.
  void LearnComputedOnce(const Computed& computed, const std::vector<std::optional<Type>>& known);
  void LearnItems();
  Type ResultOf(const State& state) const;

  const ParsedDefinition& parsed_;
  const Definition& definition_;
  const Variables& variables_;
  TypeEnvironment base_;
  std::vector<std::optional<Type>> types_;  // by number of the variable
  std::map<StateIndex, Type> items_;        // of what each `each` runs over
};

// For what is moved over from another version: what that knew and this one need not, so every name may be a variable of any type.
TypeEnvironment NamesOfMigration(const Template& content, const TypeEnvironment& base);

}  // namespace fermata
