// tests/unit/coordinator/stored_cluster.cc: see stored_cluster.h.
#include "tests/unit/coordinator/stored_cluster.h"

#include <future>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "coordinator/schema.h"
#include "sqlite/database.h"

namespace trawl::coordinator {
namespace {

std::string text_of(const std::optional<double>& value) {
  return value ? python_repr(*value) : "-";
}

// A trial as its row must read: status|attempt|reports|best_value.
std::string expected_row(const core::Trial& trial) {
  const bool stopping = trial.stop && trial.phase == core::Trial::Phase::kLive;
  return fmt::format("{}|{}|{}|{}",
                     core::to_string(stopping ? core::Status::kCancelRequested : trial.status),
                     trial.attempt, trial.reports.size(), text_of(trial.best));
}

std::string cell(const SQLite::Column& column) {
  if (column.isNull()) return "-";
  if (column.isFloat()) return python_repr(column.getDouble());
  return column.getString();
}

std::vector<std::string> rows_of(const std::string& path, const std::string& sql) {
  const auto database = sqlite::open(path, sqlite::Access::kRead, kMigrations);
  REQUIRE(database);
  SQLite::Statement select(**database, sql);
  std::vector<std::string> found;
  while (select.executeStep()) {
    std::string text;
    for (int i = 0; i < select.getColumnCount(); ++i) {
      if (i > 0) text += '|';
      text += cell(select.getColumn(i));
    }
    found.push_back(std::move(text));
  }
  return found;
}

}  // namespace

StoredCluster::StoredCluster(core::CoordinatorOptions options)
    : cluster(options), options_(options), path_(folder_.file("trawl.db")) {
  reopen();
}

void StoredCluster::reopen() {
  store_.reset();
  auto opened = Store::open(path_);
  REQUIRE(opened);
  store_ = std::move(*opened);
}

core::Decision StoredCluster::keep(core::Decision decision) {
  commit(*store_, decision.facts);
  facts_.insert(facts_.end(), decision.facts.begin(), decision.facts.end());
  compare();
  return decision;
}

void StoredCluster::commit(Store& store, std::vector<core::Fact> facts) {
  std::promise<Result<void>> promise;
  store.append(std::move(facts), [&](const Result<void>& result) { promise.set_value(result); });
  const Result<void> committed = promise.get_future().get();
  if (!committed) FAIL(committed.error().message);
}

void StoredCluster::compare_in_turns_of(std::size_t count) {
  const std::string path = folder_.file(fmt::format("turns-of-{}.db", count));
  {
    const auto store = Store::open(path);
    REQUIRE(store);
    for (std::size_t at = 0; at < facts_.size(); at += count) {
      const auto begin = facts_.begin() + static_cast<std::ptrdiff_t>(at);
      commit(**store,
             {begin, begin + static_cast<std::ptrdiff_t>(std::min(count, facts_.size() - at))});
    }
    core::Coordinator replayed(options_);
    const auto result = (*store)->reader().replay(replayed);
    if (!result) FAIL(result.error().message);
    CHECK(replayed.state() == cluster.core().state());
  }
  for (const char* table :
       {"jobs", "trials", "attempts", "runs", "metrics", "params", "tags", "documents", "spools"}) {
    INFO(table);
    const std::string select = fmt::format("SELECT * FROM {} ORDER BY 1, 2", table);
    CHECK(rows_of(path, select) == rows(select));
  }
  CHECK(rows_of(path, "PRAGMA foreign_key_check").empty());
}

void StoredCluster::compare() {
  CHECK(rows("PRAGMA foreign_key_check").empty());
  core::Coordinator replayed(options_);
  const auto result = store_->reader().replay(replayed);
  if (!result) FAIL(result.error().message);
  CHECK(replayed.state() == cluster.core().state());
  for (const auto& [id, job] : cluster.core().state().jobs) {
    const std::string best = job.best_trial ? std::to_string(*job.best_trial) : "-";
    CHECK(row(fmt::format("SELECT best_trial FROM jobs WHERE id = {}", id.number)) == best);
    std::vector<std::string> expected;
    for (const core::Trial& trial : job.trials) expected.push_back(expected_row(trial));
    CHECK(rows(fmt::format("SELECT status, attempt, reports, best_value FROM trials WHERE job = {} "
                           "ORDER BY number",
                           id.number)) == expected);
  }
}

void StoredCluster::start(const JobSpec& spec) {
  core::Decision decision = keep(cluster.submit(spec));
  if (!core::commands<core::Suggest>(decision).empty()) {
    decision = keep(cluster.suggested(cluster.core().state().job_id_last));
  }
  for (const core::AttemptId& attempt : core::launched(decision)) keep(cluster.started(attempt));
}

Json StoredCluster::show(const std::string& name, const StoreReader::ShowNotes& notes) {
  const auto shown = store_->reader().show(name, notes);
  if (!shown) FAIL(shown.error().message);
  return Json::parse(*shown);
}

Json StoredCluster::list(const std::string& parent, std::int64_t max_results,
                         protocol::Archived archived) {
  const auto listed = store_->reader().list({parent, max_results, archived});
  if (!listed) FAIL(listed.error().message);
  return Json::parse(*listed);
}

Json StoredCluster::watch(const std::string& name, std::int64_t after) {
  const auto watched = store_->reader().watch(name, after, {});
  if (!watched) FAIL(watched.error().message);
  return Json::parse(*watched);
}

std::vector<std::string> StoredCluster::rows(const std::string& sql) const {
  return rows_of(path_, sql);
}

std::string StoredCluster::row(const std::string& sql) const {
  const std::vector<std::string> found = rows(sql);
  REQUIRE(found.size() == 1);
  return found[0];
}

void StoredCluster::tamper(const std::string& sql) {
  auto database = sqlite::open(path_, sqlite::Access::kWrite, kMigrations);
  REQUIRE(database);
  (*database)->exec(sql);
}

}  // namespace trawl::coordinator
