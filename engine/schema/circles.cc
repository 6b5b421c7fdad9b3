#include "engine/schema/schema_node.h"

namespace fermata {
namespace {

// Calls visit for every node that is applied to the same value.
template <class Visit>
void ForEachInPlace(const SchemaNode& node, Visit visit) {
  for (NodeIndex next : {node.ref, node.negation, node.condition, node.consequence, node.alternative})
    if (next != kNoNode) visit(next);
  for (const auto* list : {&node.all_of, &node.any_of, &node.one_of})
    for (NodeIndex next : *list) visit(next);
  for (const auto& [name, next] : node.dependent_schemas) visit(next);
}

class CircleFinder {
 public:
  explicit CircleFinder(const CompiledSchema& schema) : schema_(schema), marks_(schema.nodes.size(), Mark::kNew) {}

  std::vector<NodeIndex> Find() {
    for (std::size_t i = 0; i < marks_.size(); ++i)
      if (marks_[i] == Mark::kNew) Visit(static_cast<NodeIndex>(i));
    return std::move(found_);
  }

 private:
  enum class Mark { kNew, kOnTheWay, kDone };

  void Visit(NodeIndex index) {
    Mark& mark = marks_[static_cast<std::size_t>(index)];
    mark = Mark::kOnTheWay;
    ForEachInPlace(schema_.nodes[static_cast<std::size_t>(index)], [&](NodeIndex next) {
      const Mark there = marks_[static_cast<std::size_t>(next)];
      if (there == Mark::kNew) Visit(next);
      if (there == Mark::kOnTheWay) found_.push_back(index);
    });
    mark = Mark::kDone;
  }

  const CompiledSchema& schema_;
  std::vector<Mark> marks_;
  std::vector<NodeIndex> found_;
};

}  // namespace

std::vector<NodeIndex> FindCircles(const CompiledSchema& schema) { return CircleFinder(schema).Find(); }

}  // namespace fermata
