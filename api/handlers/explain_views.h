// Explanations, previews, plans, pauses and work in bulk as the JSON that clients see; see views.h.
//
// Pure and thread-safe.
#pragma once

#include <optional>

#include "engine/model/cloud_event.h"
#include "engine/runtime/engine.h"

namespace fermata {

Value ViewOf(const Explanation& explanation, const std::optional<CloudEvent>& event);
Value ViewOf(const InstanceId& id, const MovePreview& preview);
Value ViewOf(const InstanceId& id, const MigrationPlan& plan);
Value ViewOf(const Pause& pause);
Value ViewOf(const BulkView& bulk);
Value ViewOf(const BulkTrial& trial);

}  // namespace fermata
