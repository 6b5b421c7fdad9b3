// fermata-bank: the bank that the shop is tried out with.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "engine/model/json.h"
#include "engine/model/value.h"
#include "examples/shop/bank/bank.h"
#include "examples/shop/common/rest_server.h"

namespace {

constexpr int kThreads = 4;
constexpr int kBankPort = 8090;

}  // namespace

int main(int argc, char** argv) {
  using fermata::Value;
  fermata::shop::BankOptions options;
  options.shop_url = "http://127.0.0.1:8088";
  std::string data = "data/bank";
  int port = kBankPort;
  CLI::App app("A bank for trying things out, on this machine only. Prints a line of JSON with its address.");
  app.add_option("--data", data, "Folder of the database")->capture_default_str();
  app.add_option("--database", options.database_url,
                 "sqlite:///FOLDER or postgresql://…; SQLite in --data if not given");
  app.add_option("--port", port, "0 for a free one")->capture_default_str();
  app.add_option("--shop", options.shop_url, "Where callbacks go: its /bank/callback")->capture_default_str();
  app.add_option("--api-key", options.api_key, "Secret of the shop's requests")
      ->envname("FERMATA_BANK_API_KEY")
      ->required();
  app.add_option("--callback-key", options.callback_key, "Secret of the callbacks' signatures")
      ->envname("FERMATA_BANK_CALLBACK_KEY")
      ->required();
  CLI11_PARSE(app, argc, argv);

  // Before any thread begins, so that all inherit it and only sigwait() below gets them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  std::error_code ignored;
  std::filesystem::create_directories(data, ignored);
  if (options.database_url.empty()) options.database_url = "sqlite://" + data;
  auto bank = fermata::shop::Bank::Open(options);
  if (!bank.ok()) {
    std::fprintf(stderr, "%s\n", bank.error().message.c_str());
    return 1;
  }
  fermata::shop::RestServer server;
  fermata::Result<std::string> url = server.Start((*bank)->Routes(), port, kThreads);
  if (!url.ok()) {
    std::fprintf(stderr, "%s\n", url.error().message.c_str());
    return 1;
  }
  (*bank)->SetUrl(*url);
  std::printf("%s\n", fermata::WriteJson(Value::Object({{"service", Value::String("bank")},
                                                        {"url", Value::String(*url)},
                                                        {"ready", Value::Bool(true)}}))
                          .c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  server.Stop();
  return 0;
}
