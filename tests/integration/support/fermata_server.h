// A `fermata serve` that a test starts, kills and starts again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/model/value.h"
#include "tests/support/child_process.h"
#include "tests/support/http_client.h"
#include "tests/support/read_file.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {

// A response's body as JSON; fails the test (and gives null) if it is none.
Value JsonOf(const ClientResponse& response);
// What stands at "a.b.0.c" as text (strings without quotes); "" if there is nothing.
std::string At(const Value& value, const std::string& path);
std::string At(const ClientResponse& response, const std::string& path);

// A problem document in full; `path` is that of its first mistake (empty = whatever).
void ExpectProblem(const ClientResponse& response, int status, const std::string& code, const std::string& path = "");

// Not thread-safe; make an HttpClient a thread for more.
class FermataServer {
 public:
  // `arguments` after `serve --port PORT --allow-host 127.0.0.1` (services of tests are there), and `--data FOLDER/engine` unless they name another storage; its log goes to FOLDER/engine.log. Fails the test if it does not become ready.
  // Port 0: a free one, another one after each Start().
  explicit FermataServer(std::vector<std::string> arguments = {}, ChildProcess::Environment environment = {},
                         int port = 0);

  // Again with the same arguments and data.
  void Start();
  void Kill() { process_->Kill(); }
  void Signal(int number) { process_->Signal(number); }
  // SIGTERM and its exit code.
  int Stop();

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // Holds every answer against api/openapi.yaml.
  HttpClient& http() { return *http_; }
  const TempFolder& folder() const { return folder_; }
  std::string Log() const;
  // What it prints after the line that it is ready.
  std::string NextLine() { return process_->ReadLine(); }

  ClientResponse Deploy(const std::string& yaml) { return http_->Post("/v1/definitions", yaml, "application/yaml"); }
  ClientResponse DeployConnector(const std::string& yaml) {
    return http_->Post("/v1/connectors", yaml, "application/yaml");
  }
  // Starts and waits for the end.
  ClientResponse Run(const std::string& process, const std::string& input);

 private:
  TempFolder folder_;
  const std::vector<std::string> arguments_;
  const ChildProcess::Environment environment_;
  std::unique_ptr<ChildProcess> process_;
  std::unique_ptr<HttpClient> http_;
  const int wanted_port_;
  int port_ = 0;
};

// One run of a command: what it printed and how it ended.
struct CommandResult {
  int exit_code = -1;
  std::string out, err;
};
CommandResult RunCommand(const std::vector<std::string>& command, const std::string& input = "");

void WriteFile(const std::string& path, const std::string& text);

}  // namespace fermata::test
