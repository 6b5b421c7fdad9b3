#include <CLI/CLI.hpp>

#include "api/cli/complaint.h"
#include "api/cli/place.h"
#include "api/cli/store_commands.h"

namespace fermata {
namespace {

constexpr const char* kKeysHelp =
    "file of the keys that stored payloads are encrypted with (or FERMATA_ENCRYPTION_KEYS)";

}  // namespace

void DescribeStore(CLI::App& app, StoreCommand& command, const std::function<int(const StoreCommand&)>& run,
                   const std::function<void(std::function<int()>)>& choose) {
  const auto add = [&](const char* name, const char* help, StoreCommand::Action action) {
    CLI::App* added = app.add_subcommand(name, help);
    const PlaceOptions options = AddPlaceOptions(*added, command.data, command.database);
    added->callback([&command, &run, choose, action, options] {
      command.action = action;
      choose([&command, &run, options] {
        Result<Place> place = options.Settle(DatabaseVariable::kCounts);
        if (!place.ok())
          return ComplainOf(place.error(), command.json ? ComplaintFor::kPrograms : ComplaintFor::kPeople);
        command.database = place->database;
        return run(command);
      });
    });
    added->add_flag("--json", command.json, "for programs");
    return added;
  };
  CLI::App* verify = add("verify", "says whether all that is stored fits together; also beside a running server",
                         StoreCommand::Action::kVerify);
  verify->add_option("--encryption-keys", command.encryption_keys, kKeysHelp);
  verify->add_flag("--repair", command.repair, "mends what follows from the journals; the server must be stopped");

  CLI::App* backup =
      add("backup", "copies the database file, also while a server has it", StoreCommand::Action::kBackup);
  backup->add_option("--to", command.to, "a folder for the copy: a --data for 'fermata serve'")->required();
  backup->add_option("--encryption-keys", command.encryption_keys, kKeysHelp);
  backup->add_option("--share", command.share_percent, "percent of the time that may go into copying")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();

  CLI::App* exported = add("export", "writes everything that is stored into one file", StoreCommand::Action::kExport);
  exported->add_option("file", command.file, "the file to make")->required();

  CLI::App* imported =
      add("import", "puts a file of 'fermata export' into an empty storage", StoreCommand::Action::kImport);
  imported->add_option("file", command.file, "what export has made")->required();
  imported->add_option("--encryption-keys", command.encryption_keys, kKeysHelp);
}

}  // namespace fermata
