#include "sqlite/group_commit.h"

#include <algorithm>
#include <chrono>
#include <future>

namespace trawl::sqlite {

GroupCommit::GroupCommit(std::unique_ptr<SQLite::Database> database, std::string what,
                         std::chrono::milliseconds patience, OnFull on_full)
    : database_(std::move(database)),
      what_(std::move(what)),
      patience_(patience),
      on_full_(std::move(on_full)),
      thread_([this] { run(); }) {}

GroupCommit::~GroupCommit() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void GroupCommit::submit(Work work, Done done, Urgency urgency) {
  bool is_news = true;  // for the writer: it sleeps on through further lazy work
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return queue_.size() < kQueueMax; });
    if (queue_.empty()) {
      lazy_until_ = std::chrono::steady_clock::now() + patience_;
    } else {
      is_news = urgency == Urgency::kUrgent && !is_urgent_;
    }
    is_urgent_ = is_urgent_ || urgency == Urgency::kUrgent;
    queue_.push_back({std::move(work), std::move(done)});
    is_news = is_news || queue_.size() == kBatchMax;
  }
  if (is_news) changed_.notify_all();
}

Result<void> GroupCommit::commit(Work work, Done done) {
  std::promise<Result<void>> promise;
  std::future<Result<void>> durable = promise.get_future();
  const auto tell = [&promise, &done](const Result<void>& result) {
    if (done) done(result);
    promise.set_value(result);
  };
  std::unique_lock lock(mutex_);
  if (writing_ || !queue_.empty()) {
    lock.unlock();
    submit(std::move(work), tell);
    return durable.get();
  }
  writing_ = true;
  lock.unlock();
  std::deque<Item> batch;
  batch.push_back({std::move(work), tell});
  write_and_tell(batch);
  return durable.get();
}

void GroupCommit::run() {
  while (true) {
    std::deque<Item> batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return ending_ || !queue_.empty(); });
      if (queue_.empty()) return;
      changed_.wait_until(lock, lazy_until_,
                          [&] { return ending_ || is_urgent_ || queue_.size() >= kBatchMax; });
      changed_.wait(lock, [&] { return !writing_; });
      const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), kBatchMax));
      batch.assign(std::make_move_iterator(queue_.begin()),
                   std::make_move_iterator(queue_.begin() + count));
      queue_.erase(queue_.begin(), queue_.begin() + count);
      is_urgent_ = !queue_.empty();  // what is left of a full batch follows at once
      writing_ = true;
    }
    changed_.notify_all();
    write_and_tell(batch);
  }
}

// By whoever has set writing_.
void GroupCommit::write_and_tell(std::deque<Item>& batch) {
  const Result<void> result = write_with_patience(batch);
  for (Item& item : batch) item.done(result);
  bool is_news = false;
  {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    is_news = !queue_.empty();
  }
  if (is_news) changed_.notify_all();
}

// A full disk is the one failure after which the same bytes can be written as if nothing had
// happened: SQLite has rolled back, and nobody was told that they are safe.
Result<void> GroupCommit::write_with_patience(std::deque<Item>& batch) {
  constexpr auto kRetryInterval = std::chrono::milliseconds(500);
  Result<void> result = write(batch);
  bool was_full = false;
  while (on_full_ && !result && result.error().code == ErrorCode::kFull) {
    if (!was_full) on_full_(&result.error());
    was_full = true;
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kRetryInterval, [&] { return ending_; })) break;
    lock.unlock();
    result = write(batch);
  }
  if (was_full && result) on_full_(nullptr);
  return result;
}

Result<void> GroupCommit::write(std::deque<Item>& batch) {
  return guarded(what_, [&] {
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    for (Item& item : batch) item.work(*database_);
    transaction.commit();
  });
}

}  // namespace trawl::sqlite
