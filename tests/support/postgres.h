// A PostgreSQL cluster of the test program's own: in a temporary folder, on a free port, gone at the end.
//
// One a process (Shared()), with a fresh database for each test. Not thread-safe. Ends the process with a message if
// PostgreSQL's server programs are not installed.
#pragma once

#include <sys/types.h>

#include <string>

#include "tests/support/temp_folder.h"

namespace fermata::test {

class PostgresCluster {
 public:
  // Started by the first call, stopped when the process exits. It ends with the process, however that ends.
  static PostgresCluster& Shared();

  PostgresCluster();
  ~PostgresCluster();

  // Makes an empty database and gives its connection string. Databases stay until the cluster goes.
  std::string CreateDatabase();
  // Runs SQL as the superuser in the database of this connection string; gives what psql prints (unaligned, tuples only).
  std::string Run(const std::string& connection, const std::string& sql);

  // As after a power cut of the database's machine, and back again on the same port. What runs is waited for.
  void Crash();
  void Start();

  int port() const { return port_; }

 private:
  void Initialize();

  TempFolder folder_;
  std::string programs_;  // the folder of initdb and postgres
  int port_ = 0;
  pid_t server_ = -1;
  int databases_ = 0;
};

}  // namespace fermata::test
