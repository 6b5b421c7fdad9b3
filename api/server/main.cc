// The binary. Everything else is a library; here they meet.
#include "api/cli/command_line.h"
#include "api/server/bench.h"
#include "api/server/serve.h"
#include "connectors/mail/mail_connector.h"
#include "engine/language/load.h"

namespace fermata {
namespace {

std::vector<ManifestPtr> BuiltinManifests() {
  const auto mail = MakeMailConnector({}, nullptr);
  return {LoadManifest("built-in", std::string(mail->ManifestYaml())).manifest};
}

}  // namespace
}  // namespace fermata

int main(int argc, char** argv) {
  fermata::Commands commands;
  commands.version = FERMATA_VERSION;
  commands.serve = [&](const fermata::ServeOptions& options) { return fermata::Serve(options, commands.version); };
  commands.bench = fermata::RunBench;
  commands.builtin_manifests = fermata::BuiltinManifests;
  return fermata::RunCommandLine(argc, argv, commands);
}
