// A storage whose payloads only who has the keys can read: journals, snapshots, messages, kept events, tasks, jobs, schedules, remembered
// answers, and the texts of incidents. What things are found by stays readable: ids, names, business keys, searchable variables, times.
#pragma once

#include <memory>

#include "engine/base/sealing.h"
#include "engine/storage/storage.h"

namespace fermata {

// `inner` with `keys` before it: what is written is sealed by the newest, what is read is opened by whichever it was; rows of before are read as
// they are. The names of keys that were ever used are noted in the storage: fails with kSealingKeyMissing if one of them is not among `keys`, or is
// another key of this name. Without keys (and without such notes) it is `inner` itself.
Result<std::unique_ptr<Storage>> SealStorage(std::unique_ptr<Storage> inner, SealingKeys keys);

}  // namespace fermata
