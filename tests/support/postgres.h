// A PostgreSQL cluster of the test program's own: in a temporary folder, on a free port, gone at the end.
//
// One a process (Shared()), with a fresh database for each test. Not thread-safe. Ends the process with a message if
// PostgreSQL's server programs are not installed.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace fermata::test {

class PostgresCluster {
 public:
  // Started by the first call, stopped when the process exits. It ends with the process, however that ends.
  static PostgresCluster& Shared();

  PostgresCluster();
  // A standby that follows `primary`, which must run: a copy of it, read-only until Promote().
  explicit PostgresCluster(const PostgresCluster& primary);
  ~PostgresCluster();
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  // Makes an empty database and gives its connection string. Databases stay until the cluster goes.
  std::string CreateDatabase();
  // Runs SQL as the superuser in the database of this connection string; gives what psql prints (unaligned, tuples only).
  std::string Run(const std::string& connection, const std::string& sql);

  // As after a power cut of the database's machine, and back again on the same port. What runs is waited for.
  void Crash();
  void Start();
  // Makes a standby a primary, and waits for that.
  void Promote();

  // The part of a connection string that leads to this cluster: its host and its port.
  std::string host() const { return folder_.path().string(); }
  int port() const { return port_; }

 private:
  void FindPrograms();
  // Runs one of PostgreSQL's programs as the server's user; gives up if it fails.
  void RunProgram(std::vector<std::string> words);

  TempFolder folder_;
  std::string programs_;  // the folder of initdb and postgres
  int port_ = 0;
  pid_t server_ = -1;
  int databases_ = 0;
};

}  // namespace fermata::test
