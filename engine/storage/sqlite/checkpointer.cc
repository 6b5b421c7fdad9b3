#include "engine/storage/sqlite/checkpointer.h"

#include "engine/model/limits.h"

namespace fermata::sqlite {
namespace {

int RememberLogPages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

// Errors show at the next commit, which meets the same disk.
void Checkpoint(Connection& connection, int mode) {
  sqlite3_wal_checkpoint_v2(connection.handle(), nullptr, mode, nullptr, nullptr);
}

}  // namespace

Checkpointer::Checkpointer(Connection& committing, std::unique_ptr<Connection> own)
    : committing_(committing), own_(std::move(own)), thread_([this] { Loop(); }) {
  sqlite3_wal_hook(committing_.handle(), RememberLogPages, &log_pages_);
}

Checkpointer::~Checkpointer() {
  sqlite3_wal_hook(committing_.handle(), nullptr, nullptr);
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Checkpointer::AfterCommit() {
  if (log_pages_ < kSqliteLogPages) return;
  std::unique_lock lock(mutex_);
  if (phase_ == Phase::kIdle) {
    phase_ = Phase::kWanted;
    wake_.notify_one();
  } else if (phase_ == Phase::kDone) {
    lock.unlock();
    // Readers that never pause could keep the log from starting anew for ever: then wait for them.
    Checkpoint(committing_, log_pages_ < kSqliteLogPagesMax ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART);
    lock.lock();
    phase_ = Phase::kIdle;
  }
}

void Checkpointer::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || phase_ == Phase::kWanted; });
    if (stopping_) return;
    phase_ = Phase::kRunning;
    lock.unlock();
    Checkpoint(*own_, SQLITE_CHECKPOINT_PASSIVE);
    lock.lock();
    phase_ = Phase::kDone;
  }
}

}  // namespace fermata::sqlite
