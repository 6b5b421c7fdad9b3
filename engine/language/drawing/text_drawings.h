// A chart as DOT (Graphviz) and as Mermaid (stateDiagram-v2), for tools that draw by themselves.
//
// Pure and thread-safe. What stands in the process cannot break out of the quotes of either language.
#pragma once

#include <string>

#include "engine/language/drawing/chart.h"
#include "engine/language/drawing/layout.h"

namespace fermata {

std::string WriteDot(const Chart& chart, DrawDirection direction);
std::string WriteMermaid(const Chart& chart, DrawDirection direction);

}  // namespace fermata
