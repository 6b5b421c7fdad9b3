#include "engine/expression/function.h"

#include <unordered_map>

namespace fermata {
namespace {

struct Tables {
  std::vector<const Function*> all;
  std::unordered_map<std::string_view, const Function*> global;
  std::unordered_map<std::string_view, const Function*> member;
};

const Tables& GetTables() {
  static const Tables tables = [] {
    Tables t;
    for (const auto functions : {StandardFunctions(), TimeFunctions(), StringFunctions(), MathFunctions(),
                                 ListFunctions(), OptionalFunctions()}) {
      for (const Function& function : functions) {
        t.all.push_back(&function);
        (function.style == kGlobal ? t.global : t.member).emplace(function.name, &function);
      }
    }
    return t;
  }();
  return tables;
}

}  // namespace

const Function* FindFunction(std::string_view name, FunctionStyle style) {
  const auto& table = style == kGlobal ? GetTables().global : GetTables().member;
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

const std::vector<const Function*>& AllFunctions() { return GetTables().all; }

}  // namespace fermata
