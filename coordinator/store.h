// coordinator/store.h: trawl.db: one writer thread with group commit, one reader for the loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "coordinator/journal_clock.h"
#include "coordinator/run_tables.h"
#include "coordinator/store_reader.h"
#include "coordinator/store_writer.h"
#include "core/fact.h"
#include "protocol/mailbox.h"
#include "sqlite/group_commit.h"

namespace trawl::coordinator {

class Store {
 public:
  static Result<std::unique_ptr<Store>> open(const std::string& path);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Puts the facts on disk; `done` runs on the writer's thread, in the order of the calls.
  /// While the disk is full, it waits with them for room; `trouble` says so.
  void append(std::vector<core::Fact> facts, std::function<void(const Result<void>&)> done,
              sqlite::GroupCommit::Urgency urgency = sqlite::GroupCommit::Urgency::kUrgent);

  /// Filled by the writer's thread: why nothing can be written right now, and "" when that is over.
  protocol::Mailbox<std::string>& trouble() { return trouble_; }

  /// Puts the anchor of the journal's clock on disk, no later than the facts that are appended
  /// after it; `done` as for append().
  void keep_clock(const ClockAnchor& anchor, std::function<void(const Result<void>&)> done);

  /// What was kept before this file was opened.
  const std::optional<ClockAnchor>& kept_clock() const { return kept_clock_; }

  /// Puts on disk how long workers may be promised to run without a word (core::lease_wait), no
  /// later than the facts that are appended after it; `done` as for append().
  void keep_lease_wait(Duration wait, std::function<void(const Result<void>&)> done);

  /// What was kept before this file was opened; 0 where nobody was promised anything.
  Duration kept_lease_wait() const { return kept_lease_wait_; }

  /// Names this file among all; made with it.
  std::uint64_t id() const { return id_; }

  StoreReader& reader() { return *reader_; }

  /// Runs `body` on the writer's thread inside its next transaction, and returns when that is on
  /// disk. What `body` throws undoes what it has done and nothing else, and comes from here:
  /// SQLite's as an error, others thrown. Any thread but the writer's.
  Result<void> change_runs(const std::function<void(RunTables&)>& body);

  /// A connection of the caller's own, for one thread at a time.
  Result<std::unique_ptr<SQLite::Database>> open_reader() const;

 private:
  Store() = default;

  std::uint64_t id_ = 0;
  std::optional<ClockAnchor> kept_clock_;
  Duration kept_lease_wait_{};
  protocol::Mailbox<std::string> trouble_;
  /// All of it the writer thread's.
  struct Writing {
    explicit Writing(SQLite::Database& database)
        : statements(database), tables(statements), runs(statements) {}

    sqlite::Statements statements;
    StoreWriter tables;
    RunTables runs;
  };

  std::string path_;
  std::unique_ptr<Writing> writing_;
  std::unique_ptr<StoreReader> reader_;
  std::unique_ptr<sqlite::GroupCommit> writer_;
};

}  // namespace trawl::coordinator
