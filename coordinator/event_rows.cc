#include "coordinator/event_rows.h"

#include <string_view>

#include "base/assert.h"
#include "protocol/codec.h"

namespace trawl::coordinator {
namespace {

constexpr std::string_view kSuggested = "trial_suggested";
constexpr std::string_view kAssigned = "attempt_assigned";
constexpr std::string_view kFinished = "attempt_finished";
constexpr std::string_view kEnded = "trial_ended";

}  // namespace

EventRows::EventRows(sqlite::Statements& statements) : statements_(statements) {
  SQLite::Statement& select = statements_.get("SELECT event_last FROM store");
  TRAWL_ASSERT(select.executeStep());
  id_last_ = select.getColumn(0).getInt64();
  select.reset();
}

void EventRows::put(const core::Fact& fact, Event event) {
  const std::string bytes = protocol::encode_fact(fact);
  if (Row* row = shared_row(event)) {
    row->facts += bytes;
    if (event.kind == kEnded) {
      row->event = std::move(event);
      row->at = fact.at;
    }
    return;
  }
  const bool goes_on = event.kind == kSuggested && !rows_.empty() &&
                       rows_.back().event.kind == kSuggested && rows_.back().event.job == event.job;
  if (!goes_on) write_rows();
  rows_.push_back({std::move(event), fact.at, bytes});
}

// The rows are either one of any kind, or suggestions for consecutive trials of one job: an
// assignment may pass those of later trials, since neither knows of the other.
EventRows::Row* EventRows::shared_row(const Event& event) {
  if (rows_.empty() || rows_.front().event.job != event.job || !event.number) return nullptr;
  const Event& first = rows_.front().event;
  if (event.kind == kEnded) {
    const bool shares =
        first.kind == kFinished && first.number == event.number && first.text.empty();
    return shares ? &rows_.front() : nullptr;
  }
  if (event.kind != kAssigned || !event.text.empty() || first.kind != kSuggested) return nullptr;
  const std::int64_t index = *event.number - *first.number;
  if (index < 0 || index >= static_cast<std::int64_t>(rows_.size())) return nullptr;
  return &rows_[static_cast<std::size_t>(index)];
}

void EventRows::flush() {
  write_rows();
  statements_.run("UPDATE store SET event_last = ?1 WHERE event_last < ?1", id_last_);
}

void EventRows::write_rows() {
  for (const Row& row : rows_) {
    auto& insert = statements_.get(
        "INSERT INTO events(job, id, number, at_us, kind, text, fact) VALUES (?, ?, ?, ?, ?, ?, "
        "?)");
    insert.bind(1, row.event.job.number);
    insert.bind(2, ++id_last_);
    if (row.event.number) insert.bind(3, *row.event.number);
    insert.bind(4, row.at.us);
    insert.bindNoCopy(5, row.event.kind);
    insert.bindNoCopy(6, row.event.text);
    insert.bindNoCopy(7, row.facts.data(), static_cast<int>(row.facts.size()));
    insert.exec();
    insert.reset();
  }
  rows_.clear();
}

}  // namespace trawl::coordinator
