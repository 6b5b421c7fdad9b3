#include "tests/integration/support/fermata_server.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "engine/model/json.h"
#include "tests/integration/support/api_document.h"

namespace fermata::test {
namespace {

std::string Quoted(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

bool KeepsAFile(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--database") return false;
    if (arguments[i] == "--storage") return arguments[i + 1] == "sqlite";
  }
  return true;
}

}  // namespace

Value JsonOf(const ClientResponse& response) {
  Result<Value> value = ParseJson(response.body);
  EXPECT_TRUE(value.ok()) << response.status << " " << response.body;
  return value.ok() ? *value : Value();
}

std::string At(const Value& value, const std::string& path) {
  const Value* at = &value;
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    const std::string step = path.substr(from, dot - from);
    std::size_t index = 0;
    if (at->is_list()) {
      std::from_chars(step.data(), step.data() + step.size(), index);
      if (index >= at->as_list().size()) return "";
      at = &at->as_list()[index];
    } else {
      at = at->Find(step);
      if (!at) return "";
    }
    from = dot + 1;
  }
  return at->is_string() ? std::string(at->as_string()) : WriteJson(*at);
}

std::string At(const ClientResponse& response, const std::string& path) { return At(JsonOf(response), path); }

void ExpectProblem(const ClientResponse& response, int status, const std::string& code, const std::string& path) {
  EXPECT_EQ(response.status, status) << response.body;
  EXPECT_EQ(response.Header("content-type"), "application/problem+json");
  EXPECT_EQ(At(response, "code"), code) << response.body;
  EXPECT_EQ(At(response, "type"), "/errors/" + code);
  EXPECT_EQ(At(response, "status"), std::to_string(status));
  EXPECT_NE(At(response, "title"), "");
  EXPECT_NE(At(response, "detail"), "");
  if (!path.empty()) {
    EXPECT_EQ(At(response, "errors.0.path"), path) << response.body;
  }
}

FermataServer::FermataServer(std::vector<std::string> arguments, ChildProcess::Environment environment, int port)
    : arguments_(std::move(arguments)), environment_(std::move(environment)), wanted_port_(port) {
  Start();
}

void FermataServer::Start() {
  std::vector<std::string> command = {FERMATA_BINARY, "serve",    "--port", std::to_string(wanted_port_),
                                      "--allow-host", "127.0.0.1"};
  if (KeepsAFile(arguments_)) command.insert(command.end(), {"--data", folder_.File("engine")});
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  process_ = std::make_unique<ChildProcess>(command, environment_, folder_.File("engine.log"));
  const std::string line = process_->ReadLine();
  const std::size_t colon = line.rfind(':');
  ASSERT_NE(colon, std::string::npos) << "The server said '" << line << "'. " << Log();
  std::from_chars(line.data() + colon + 1, line.data() + line.size(), port_);
  http_ = std::make_unique<HttpClient>(port_, [](auto method, auto target, const ClientResponse& response) {
    EXPECT_EQ(ApiDocument::Get().Complaint(method, target, response), "") << method << " " << target << "\n"
                                                                          << response.status << " " << response.body;
  });
}

int FermataServer::Stop() {
  process_->Signal(SIGTERM);
  return process_->Wait();
}

std::string FermataServer::Log() const { return ReadFile(folder_.File("engine.log")); }

ClientResponse FermataServer::Run(const std::string& process, const std::string& input) {
  return http_->Post("/v1/instances?wait=9s", R"({"process":")" + process + R"(","input":)" + input + "}");
}

CommandResult RunCommand(const std::vector<std::string>& command, const std::string& input) {
  const TempFolder folder;
  WriteFile(folder.File("in"), input);
  std::string line;
  for (const std::string& word : command) line += Quoted(word) + " ";
  line += "<" + Quoted(folder.File("in")) + " >" + Quoted(folder.File("out")) + " 2>" + Quoted(folder.File("err"));
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, ReadFile(folder.File("out")), ReadFile(folder.File("err"))};
}

void WriteFile(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

}  // namespace fermata::test
