// Bodies that more than one route reads: what is asked of one instance, alone or in bulk.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/handlers/field_reader.h"
#include "api/handlers/reply.h"
#include "engine/model/command.h"

namespace fermata {

// false when the field is absent; what is no boolean is a mistake.
bool ReadFlag(FieldReader& fields, std::string_view name);
// The object under `set`, in its order.
std::vector<std::pair<std::string, Value>> ReadSet(FieldReader& fields);

// {target, from, item, set, reason, by}; `more` are fields that the caller reads.
MoveInstance ReadMove(FieldReader& fields, const Reply& reply, std::vector<Error>& mistakes);
inline const std::vector<std::string> kMoveFields = {"target", "from", "item", "set", "reason", "by", "dryRun"};
// {set, reason, by}
SetVariables ReadVariables(FieldReader& fields, const Reply& reply, std::vector<Error>& mistakes);
inline const std::vector<std::string> kVariablesFields = {"set", "reason", "by"};
// {version, revert, reason, by}: migrations.cc. `version` may be missing only where a migration is taken back.
MigrateInstance ReadMigration(FieldReader& fields, const Reply& reply, std::vector<Error>& mistakes);
inline const std::vector<std::string> kMigrationFields = {"version", "revert", "reason", "by", "dryRun"};
// {reason, by} of the word cancel, suspend or resume: instances.cc
Command ReadSteering(std::string_view word, FieldReader& fields, const Reply& reply, std::vector<Error>& mistakes);
inline const std::vector<std::string> kSteeringFields = {"reason", "by"};
// {action, set, output, error, reason, by}: incidents.cc
ResolveIncident ReadResolution(const Value& body, const Reply& reply, std::vector<Error>& mistakes,
                               std::string path = "");

}  // namespace fermata
