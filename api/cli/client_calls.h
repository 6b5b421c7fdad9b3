// What the commands that ask a server have in common: calling, printing, complaining. Only for the files of this folder.
//
// Not thread-safe: stdin, stdout and stderr are there once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/cli/client_commands.h"
#include "api/cli/rest_client.h"
#include "engine/base/result.h"
#include "engine/language/diagnostic.h"
#include "engine/model/value.h"

namespace fermata {

// On stderr; gives `exit_code` back.
int Complain(const Error& error, int exit_code);
// What the server said no with: kExitRefused.
int ExplainRefusal(const ClientOptions& client, const RestAnswer& answer);

// Calls, and prints the answer as JSON or by `print`; gives the exit code.
int CallAndPrint(const ClientOptions& client, const RestCall& call, const std::function<void(const Value&)>& print);

// The key of somebody who may do the same again and wants it done once; nothing if it is empty.
void AddKey(const std::string& idempotency_key, RestCall& call);
// The same; one by chance if it is empty: then it is done once also when the answer gets lost on the way.
void AddKeyOrChance(const std::string& idempotency_key, RestCall& call);
std::string RandomId();

// JSON, @file, or - for stdin, out of an argument; nullopt after the complaint.
std::optional<Value> ReadJsonArgument(const std::string& name, const std::string& text);
// NAME=JSON, each name once, as an object; nullopt after the complaint. `name` is that of the argument.
std::optional<Value> ReadAssignments(const std::string& name, const std::vector<std::string>& assignments);
// NAME=VALUE; false after the complaint.
bool SplitAssignment(const std::string& argument, const std::string& text, std::string& name, std::string& value);

// An object, a member at a time; texts that are empty are left out.
class JsonBody {
 public:
  void Text(std::string_view name, const std::string& text);
  void Put(std::string_view name, Value value);
  std::string Json() const;
  Value Object() const { return Value::Map(entries_); }
  bool empty() const { return entries_.empty(); }

 private:
  std::vector<MapEntry> entries_;
};

// How long an answer may take that is held back for `wait`.
std::int64_t TimeoutFor(const std::string& wait);

void PrintInstance(const Value& instance, Colour colour);
std::vector<Value> ItemsOf(const Value& page);
// A table of the items' fields, a pair of title and name each, and how to get the page after it.
void PrintPage(const Value& page, const std::vector<std::pair<std::string, std::string>>& columns);
// The page at `target`, in these columns; gives the exit code.
int CallAndPrintPage(const ClientOptions& client, std::string target,
                     std::vector<std::pair<std::string, std::string>> columns);
// How to get the page after this one, if there is one.
void PrintNext(const Value& page);

}  // namespace fermata
