// JSON Schema 2020-12, compiled once and used many times; patterns by RE2, so no pattern can hang the engine.
//
// Everything is pure, thread-safe and bounded (limits.h): depth, steps and the number of reported violations.
// What the compiler does not know it refuses: a keyword is never ignored silently. Those that begin with "x-" say nothing about values.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/expression/type.h"
#include "engine/model/value.h"

namespace fermata {

class CompiledSchema;
using SchemaPtr = std::shared_ptr<const CompiledSchema>;

// Where a schema stands and what its `$ref`s may name.
struct SchemaSource {
  // The file of the schema, relative to the process's folder; its `$ref`s are relative to that file's folder. Empty: an inline schema in the folder itself.
  std::string file;
  // The other schema documents, by path relative to the process's folder. Null = none. Used during the call only.
  const std::map<std::string, Value>* files = nullptr;
};

struct SchemaError {
  ErrorCode code{};
  std::string file;  // as in SchemaSource; of the document with the mistake
  std::string path;  // JSON pointer to the offending keyword in that document
  std::string message;
  std::string hint;
};

struct SchemaOutcome {
  SchemaPtr schema;  // null when there are errors
  std::vector<SchemaError> errors;
};
SchemaOutcome CompileSchema(const Value& schema, const SchemaSource& source = {});

// The files that this schema's `$ref`s name, relative to the process's folder, each once; what points out of the folder is left out.
std::vector<std::string> ReferencedSchemaFiles(const Value& schema, const std::string& file);

// A schema that compiled, with the files that it refers to under its `$defs`, so that it says the same without them.
// What is nothing but a reference to a file becomes what is in the file.
Value SelfContained(const Value& schema, const SchemaSource& source);

struct SchemaViolation {
  std::string path;         // JSON pointer into the value; "" = the value itself
  std::string message;      // "Expected …, but …"
  std::string schema_path;  // JSON pointer into the schema
  std::string property;     // the one that is missing, or that the schema does not name; empty otherwise
};

// Empty if the value fits. At most kSchemaErrorsMax.
std::vector<SchemaViolation> Validate(const CompiledSchema& schema, const Value& value);

// The value with integral numbers under `type: integer` turned into int (1.0 -> 1). On failure the first violation: its path and message.
Result<Value> ValidateAndNormalise(const CompiledSchema& schema, const Value& value);

// What the expression checker knows of values that fit; Dyn where the schema says nothing that CEL can use.
Type TypeOf(const CompiledSchema& schema);

}  // namespace fermata
