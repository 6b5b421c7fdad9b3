// Error codes of scenario files; each has a page in docs/errors.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kScenarioKeyUnknown{6001};       // a key that no file, case, step or `then` has
inline constexpr ErrorCode kScenarioKeyMissing{6002};       // `scenarios`, `cases`, `name`, …
inline constexpr ErrorCode kScenarioStepUnknown{6003};      // a step that is none of the table
inline constexpr ErrorCode kScenarioValueWrong{6004};       // a duration, a status, a number that is none
inline constexpr ErrorCode kScenarioNameUnknown{6005};      // names what does not exist
inline constexpr ErrorCode kScenarioCaseRepeated{6007};     // two cases of one name
inline constexpr ErrorCode kScenarioFileUnreadable{6008};   // no such file or folder
inline constexpr ErrorCode kScenarioProcessRepeated{6009};  // two files of one version of a process

}  // namespace fermata
