// Graphviz decides where states and lines stand. The one place that includes it; words never reach it, only sizes.
//
// Thread-safe: Graphviz is not, so that one layout is made at a time. Nothing is read from the disk, not even fonts, and the
// same request gives the same layout. Graphviz loses some memory at each layout of nested states (35 KB for a dozen of them): who draws
// for others keeps what was drawn.
#pragma once

#include "engine/base/result.h"
#include "engine/language/drawing/layout.h"

namespace fermata {

// Large drawings get straight lines. Fails with kDrawingTooLarge beyond kDrawnEdgesMax, with kLayoutFailed if Graphviz gives up.
Result<Layout> LayOutWithGraphviz(const LayoutRequest& request);

}  // namespace fermata
