#include "api/server/secret_command.h"

#include <iostream>
#include <iterator>

#include "api/cli/exit_code.h"
#include "api/server/open_storage.h"
#include "connectors/host/sealed_secrets.h"
#include "connectors/sdk/secrets.h"

namespace fermata {
namespace {

int Complain(const std::string& sentence, int exit_code) {
  std::cerr << "error: " << sentence << "\n";
  return exit_code;
}

int PrintKey(const std::string& name) {
  const std::string line = SealingKeys::IsName(name) ? SealingKeys::NewLine(name) : "";
  if (line.empty())
    return Complain("Expected a name of small letters, digits and '-', but got '" + name + "'.", kExitUsage);
  std::cout << line;
  return kExitOk;
}

// What is typed, without the line end that ends it.
std::string ReadValue() {
  std::string value(std::istreambuf_iterator<char>(std::cin), {});
  if (value.ends_with('\n')) value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
  return value;
}

}  // namespace

int RunSecret(const SecretOptions& options) {
  if (options.action == "key") return PrintKey(options.name);
  Result<SealingKeys> keys = ReadSealingKeys(options.encryption_keys);
  if (!keys.ok()) return Complain(keys.error().message, kExitUsage);
  if (keys->empty()) return Complain("Expected --encryption-keys, but there are none.", kExitUsage);
  Result<std::map<std::string, std::string>> secrets = ReadSealedSecrets(options.file, *keys);
  if (!secrets.ok()) return Complain(secrets.error().message, kExitFailed);
  if (options.action == "list") {
    for (const auto& [name, value] : *secrets) std::cout << name << "\n";
    return kExitOk;
  }
  if (!IsSecretName(options.name))
    return Complain("Expected a name like API_TOKEN, but got '" + options.name + "'.", kExitUsage);
  if (options.action == "set") {
    (*secrets)[options.name] = ReadValue();
  } else if (secrets->erase(options.name) == 0) {
    return Complain("Expected the name of a secret, but none is called '" + options.name + "'.", kExitFailed);
  }
  if (Status written = WriteSealedSecrets(options.file, *keys, *secrets); !written.ok())
    return Complain(written.error().message, kExitFailed);
  return kExitOk;
}

}  // namespace fermata
