// coordinator/store_writer.h: facts into tables, on the writer's thread, in the transaction that
// makes them durable.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/fact.h"

namespace trawl::coordinator {

/// Used by one thread, with one database. Throws SQLite::Exception.
class StoreWriter {
 public:
  void write(SQLite::Database& database, const std::vector<core::Fact>& facts);

  /// Must happen before the database is closed.
  void forget_statements() { statements_.clear(); }

 private:
  SQLite::Statement& statement(const char* sql);
  void journal(const core::Fact& fact, core::JobId job, std::int64_t number, const char* kind,
               const std::string& text);

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
  void put_record(core::TrialId trial, const Record& record);
  void put_change(const Record& record);
  /// The trial's value no longer counts: chooses anew if it was the best.
  void choose_best(core::TrialId gone);

  SQLite::Database* database_ = nullptr;
  std::map<const char*, std::unique_ptr<SQLite::Statement>>
      statements_;  // by the literal's address
};

}  // namespace trawl::coordinator
