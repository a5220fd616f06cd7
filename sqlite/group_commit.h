// sqlite/group_commit.h: writes to a database, one transaction at a time. Work handed in while one
// is on its way shares the next, so a sync is paid once for many.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/error.h"
#include "sqlite/database.h"

namespace trawl::sqlite {

class GroupCommit {
 public:
  /// Runs inside the transaction; throws SQLite::Exception, nothing else.
  using Work = std::function<void(SQLite::Database&)>;
  /// Runs after the commit (or its failure), in the order of submission. Must not block.
  using Done = std::function<void(const Result<void>&)>;
  // All of these run one after the other, on the writer's thread or in commit().

  /// Runs when the disk turns out to be full, and (null) when the same batch
  /// could be written after all.
  using OnFull = std::function<void(const Error*)>;

  /// `what` names the file in errors: "cannot write /path/trawl.db". With `on_full`, a batch for
  /// which there is no room is tried again until there is: nothing of it is lost, and what comes
  /// after it waits. Without, it is an error like others.
  /// Lazy work waits `patience` for more of it.
  GroupCommit(std::unique_ptr<SQLite::Database> database, std::string what,
              std::chrono::milliseconds patience, OnFull on_full = {});

  /// Commits what was handed in, then ends.
  ~GroupCommit();

  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  /// Lazy work may wait for more of it, so that a sync is paid for many; urgent work goes at once
  /// and takes what waits along.
  enum class Urgency { kUrgent, kLazy };

  /// Hands work in; any thread. Blocks while kQueueMax pieces wait. If any work of a batch fails,
  /// nothing of that batch is written and every piece of it gets the error.
  void submit(Work work, Done done, Urgency urgency = Urgency::kUrgent);

  /// The same, and waits until it is durable and `done`, if there is one, has run. Where nothing
  /// else is being written or waits, the calling thread writes it itself, which saves waking
  /// another.
  Result<void> commit(Work work, Done done = {});

 private:
  struct Item {
    Work work;
    Done done;
  };
  static constexpr std::size_t kQueueMax = 65'536;
  static constexpr std::size_t kBatchMax = 4'096;

  void run();
  void write_and_tell(std::deque<Item>& batch);
  Result<void> write(std::deque<Item>& batch);
  Result<void> write_with_patience(std::deque<Item>& batch);

  std::unique_ptr<SQLite::Database> database_;
  const std::string what_;
  const std::chrono::milliseconds patience_;
  const OnFull on_full_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  bool is_urgent_ = false;  // something in the queue is
  std::chrono::steady_clock::time_point
      lazy_until_;        // set with the first lazy piece of an empty queue
  bool writing_ = false;  // somebody is at the database
  bool ending_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace trawl::sqlite
