#include "tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace fermata::test {
namespace {

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

// In the child, after fork(): only what is safe there.
[[noreturn]] void Become(char** arguments, char** environment, int output, const char* stderr_file) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(output, STDOUT_FILENO);
  if (*stderr_file != '\0') {
    const int file = ::open(stderr_file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file >= 0) ::dup2(file, STDERR_FILENO);
  }
  ::execve(arguments[0], arguments, environment);
  ::_exit(127);
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command, const Environment& more_environment,
                           const std::string& stderr_file) {
  // Later entries would be shadowed by earlier ones of the same name, so ours come last and only where they are not replaced.
  std::vector<std::string> environment;
  for (const auto& [name, value] : more_environment) environment.push_back(name + "=" + value);
  for (char** entry = ::environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  std::vector<std::string> arguments = command;
  std::vector<char*> argument_pointers = Pointers(arguments), environment_pointers = Pointers(environment);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) Die("pipe2");
  pid_ = ::fork();
  if (pid_ < 0) Die("fork");
  if (pid_ == 0) Become(argument_pointers.data(), environment_pointers.data(), ends[1], stderr_file.c_str());
  ::close(ends[1]);
  output_ = ends[0];
}

ChildProcess::~ChildProcess() {
  Kill();
  ::close(output_);
}

std::string ChildProcess::ReadLine(int patience_ms) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  for (;;) {
    if (const std::size_t at = buffer_.find('\n'); at != std::string::npos) {
      std::string line = buffer_.substr(0, at);
      buffer_.erase(0, at + 1);
      return line;
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    pollfd wanted{output_, POLLIN, 0};
    if (left <= 0 || ::poll(&wanted, 1, static_cast<int>(left)) <= 0) return "";
    char bytes[4096];
    const ssize_t size = ::read(output_, bytes, sizeof bytes);
    if (size <= 0) return "";
    buffer_.append(bytes, static_cast<std::size_t>(size));
  }
}

void ChildProcess::Signal(int number) {
  if (pid_ > 0) ::kill(pid_, number);
}

void ChildProcess::Kill() {
  Signal(SIGKILL);
  Wait();
}

int ChildProcess::Wait() {
  if (pid_ <= 0) return -1;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace fermata::test
