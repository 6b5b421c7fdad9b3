// Where instances live, as the command line and the environment say: one rule for every command.
#pragma once

#include <optional>
#include <string>

#include "engine/base/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace fermata {

inline constexpr const char* kDatabaseVariable = "FERMATA_DATABASE";

struct Place {
  std::string storage = "sqlite";  // sqlite, memory, postgres
  std::string database;            // PostgreSQL's connection string; empty unless the storage is postgres
};

// What was given by options; nullopt = not given.
struct PlaceGiven {
  std::optional<std::string> storage, database, data, node;
  bool data_may_rest = false;  // a folder beside another storage that is named is not used, and no mistake
};

// What FERMATA_DATABASE is good for.
enum class DatabaseVariable {
  kCounts,       // where no option says something else
  kForPostgres,  // only where --storage postgres asks for it
};

// What is given by an option beats the environment; options that contradict each other are refused (kUnknownStorage), and so is what is empty.
// `environment`: the variable's value, null = not set.
Result<Place> PlaceOf(const PlaceGiven& given, const char* environment, DatabaseVariable variable);

// 1 to 64 letters, digits and . _ : -
bool IsNodeName(const std::string& name);

// nullopt where the command line does not have the option.
std::optional<std::string> GivenBy(const CLI::Option* option);

// The options of one command. Not all commands have all.
struct PlaceOptions {
  CLI::Option* storage = nullptr;
  CLI::Option* database = nullptr;
  CLI::Option* data = nullptr;
  CLI::Option* node = nullptr;
  bool data_may_rest = false;

  // Once everything has been read.
  Result<Place> Settle(DatabaseVariable variable) const;
};

// Adds --data and --database; the values go where they point to.
PlaceOptions AddPlaceOptions(CLI::App& app, std::string& data, std::string& database);

}  // namespace fermata
