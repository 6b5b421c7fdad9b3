// Human tasks as rows: what a row holds beside its columns.
//
// Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/model/instance_state.h"

namespace fermata {

struct StoredTask {
  TaskState task;
  std::string definition_hash;  // whose `form` it is
};

std::string EncodeTask(const TaskState& task, const std::string& definition_hash);
// The task without role, user and due time: those are columns.
Result<StoredTask> DecodeTask(std::string_view bytes);

}  // namespace fermata
