// What is wrong, for people and for programs, and the exit code that says so.
#pragma once

#include "engine/base/result.h"

namespace fermata {

enum class ComplaintFor { kPeople, kPrograms };

// kExitUsage where the command line is wrong or names a file that cannot be read, else kExitFailed.
int ExitCodeOf(const Error& error);

// On stderr, with its hint; for programs also as an object on stdout. Gives the exit code.
int ComplainOf(const Error& error, ComplaintFor reader = ComplaintFor::kPeople);

}  // namespace fermata
