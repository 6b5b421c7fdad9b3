// `fermata audit verify`: recomputes the hashes of an audit log and says the first row that does not fit.
#pragma once

#include "api/cli/client_commands.h"

namespace fermata {

// Looks at the database of a stopped server, or asks a running one for every row. Gives the exit code: 1 for a broken log.
int VerifyAudit(const VerifyAuditOptions& options);

}  // namespace fermata
