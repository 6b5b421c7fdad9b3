// Rows as clients are shown them.
#pragma once

#include "engine/runtime/views.h"
#include "engine/storage/storage.h"

namespace fermata {

inline InstanceSummary SummaryOf(const InstanceRow& row) {
  return {row.id,    row.process,        row.version, row.key,        row.status,     row.states,
          row.error, row.open_incidents, row.parent,  row.started_us, row.updated_us, row.ended_us};
}

inline IncidentView ViewOf(const IncidentRow& row) {
  return {row.instance, row.number, row.process,   row.state,    row.error,
          row.message,  row.open,   row.opened_us, row.closed_us};
}

}  // namespace fermata
