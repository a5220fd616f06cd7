// worker/spool.h: what a worker has to report and the coordinator has not committed yet, on disk.
// A trial's client gets its 200 when its records are here. Reports are numbered from 1 without
// gaps.
//
// Rows of a running attempt stay after they are acknowledged, so that its endpoint can be rebuilt
// from them; they go with the acknowledgement of the attempt's end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "core/message.h"
#include "sqlite/group_commit.h"

namespace trawl::worker {

class Spool {
 public:
  /// `on_durable` is called on the spool's own thread, in the order of the numbers, for every
  /// report that this process appends.
  using OnDurable = std::function<void(core::Report)>;

  /// Called on the spool's thread when the disk begins to refuse what is appended (why), and ("")
  /// when it takes it again.
  using OnTrouble = std::function<void(const std::string&)>;

  static Result<std::unique_ptr<Spool>> open(const std::string& path, OnDurable on_durable,
                                             OnTrouble on_trouble = {});
  ~Spool();

  /// Names this spool among all; made with the file.
  std::uint64_t id() const { return id_; }

  /// How often it has been opened for work, this time included.
  std::uint64_t incarnation() const { return incarnation_; }

  /// Any thread. True where this spool can go on with a coordinator whose store is named `store`
  /// and has its reports up to `committed`; the first store that asks is its own from then on.
  /// False where it belongs to another one, or the store is an older copy: reports that it lacks
  /// are gone.
  Result<bool> fits(std::uint64_t store, std::uint64_t committed);

  /// Any thread. Returns when the report is on disk.
  Result<void> append(core::ReportBody body);

  /// Any thread. Returns at once, and is durable within milliseconds, later ones if `urgency` lets
  /// it; an error goes to `on_error` on the spool's thread.
  void append_later(core::ReportBody body, sqlite::GroupCommit::Urgency urgency,
                    std::function<void(const Error&)> on_error);

  /// Up to `count` reports after `seq`, in order.
  Result<std::vector<core::Report>> read_after(std::uint64_t seq, std::int64_t count);

  /// Every record that was accepted from the attempt.
  Result<std::vector<Record>> records_of(core::AttemptId attempt);

  struct Leftover {
    core::AttemptId attempt;
    std::uint64_t end_seq{};  // of its AttemptEnded; 0: it has none
  };
  /// The attempts that have rows here: what an earlier process of this worker left.
  Result<std::vector<Leftover>> leftovers();

  /// Reports up to `committed` are on the coordinator's disk.
  void discard(std::uint64_t committed);

 private:
  Spool(std::string what, std::unique_ptr<SQLite::Database> reader, OnDurable on_durable,
        OnTrouble on_trouble)
      : what_(std::move(what)),
        reader_(std::move(reader)),
        on_durable_(std::move(on_durable)),
        on_trouble_(std::move(on_trouble)) {}
  void note_trouble(const std::string& trouble);
  struct Piece {
    sqlite::GroupCommit::Work work;
    sqlite::GroupCommit::Done done;
  };
  Piece piece_of(core::ReportBody body);

  const std::string what_;  // begins the errors of reading
  std::uint64_t id_ = 0;
  std::uint64_t incarnation_ = 0;
  std::mutex reader_mutex_;
  std::unique_ptr<SQLite::Database> reader_;
  std::unique_ptr<SQLite::Statement> select_records_;
  OnDurable on_durable_;
  OnTrouble on_trouble_;
  std::string trouble_;  // the spool thread's
  std::mutex rows_mutex_;
  std::map<std::uint64_t, core::AttemptId> ends_;  // AttemptEnded rows that are still here
  std::set<core::AttemptId> with_records_;         // attempts that may have AttemptLogged rows
  std::unique_ptr<SQLite::Statement> insert_;      // the writer thread's; goes before its database
  std::unique_ptr<SQLite::Statement> erase_;
  std::unique_ptr<SQLite::Statement> note_last_;
  std::unique_ptr<sqlite::GroupCommit> writer_;
};

}  // namespace trawl::worker
