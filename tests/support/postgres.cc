#include "tests/support/postgres.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "tests/support/free_port.h"

namespace fermata::test {
namespace {

[[noreturn]] void GiveUp(const std::string& message) {
  std::fprintf(stderr, "tests/support/postgres: %s\n", message.c_str());
  std::abort();
}

// PostgreSQL refuses to run as root.
const passwd* ServerUser() {
  if (::geteuid() != 0) return nullptr;
  const passwd* user = ::getpwnam("postgres");
  if (user == nullptr) GiveUp("as root, the user 'postgres' is needed to run the server");
  return user;
}

// Runs in the child: becomes the server's user, dies with the parent, and becomes the program.
[[noreturn]] void BecomeProgram(const std::vector<std::string>& words, const passwd* user, const std::string& log) {
  if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) {
    ::_exit(126);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (out >= 0) {
    ::dup2(out, 1);
    ::dup2(out, 2);
  }
  if (::chdir("/") != 0) ::_exit(126);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

pid_t Spawn(const std::vector<std::string>& words, const std::string& log) {
  const passwd* user = ServerUser();
  const pid_t child = ::fork();
  if (child < 0) GiveUp("fork failed");
  if (child == 0) BecomeProgram(words, user, log);
  return child;
}

std::string Capture(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) GiveUp("popen failed");
  std::string text;
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, got);
  if (::pclose(pipe) != 0) GiveUp("failed: " + command + "\n" + text);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string Quoted(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// The server writes its state into the eighth line of this file.
bool Ready(const std::filesystem::path& data) {
  std::ifstream file(data / "postmaster.pid");
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (number == 8) return line.starts_with("ready") || line.starts_with("standby");
  }
  return false;
}

}  // namespace

PostgresCluster& PostgresCluster::Shared() {
  static PostgresCluster cluster;
  return cluster;
}

PostgresCluster::PostgresCluster() : port_(FreePort()) {
  FindPrograms();
  RunProgram({"initdb", "--pgdata=" + folder_.File("data"), "--username=fermata", "--auth=trust", "--encoding=UTF8",
              "--locale=C", "--no-sync"});
  Start();
}

PostgresCluster::PostgresCluster(const PostgresCluster& primary) : port_(FreePort()) {
  FindPrograms();
  RunProgram({"pg_basebackup", "--pgdata=" + folder_.File("data"), "--host=" + primary.host(),
              "--port=" + std::to_string(primary.port()), "--username=fermata", "--write-recovery-conf",
              "--checkpoint=fast", "--no-sync"});
  Start();
}

PostgresCluster::~PostgresCluster() { Crash(); }

void PostgresCluster::FindPrograms() {
  programs_ = Capture("pg_config --bindir 2>/dev/null || true");
  if (!std::filesystem::exists(programs_ + "/initdb")) programs_ = "/usr/lib/postgresql/15/bin";
  if (!std::filesystem::exists(programs_ + "/initdb")) GiveUp("initdb is not installed (package postgresql)");
  if (const passwd* user = ServerUser()) {
    if (::chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) != 0) GiveUp("chown failed");
  }
}

void PostgresCluster::RunProgram(std::vector<std::string> words) {
  const std::string log = folder_.File(words[0] + ".log");
  words[0] = programs_ + "/" + words[0];
  const pid_t child = Spawn(words, log);
  int status = 0;
  if (::waitpid(child, &status, 0) != child || status != 0) GiveUp("failed: " + words[0] + "; see " + log);
}

void PostgresCluster::Start() {
  std::filesystem::remove(folder_.path() / "data" / "postmaster.pid");
  server_ = Spawn(
      {programs_ + "/postgres", "-D", folder_.File("data"), "-p", std::to_string(port_), "-k", folder_.path().string(),
       "-h", "127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "max_connections=60"},
      folder_.File("server.log"));
  while (!Ready(folder_.path() / "data")) {
    int status = 0;
    if (::waitpid(server_, &status, WNOHANG) == server_) GiveUp("the server ended; see " + folder_.File("server.log"));
    const timespec pause{0, 10'000'000};  // another process gets ready: nothing to wait on but its file
    ::nanosleep(&pause, nullptr);
  }
}

void PostgresCluster::Crash() {
  if (server_ < 0) return;
  ::kill(server_, SIGQUIT);
  int status = 0;
  ::waitpid(server_, &status, 0);
  server_ = -1;
}

void PostgresCluster::Promote() {
  Run("host=" + host() + " port=" + std::to_string(port_) + " user=fermata dbname=postgres", "SELECT pg_promote()");
}

std::string PostgresCluster::CreateDatabase() {
  const std::string name = "test" + std::to_string(++databases_);
  const std::string server = "host=" + host() + " port=" + std::to_string(port_) + " user=fermata";
  Run(server + " dbname=postgres", "CREATE DATABASE " + name);
  return server + " dbname=" + name;
}

std::string PostgresCluster::Run(const std::string& connection, const std::string& sql) {
  return Capture("psql -X -q -A -t -v ON_ERROR_STOP=1 -d " + Quoted(connection) + " -c " + Quoted(sql) + " 2>&1");
}

}  // namespace fermata::test
