// The binary. Everything else is a library; here they meet.
#include <iostream>

#include "api/cli/command_line.h"
#include "api/lsp/language_server.h"
#include "api/lsp/schemas.h"
#include "api/server/audit_verify.h"
#include "api/server/bench.h"
#include "api/server/secret_command.h"
#include "api/server/serve.h"
#include "api/server/store_command.h"
#include "connectors/mail/mail_connector.h"
#include "engine/language/load.h"

namespace fermata {
namespace {

std::vector<ManifestPtr> BuiltinManifests() {
  const auto mail = MakeMailConnector({}, nullptr);
  return {LoadManifest("built-in", std::string(mail->ManifestYaml())).manifest};
}

int RunLanguageServer(const std::vector<std::string>& connector_folders, const std::string& version) {
  LspOptions options{{}, BuiltinManifests(), version};
  for (const std::string& folder : connector_folders) options.connector_folders.emplace_back(folder);
  return LanguageServer(std::move(options), std::cin, std::cout).Run();
}

}  // namespace
}  // namespace fermata

int main(int argc, char** argv) {
  fermata::Commands commands;
  commands.version = FERMATA_VERSION;
  commands.serve = [&](const fermata::ServeOptions& options) { return fermata::Serve(options, commands.version); };
  commands.bench = fermata::RunBench;
  commands.verify_audit = fermata::VerifyAudit;
  commands.secret = fermata::RunSecret;
  commands.store = fermata::RunStore;
  commands.builtin_manifests = fermata::BuiltinManifests;
  commands.lsp = [&](const auto& folders) { return fermata::RunLanguageServer(folders, commands.version); };
  commands.process_schema = fermata::ProcessSchemaText;
  commands.scenario_schema = fermata::ScenarioSchemaText;
  return fermata::RunCommandLine(argc, argv, commands);
}
