#include "sqlite/group_commit.h"

#include <algorithm>
#include <future>

namespace trawl::sqlite {

GroupCommit::GroupCommit(std::unique_ptr<SQLite::Database> database, std::string what)
    : database_(std::move(database)), what_(std::move(what)), thread_([this] { run(); }) {}

GroupCommit::~GroupCommit() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void GroupCommit::submit(Work work, Done done) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return queue_.size() < kQueueMax; });
    queue_.push_back({std::move(work), std::move(done)});
  }
  changed_.notify_all();
}

Result<void> GroupCommit::commit(Work work) {
  std::promise<Result<void>> promise;
  std::future<Result<void>> durable = promise.get_future();
  submit(std::move(work), [&promise](const Result<void>& result) { promise.set_value(result); });
  return durable.get();
}

void GroupCommit::run() {
  while (true) {
    std::deque<Item> batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return ending_ || !queue_.empty(); });
      if (queue_.empty()) return;
      const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), kBatchMax));
      batch.assign(std::make_move_iterator(queue_.begin()),
                   std::make_move_iterator(queue_.begin() + count));
      queue_.erase(queue_.begin(), queue_.begin() + count);
    }
    changed_.notify_all();
    const Result<void> result = write(batch);
    for (Item& item : batch) item.done(result);
  }
}

Result<void> GroupCommit::write(std::deque<Item>& batch) {
  return guarded(what_, [&] {
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    for (Item& item : batch) item.work(*database_);
    transaction.commit();
  });
}

}  // namespace trawl::sqlite
