// What names mean at a place of a process: which kind of name is expected there, and what an expression there can see.
//
// Pure functions of what was understood of the process last.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "api/lsp/cursor.h"
#include "engine/expression/type.h"
#include "engine/model/definition.h"

namespace fermata {

enum class NameKind { kNone, kTarget, kAnyState, kStart, kOperation, kProcess, kEvent, kError, kVariable, kSchemaFile };
// Of the value, key or item that the cursor stands in.
NameKind KindOfName(const Cursor& cursor);

// The innermost state that the path goes through; the root if there is none.
const State& StateAround(const Definition& definition, const std::vector<std::string>& path);
// Where transitions of this state may go.
std::vector<const State*> TargetsOf(const Definition& definition, const State& state);
std::vector<const State*> ChildrenOf(const Definition& definition, const State& state);

struct NameInScope {
  std::string name;
  Type type;
  std::string origin;      // "saved by hold", for people
  SourcePosition written;  // where it is assigned; line 0 if nowhere
};
// What the child of this name gives; may be empty.
using OutputOfChild = std::function<Type(const std::string& process)>;
std::vector<NameInScope> NamesInScope(const Definition& definition, const std::vector<std::string>& path,
                                      const OutputOfChild& output_of_child = {});
// Of a chain of names with dots ("input.card"): the type; Dyn if it is not known.
Type TypeOfChain(const std::vector<NameInScope>& names, const std::string& chain);

// The operation that the state at this path calls; null if it is none that is known. `undo`'s own where the path goes through it.
const OperationManifest* OperationAt(const Definition& definition, const std::vector<std::string>& path);

}  // namespace fermata
