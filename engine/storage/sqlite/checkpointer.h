// Carries committed pages from the write-ahead log back into the database file, beside the commits.
//
// The log can only start anew when all of it has been carried back. So a thread does the bulk while commits go on, and the
// committing thread then does what came meanwhile, which is little. AfterCommit is called from the committing thread only.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "engine/storage/sqlite/connection.h"

namespace fermata::sqlite {

class Checkpointer {
 public:
  // `committing` is the connection of the committing thread and must outlive this; `own` is for the thread.
  Checkpointer(Connection& committing, std::unique_ptr<Connection> own);
  ~Checkpointer();

  // Looks at the length of the log, and does or starts what is due.
  void AfterCommit();

 private:
  enum class Phase { kIdle, kWanted, kRunning, kDone };

  void Loop();

  Connection& committing_;
  const std::unique_ptr<Connection> own_;
  int log_pages_ = 0;  // set by SQLite's hook, on the committing thread

  std::mutex mutex_;
  std::condition_variable wake_;
  Phase phase_ = Phase::kIdle;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace fermata::sqlite
