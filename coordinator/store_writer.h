// coordinator/store_writer.h: facts into tables, on the writer's thread, in the transaction that
// makes them durable.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "coordinator/event_rows.h"
#include "coordinator/record_writer.h"
#include "coordinator/trial_rows.h"
#include "core/fact.h"
#include "sqlite/statements.h"

namespace trawl::coordinator {

/// Used by one thread. Throws SQLite::Exception.
class StoreWriter {
 public:
  /// `statements` outlives it.
  explicit StoreWriter(sqlite::Statements& statements);

  void write(const std::vector<core::Fact>& facts);

 private:
  void put(const core::Fact& fact, const core::JobSubmitted& body);
  void put(const core::Fact& fact, const core::TrialSuggested& body);
  void put(const core::Fact& fact, const core::SuggestionsExhausted& body);
  void put(const core::Fact& fact, const core::AttemptAssigned& body);
  void put(const core::Fact& fact, const core::AttemptRunning& body);
  void put(const core::Fact& fact, const core::RecordsAccepted& body);
  void put(const core::Fact& fact, const core::PrimaryReported& body);
  void put(const core::Fact& fact, const core::StopDecided& body);
  void put(const core::Fact& fact, const core::AttemptFinished& body);
  void put(const core::Fact& fact, const core::TrialEnded& body);
  void put(const core::Fact& fact, const core::JobCancelRequested& body);
  void put(const core::Fact& fact, const core::JobEnded& body);
  void put(const core::Fact& fact, const core::ReportsTaken& body);
  void put(const core::Fact& fact, const core::JobUpdated& body);
  void put_sweep_run(const core::Fact& fact, core::JobId job);
  /// The trial's value no longer counts: chooses anew if it was the best.
  void choose_best(core::TrialId gone);
  void tag_best(core::JobId job);

  struct Job {
    JobRow row;
    bool has_begun = false;  // as far as this write has said so
  };
  Job& job(core::JobId id);

  sqlite::Statements& statements_;
  RecordWriter records_;
  TrialRows trials_;
  EventRows events_;
  std::map<core::JobId, Job> jobs_;               // met by one write()
  std::map<std::uint64_t, std::uint64_t> taken_;  // by the facts of one write()
  const std::string user_;                        // who runs this coordinator: the jobs are theirs
};

}  // namespace trawl::coordinator
