// The stable number of an error: it is printed as FM-dddd, is the `code` of a problem document, and has a page in docs/errors.
#pragma once

#include <string>

namespace fermata {

// Each folder declares its codes as constants in a header of its own (codes.h), inside its range:
//   1000 JSON, values, schemas   1100 YAML reader      2000 process language    3000 expressions   3100 evaluation
//   4000 commands and the API    5000 storage, runtime 6000 scenarios           7000 connectors    8000 command line
enum class ErrorCode : int {};

// "FM-2104".
std::string FormatErrorCode(ErrorCode code);

}  // namespace fermata
