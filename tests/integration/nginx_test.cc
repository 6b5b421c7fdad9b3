// The shipped configuration of nginx, with TLS, in front of a real server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/integration/support/fermata_server.h"
#include "tests/support/free_port.h"

namespace fermata::test {
namespace {

using testing::HasSubstr;

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

class Nginx : public testing::Test {
 protected:
  Nginx() : server_({"--storage", "memory", "--auth", "required"}) {
    const std::string line = server_.NextLine();
    key_ = line.substr(std::min(line.find("fk_"), line.size()));
    const CommandResult made =
        RunCommand({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
                    folder_.File("key.pem"), "-out", folder_.File("cert.pem"), "-subj", "/CN=fermata.example.com",
                    "-addext", "subjectAltName=DNS:fermata.example.com"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    std::string shipped = ReadFile(FERMATA_SOURCE_DIR "/examples/nginx/fermata.conf");
    shipped = Replaced(shipped, "127.0.0.1:8080", "127.0.0.1:" + std::to_string(server_.port()));
    shipped = Replaced(shipped, "listen 80;", "listen 127.0.0.1:" + std::to_string(plain_) + ";");
    shipped = Replaced(shipped, "listen 443 ", "listen 127.0.0.1:" + std::to_string(tls_) + " ");
    shipped = Replaced(shipped, "/etc/ssl/fermata/certificate.pem", folder_.File("cert.pem"));
    shipped = Replaced(shipped, "/etc/ssl/fermata/key.pem", folder_.File("key.pem"));
    WriteFile(folder_.File("fermata.conf"), shipped);
    const std::string user = geteuid() == 0 ? "user root;\n" : "";
    std::string frame = user + "daemon off;\nmaster_process off;\npid " + folder_.File("pid") + ";\nerror_log " +
                        folder_.File("error.log") + ";\nevents {}\nhttp {\naccess_log off;\n";
    for (const std::string kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
      frame += kind + "_temp_path " + folder_.File(kind) + ";\n";
    WriteFile(folder_.File("nginx.conf"), frame + "include " + folder_.File("fermata.conf") + ";\n}\n");
    process_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{"/usr/sbin/nginx", "-p", folder_.File(""), "-e", folder_.File("error.log"), "-c",
                                 folder_.File("nginx.conf")},
        ChildProcess::Environment{}, folder_.File("nginx.out"));
    bool listens = false;
    for (int i = 0; i < 1'000 && !listens; ++i) {
      listens = RawClient(tls_).connected();
      if (!listens) usleep(10'000);
    }
    EXPECT_TRUE(listens) << ReadFile(folder_.File("error.log")) << ReadFile(folder_.File("nginx.out"));
  }

  // What curl prints: the answer's head, then its body.
  CommandResult Curl(const std::string& path, std::vector<std::string> more = {}, const std::string& input = "") {
    const std::string at = ":" + std::to_string(tls_);
    std::vector<std::string> command = {"curl",
                                        "-sS",
                                        "-i",
                                        "--max-time",
                                        "20",
                                        "--cacert",
                                        folder_.File("cert.pem"),
                                        "--resolve",
                                        "fermata.example.com" + at + ":127.0.0.1"};
    command.insert(command.end(), more.begin(), more.end());
    command.push_back("https://fermata.example.com" + at + path);
    return RunCommand(command, input);
  }
  std::vector<std::string> WithKey(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"-H", "Authorization: Bearer " + key_});
    return more;
  }

  FermataServer server_;
  TempFolder folder_;
  std::string key_;
  const int plain_ = FreePort();
  const int tls_ = FreePort();
  std::unique_ptr<ChildProcess> process_;
};

TEST_F(Nginx, CarriesRequestsOverTlsAndNothingElse) {
  const CommandResult me = Curl("/v1/whoami", WithKey());
  EXPECT_THAT(me.out, HasSubstr("HTTP/2 200")) << me.err << ReadFile(folder_.File("error.log"));
  EXPECT_THAT(me.out, HasSubstr("\"name\":\"first-admin\""));
  EXPECT_THAT(me.out, HasSubstr("strict-transport-security"));
  EXPECT_THAT(Curl("/v1/whoami").out, HasSubstr("HTTP/2 401"));

  const std::string process =
      "fermata: 1\nprocess: p\nversion: 1.0.0\nstates:\n  done: { end: { a: \"${input.a}\" } }\n";
  EXPECT_THAT(
      Curl("/v1/definitions", WithKey({"-H", "Content-Type: application/yaml", "--data-binary", "@-"}), process).out,
      HasSubstr("HTTP/2 201"));
  const std::string start = R"({"process":"p","input":{"a":")" + std::string(100'000, 'x') + R"("}})";
  const CommandResult done =
      Curl("/v1/instances?wait=9s", WithKey({"-H", "Content-Type: application/json", "--data-binary", "@-"}), start);
  EXPECT_THAT(done.out, HasSubstr("HTTP/2 201"));
  EXPECT_THAT(done.out, HasSubstr("\"status\":\"completed\""));
  const CommandResult large =
      Curl("/v1/instances", WithKey({"-H", "Content-Type: application/json", "--data-binary", "@-"}),
           std::string((4 << 20) + 1, ' '));
  EXPECT_THAT(large.out, HasSubstr(" 413"));

  EXPECT_NE(Curl("/healthz", {"--tls-max", "1.1"}).exit_code, 0);
  const CommandResult plain = RunCommand({"curl", "-sS", "-i", "-H", "Host: fermata.example.com",
                                          "http://127.0.0.1:" + std::to_string(plain_) + "/v1/whoami"});
  EXPECT_THAT(plain.out, HasSubstr("301"));
  EXPECT_THAT(plain.out, HasSubstr("Location: https://fermata.example.com/v1/whoami"));
}

}  // namespace
}  // namespace fermata::test
