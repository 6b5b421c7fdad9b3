// Error codes of persistence. 5000 to 5049; the runtime has the rest of the range.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kStorageOpenFailed{5001};      // the place of the data cannot be opened or reached
inline constexpr ErrorCode kStorageInUse{5002};           // another server has the file
inline constexpr ErrorCode kStorageNotOurs{5003};         // the file is no database, damaged, or another program's
inline constexpr ErrorCode kStorageTooNew{5004};          // written by a newer Fermata
inline constexpr ErrorCode kStorageReadFailed{5005};      // a read failed: disk, connection, time limit
inline constexpr ErrorCode kStorageCommitFailed{5006};    // a commit failed, or nobody knows
inline constexpr ErrorCode kStorageFull{5007};            // no space left
inline constexpr ErrorCode kStorageOptionsInvalid{5008};  // a path or connection string that cannot be right
inline constexpr ErrorCode kStorageFenced{5009};          // another node has taken over
inline constexpr ErrorCode kSealingKeyMissing{5010};      // stored data is sealed by a key that was not given
inline constexpr ErrorCode kSealedRowUnreadable{5011};    // a sealed row was changed or moved
inline constexpr ErrorCode kStorageTooOld{5012};          // to be looked at only, but its schema is of an older version
inline constexpr ErrorCode kStorageHalfImported{5013};    // an import into it was not finished
inline constexpr ErrorCode kExportUnreadable{5014};       // no whole file of fermata export that we know
inline constexpr ErrorCode kImportRefused{5015};  // the target is not empty, or an import of another file was begun
inline constexpr ErrorCode kBackupFailed{5016};   // a copy of the file could not be made

}  // namespace fermata
