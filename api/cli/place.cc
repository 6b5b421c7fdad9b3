#include "api/cli/place.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "api/cli/codes.h"

namespace fermata {
namespace {

constexpr std::size_t kNodeNameMax = 64;  // as long as a host's name may be
constexpr const char* kDatabaseExample = "For example --database postgresql://user@host/fermata";

Error PlaceMistake(std::string message, std::string hint) {
  return {kUnknownStorage, std::move(message), "", std::move(hint)};
}

Error Contradiction(const std::string& one, const std::string& other) {
  return PlaceMistake(
      "Expected one place for the data, but " + one + " and " + other + " name two.",
      "Leave one of them out: --data is the folder of an SQLite file, --database a PostgreSQL database.");
}

Status CheckGiven(const PlaceGiven& given) {
  if (given.database && given.database->empty())
    return PlaceMistake("Expected a connection string after --database, but it is empty.", kDatabaseExample);
  if (given.data && given.data->empty())
    return PlaceMistake("Expected a folder after --data, but its name is empty.", "For example --data fermata-data");
  if (given.node && !IsNodeName(*given.node))
    return PlaceMistake("Expected --node to be 1 to 64 letters, digits and . _ : -, but got '" + *given.node + "'.",
                        "Without it the server is called like its machine and its port.");
  const bool postgres = given.database || (given.storage && *given.storage == "postgres");
  const bool has_folder = given.data && !given.data_may_rest;
  if (has_folder && given.database) return Contradiction("--data", "--database");
  if (has_folder && given.storage && *given.storage != "sqlite")
    return Contradiction("--data", "--storage " + *given.storage);
  if (given.database && given.storage && *given.storage != "postgres")
    return Contradiction("--database", "--storage " + *given.storage);
  if (given.node && !postgres && (given.data || given.storage))
    return PlaceMistake("Expected a database to share, but --node was given without one.", kDatabaseExample);
  return Done{};
}

}  // namespace

std::optional<std::string> GivenBy(const CLI::Option* option) {
  if (option == nullptr || option->count() == 0) return std::nullopt;
  return option->as<std::string>();
}

bool IsNodeName(const std::string& name) {
  constexpr const char* kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-";
  return !name.empty() && name.size() <= kNodeNameMax && name.find_first_not_of(kAllowed) == std::string::npos;
}

Result<Place> PlaceOf(const PlaceGiven& given, const char* environment, DatabaseVariable variable) {
  if (Status checked = CheckGiven(given); !checked.ok()) return checked.error();
  if (given.database) return Place{"postgres", *given.database};
  const bool asked = given.storage && *given.storage == "postgres";
  const bool counts = asked || (variable == DatabaseVariable::kCounts && !given.data && !given.storage);
  if (counts && environment != nullptr) {
    if (*environment == '\0')
      return PlaceMistake("Expected a connection string in FERMATA_DATABASE, but it is set and empty.",
                          "Unset it, or name the place: --data DIR, or --database postgresql://user@host/fermata");
    return Place{"postgres", environment};
  }
  if (asked) return PlaceMistake("Expected --database with --storage postgres, but it is missing.", kDatabaseExample);
  if (given.node)
    return PlaceMistake("Expected a database to share, but --node was given without one.", kDatabaseExample);
  return Place{given.storage.value_or("sqlite"), ""};
}

Result<Place> PlaceOptions::Settle(DatabaseVariable variable) const {
  return PlaceOf({GivenBy(storage), GivenBy(database), GivenBy(data), GivenBy(node), data_may_rest},
                 std::getenv(kDatabaseVariable), variable);
}

PlaceOptions AddPlaceOptions(CLI::App& app, std::string& data, std::string& database) {
  PlaceOptions options;
  options.data = app.add_option("--data", data, "folder of the SQLite file");
  if (!data.empty()) options.data->capture_default_str();
  // Not by CLI11's envname: it does not tell what was given from what the environment says.
  options.database =
      app.add_option("--database", database, "PostgreSQL: postgresql://user@host/name (or FERMATA_DATABASE)");
  return options;
}

}  // namespace fermata
