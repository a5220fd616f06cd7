// A trawl.db of an earlier schema becomes one of this.
#include "coordinator/schema.h"

#include <algorithm>
#include <span>

#include <catch2/catch.hpp>

#include "coordinator/store.h"
#include "sqlite/database.h"
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

}  // namespace
}  // namespace trawl::coordinator
