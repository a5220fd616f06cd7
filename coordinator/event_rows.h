// coordinator/event_rows.h: the journal: the facts of one write as rows of the table events, each
// with what people read of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/fact.h"
#include "sqlite/statements.h"

namespace trawl::coordinator {

/// Used by one thread. Throws SQLite::Exception.
class EventRows {
 public:
  /// `statements` outlives it, and is of a file of the newest schema.
  explicit EventRows(sqlite::Statements& statements);

  struct Event {
    core::JobId job;
    std::optional<std::int64_t> number;  // of the trial, where it is about one
    const char* kind = "";
    std::string text;  // for people; "" where there is nothing to tell
  };

  /// Facts that say one thing of a trial together share a row: its suggestion with its first
  /// attempt, the end of its last attempt with its own. Their replay, row by row, gives the same
  /// state.
  void put(const core::Fact& fact, Event event);

  /// Writes the rows, and which one was the last.
  void flush();

  /// Drops them, where a write has failed half way.
  void clear() { rows_.clear(); }

 private:
  struct Row {
    Event event;
    Instant at;
    std::string facts;  // one or more, as bytes
  };

  Row* shared_row(const Event& event);
  void write_rows();

  sqlite::Statements& statements_;
  std::int64_t id_last_ = 0;
  std::vector<Row> rows_;  // that another fact may share still; oldest first
};

}  // namespace trawl::coordinator
