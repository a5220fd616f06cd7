// A trawl.db of an earlier schema becomes one of this.
#include "coordinator/schema.h"

#include <algorithm>
#include <future>
#include <span>

#include <catch2/catch.hpp>

#include "coordinator/store.h"
#include "protocol/codec.h"
#include "sqlite/database.h"
#include "tests/unit/core/cluster.h"
#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::coordinator {
namespace {

TEST_CASE("runs of an earlier file get their sweep, their names and their parent", "[store]") {
  const TemporaryFolder folder;
  const std::string path = folder.file("trawl.db");
  {
    const auto old = sqlite::open(path, sqlite::Access::kWrite, std::span(kMigrations).first(2));
    REQUIRE(old);
    (*old)->exec(
        "INSERT INTO experiments(experiment_id, name, created_us) VALUES ('42', 'digits', 1000);"
        "INSERT INTO jobs(id, name, type, experiment_name, status, created_us, ended_us, "
        "max_total_trials, max_concurrent_trials, document, last_event) VALUES (1, 'lr', 'sweep', "
        "'digits', 'Failed', 5000, 9000, 1, 1, '{}', 0);"
        "INSERT INTO trials(job, number, name, status, parameters, created_us, last_event) VALUES "
        "(1, 0, 'lr_0', 'Failed', '{}', 6000, 0);"
        "INSERT INTO runs(run_id, job, number, experiment_id, run_name, user_id, status, "
        "start_time_ms, lifecycle_stage) VALUES ('lr_0', 1, 0, '42', 'mine', 'me', 'FAILED', 6, "
        "'deleted');"
        "INSERT INTO documents(job, number, kind, id, json) VALUES (1, 0, 'k', 'i', '{}');");
  }
  const auto store = Store::open(path);
  REQUIRE(store);
  const auto reader = (*store)->open_reader();
  REQUIRE(reader);
  sqlite::Statements statements(**reader);
  const RunTables runs(statements);
  const auto sweep = runs.find_run("lr", tracking::RunDetail::kAll);
  REQUIRE(sweep != nullptr);
  CHECK(sweep->experiment_id == "42");
  CHECK(sweep->status == "FAILED");
  CHECK(sweep->start_time_ms == 5);
  CHECK(sweep->end_time_ms == 9);
  CHECK(sweep->tags.at("mlflow.runName") == "lr");
  const auto trial = runs.find_run("lr_0", tracking::RunDetail::kAll);
  REQUIRE(trial != nullptr);
  CHECK(trial->is_deleted);
  CHECK(trial->user_id == "me");
  CHECK(trial->tags.at("mlflow.runName") == "mine");
  CHECK(trial->tags.at("mlflow.parentRunId") == "lr");
  CHECK(runs.find_document("k", "i") == "{}");
  CHECK(runs.find_experiment("0")->name == "Default");
  CHECK((*reader)->execAndGet("SELECT experiment_id FROM jobs").getString() == "42");
}

TEST_CASE("the journal of an earlier file is replayed, and goes on after its last event",
          "[store]") {
  const TemporaryFolder folder;
  const std::string path = folder.file("trawl.db");
  const core::Fact submitted{{1'000'000},
                             core::JobSubmitted{core::JobId{1}, core::sweep_job("lr", {})}};
  {
    const auto old = sqlite::open(path, sqlite::Access::kWrite, std::span(kMigrations).first(8));
    REQUIRE(old);
    (*old)->exec(
        "INSERT INTO jobs(id, name, type, experiment_name, status, created_us, max_total_trials, "
        "max_concurrent_trials, document) VALUES (1, 'lr', 'sweep', 'Default', 'Queued', 1000000, "
        "4, 2, '{}');");
    SQLite::Statement insert(**old,
                             "INSERT INTO events(id, job, at_us, kind, text, fact) VALUES (7, 1, "
                             "1000000, 'job_submitted', 'submitted', ?)");
    const std::string bytes = protocol::encode_fact(submitted);
    insert.bind(1, bytes.data(), static_cast<int>(bytes.size()));
    insert.exec();
  }
  core::Coordinator expected({});
  expected.apply(submitted);
  const core::Fact suggested{{2'000'000}, core::TrialSuggested{{core::JobId{1}, 0}, {{"x", 1.5}}}};
  expected.apply(suggested);

  const auto store = Store::open(path);
  REQUIRE(store);
  std::promise<Result<void>> done;
  (*store)->append({suggested}, [&](const Result<void>& result) { done.set_value(result); });
  REQUIRE(done.get_future().get());
  core::Coordinator replayed({});
  const auto newest = (*store)->reader().replay(replayed);
  REQUIRE(newest);
  CHECK(*newest == Instant{2'000'000});
  CHECK(replayed.state() == expected.state());
  CHECK((*store)->reader().last_event("lr") == 8);
}

}  // namespace
}  // namespace trawl::coordinator
