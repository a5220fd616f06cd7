// The runs of all jobs as the tracking methods see them, and what clients change.
#include <cmath>
#include <limits>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "sqlite/group_commit.h"
#include "tests/unit/coordinator/stored_cluster.h"

namespace trawl::coordinator {
namespace {

using tracking::MetricRow;
using tracking::Run;
using tracking::RunDetail;
using tracking::View;
using Names = std::vector<std::string>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// A store with no job; records go in as a client's do, and are read as a client reads.
class Catalog {
 public:
  bool apply(const Record& record) {
    bool changed = false;
    const auto done =
        stored.store().change_runs([&](RunTables& runs) { changed = runs.apply(record); });
    REQUIRE(done);
    return changed;
  }

  template <class Body>
  auto read(Body body) {
    const auto database = stored.store().open_reader();
    REQUIRE(database);
    sqlite::Statements statements(**database);
    return body(RunTables(statements));
  }

  Run run(const std::string& id) {
    return read([&](const RunTables& runs) {
      const auto found = runs.find_run(id, RunDetail::kAll);
      REQUIRE(found != nullptr);
      return *found;
    });
  }

  /// The ids that a visit sees, `count` at most.
  Names visit(const tracking::RunQuery& query, std::size_t count = 100) {
    return read([&](const RunTables& runs) {
      Names ids;
      runs.visit_runs(query, [&](const Run& each) {
        ids.push_back(each.run_id);
        return ids.size() < count;
      });
      return ids;
    });
  }

  StoredCluster stored;
};

RunCreated created(const std::string& id, std::int64_t start, const std::string& experiment = "0") {
  return {id, experiment, "name of " + id, "me", start};
}

TEST_CASE("a client's run belongs to no job and is read as it was written", "[catalog]") {
  Catalog catalog;
  CHECK(catalog.apply(created("r", 5)));
  CHECK_FALSE(catalog.apply(created("r", 6)));
  CHECK(catalog.apply(ParamLogged{"r", "lr", "0.1"}));
  CHECK_FALSE(catalog.apply(ParamLogged{"r", "lr", "0.2"}));
  CHECK(catalog.apply(TagSet{"r", "t", "1"}));
  CHECK_FALSE(catalog.apply(TagSet{"r", "t", "1"}));
  CHECK(catalog.apply(RunUpdated{"r", "FINISHED", 9, std::nullopt}));
  const Run run = catalog.run("r");
  CHECK(run.name == "name of r");
  CHECK(run.status == "FINISHED");
  CHECK(run.end_time_ms == 9);
  CHECK(run.params.at("lr") == "0.1");
  CHECK(run.tags.at("t") == "1");
  CHECK(catalog.stored.row("SELECT job, number FROM runs") == "-|-");
}

TEST_CASE("a run's name and its tag are one thing", "[catalog]") {
  Catalog catalog;
  catalog.apply(created("r", 5));
  CHECK(catalog.run("r").tags.at("mlflow.runName") == "name of r");
  catalog.apply(TagSet{"r", "mlflow.runName", "by tag"});
  CHECK(catalog.run("r").name == "by tag");
  catalog.apply(RunUpdated{"r", std::nullopt, std::nullopt, "by update"});
  CHECK(catalog.run("r").tags.at("mlflow.runName") == "by update");
}

TEST_CASE("a trial's run has the tags of its job until a client sets or deletes them",
          "[catalog]") {
  Catalog catalog;
  catalog.stored.keep(catalog.stored.cluster.join({}));
  catalog.stored.start(core::sweep_job("lr", {}));
  CHECK(catalog.run("lr_0").tags.at("mlflow.parentRunId") == "lr");
  CHECK_FALSE(catalog.apply(TagSet{"lr_0", "mlflow.parentRunId", "lr"}));
  CHECK(catalog.apply(TagSet{"lr_0", "mlflow.parentRunId", "other"}));
  CHECK(catalog.run("lr_0").tags.at("mlflow.parentRunId") == "other");
  CHECK(catalog.run("lr_1").tags.at("mlflow.parentRunId") == "lr");
  CHECK(catalog.apply(TagDeleted{"lr_0", "mlflow.source.type"}));
  CHECK_FALSE(catalog.apply(TagDeleted{"lr_0", "mlflow.source.type"}));
  CHECK_FALSE(catalog.run("lr_0").tags.contains("mlflow.source.type"));
  CHECK(catalog.apply(TagSet{"lr_0", "mlflow.source.type", "JOB"}));
  CHECK(catalog.run("lr_0").tags.at("mlflow.source.type") == "JOB");
  CHECK(catalog.apply(TagSet{"lr_0", "mlflow.runName", "mine"}));
  CHECK(catalog.run("lr_0").name == "mine");
  CHECK(catalog.run("lr_0").tags.at("mlflow.runName") == "mine");
  // A run that a script of the trial made itself has what the script gave it.
  catalog.stored.keep(catalog.stored.cluster.report(
      core::AttemptLogged{core::attempt_id(1, 0), {created("child", 7)}}));
  CHECK(catalog.run("child").tags == decltype(Run::tags){{"mlflow.runName", "name of child"}});
}

TEST_CASE("a run's tags are found without looking at other runs", "[catalog]") {
  Catalog catalog;
  for (const char* query : {"SELECT key, value FROM tags WHERE run_id = 'r'",
                            "SELECT value FROM tags WHERE run_id = 'r' AND key = 'k'"}) {
    for (const std::string& step :
         catalog.stored.rows("EXPLAIN QUERY PLAN " + std::string(query))) {
      INFO(step);
      for (const char* table : {"set_tags", "r", "j", "s"}) {
        CHECK_FALSE(step.ends_with(std::string("SCAN ") + table));
      }
    }
  }
}

TEST_CASE("the latest value is the largest by step, time and value, and NaN loses a tie",
          "[catalog]") {
  Catalog catalog;
  catalog.apply(created("r", 5));
  for (const auto& [value, time, step] : std::vector<std::tuple<double, int, int>>{
           {1, 100, 5}, {9, 200, 4}, {3, 100, 5}, {50, 99, 5}, {kNan, 100, 5}, {70, 500, -1}}) {
    CHECK(catalog.apply(MetricLogged{"r", "m", value, time, step}));
  }
  CHECK_FALSE(catalog.apply(MetricLogged{"r", "m", kNan, 100, 5}));
  catalog.apply(MetricLogged{"r", "n", kNan, 1, 1});
  const Run run = catalog.run("r");
  CHECK(run.latest.at("m").value == 3);
  CHECK(std::isnan(run.latest.at("n").value));
  const auto rows =
      catalog.read([](const RunTables& runs) { return runs.metric_rows("r", "m", 1, 3); });
  REQUIRE(rows.size() == 3);  // after (99, 5, 50): 100 in order of value, NaN last
  CHECK(rows[0].value == 1);
  CHECK(rows[1].value == 3);
  CHECK(std::isnan(rows[2].value));
}

TEST_CASE("runs are visited newest first, over several experiments, until it is enough",
          "[catalog]") {
  Catalog catalog;
  catalog.apply(ExperimentCreated{"7", "other", 1});
  catalog.apply(created("b", 5));
  catalog.apply(created("a", 5));
  catalog.apply(created("old", 1));
  catalog.apply(created("new", 9, "7"));
  catalog.apply(created("mid", 3, "7"));
  catalog.apply(RunDeleted{"mid"});
  CHECK(catalog.visit({{"0", "7", "absent", "0"}, View::kActive}) == Names{"new", "a", "b", "old"});
  CHECK(catalog.visit({{"0", "7"}, View::kAll}) == Names{"new", "a", "b", "mid", "old"});
  CHECK(catalog.visit({{"7"}, View::kDeleted}) == Names{"mid"});
  CHECK(catalog.visit({{"0", "7"}, View::kActive}, 2) == Names{"new", "a"});
}

TEST_CASE("a visited run has what was asked for", "[catalog]") {
  Catalog catalog;
  catalog.apply(created("r", 5));
  for (const char* key : {"a", "b"}) {
    catalog.apply(ParamLogged{"r", key, "p"});
    catalog.apply(TagSet{"r", key, "t"});
    catalog.apply(MetricLogged{"r", key, 1, 1, 1});
    catalog.apply(MetricLogged{"r", key, 2, 1, 2});
  }
  const tracking::RunQuery query{{"0"}, View::kActive, {{"a", "none"}, {"b"}, {"a", "none"}}};
  catalog.read([&](const RunTables& runs) {
    runs.visit_runs(query, [&](const Run& run) {
      CHECK(run.params == decltype(run.params){{"a", "p"}});
      CHECK(run.tags == decltype(run.tags){{"b", "t"}});
      REQUIRE(run.latest.size() == 1);
      CHECK(run.latest.at("a").value == 2);
      return true;
    });
    return 0;
  });
}

TEST_CASE("the default order of runs comes from an index", "[catalog]") {
  Catalog catalog;
  const auto plan = catalog.stored.rows(
      "EXPLAIN QUERY PLAN SELECT * FROM runs WHERE experiment_id = '0' AND lifecycle_stage = "
      "'active' ORDER BY start_time_ms DESC, run_id");
  REQUIRE(plan.size() == 1);
  CHECK(plan[0].find("USING INDEX runs_in_order") != std::string::npos);
}

TEST_CASE("an experiment is deleted and restored with its runs", "[catalog]") {
  Catalog catalog;
  CHECK(catalog.apply(ExperimentCreated{"7", "other", 1}));
  CHECK_FALSE(catalog.apply(ExperimentCreated{"8", "other", 1}));  // the name is taken
  catalog.apply(created("r", 5, "7"));
  CHECK(catalog.apply(ExperimentDeleted{"7", 20}));
  CHECK_FALSE(catalog.apply(ExperimentDeleted{"7", 30}));
  CHECK(catalog.run("r").is_deleted);
  CHECK(catalog.apply(ExperimentRestored{"7", 40}));
  CHECK_FALSE(catalog.run("r").is_deleted);
  CHECK(catalog.apply(ExperimentRenamed{"7", "renamed", 50}));
  const auto experiment =
      catalog.read([](const RunTables& runs) { return runs.find_experiment_by_name("renamed"); });
  REQUIRE(experiment);
  CHECK(experiment->experiment_id == "7");
  CHECK(experiment->creation_time_ms == 1);
  CHECK(experiment->last_update_time_ms == 50);
}

TEST_CASE("documents are found by the beginning of their id", "[catalog]") {
  Catalog catalog;
  for (const char* id : {"a/1", "a/2", "ab/1", "b/1"}) {
    CHECK(catalog.apply(DocumentStored{"k", id, "{}"}));
  }
  CHECK_FALSE(catalog.apply(DocumentStored{"k", "a/1", "{}"}));
  CHECK(catalog.apply(DocumentStored{"k", "a/1", "[]"}));
  CHECK(catalog.apply(DocumentDeleted{"k", "a/2"}));
  const auto found =
      catalog.read([](const RunTables& runs) { return runs.find_documents("k", "a/"); });
  REQUIRE(found.size() == 1);
  CHECK(found[0].id == "a/1");
  CHECK(found[0].json == "[]");
}

TEST_CASE("a trial's artifacts lie with its attempts, a client's do not", "[catalog]") {
  Catalog catalog;
  StoredCluster& stored = catalog.stored;
  stored.keep(stored.cluster.join({}));
  stored.start(core::sweep_job("lr", {.total = 1, .concurrent = 1}));
  catalog.apply(created("mine", 5));
  catalog.read([](const RunTables& runs) {
    const auto trial = runs.find_artifacts({"", "lr_0", false});
    REQUIRE(trial);
    CHECK(trial->attempts == Names{"/node/attempt"});
    CHECK(runs.find_artifacts({"", "lr", false})->attempts.empty());
    CHECK(runs.find_artifacts({"", "mine", false})->attempts.empty());
    CHECK_FALSE(runs.find_artifacts({"", "nobody", false}));
    CHECK_FALSE(runs.find_artifacts({"", "m-1", true}));
    return 0;
  });
}

TEST_CASE("a change that throws leaves nothing, and the next one is made", "[catalog]") {
  Catalog catalog;
  const auto broken = [](RunTables& runs) {
    runs.apply(created("half", 5));
    throw std::runtime_error("a defect");
  };
  CHECK_THROWS_WITH(catalog.stored.store().change_runs(broken), "a defect");
  const auto failing = [](RunTables& runs) {
    runs.apply(created("half", 5));
    throw SQLite::Exception("refused", 1);
  };
  const auto refused = catalog.stored.store().change_runs(failing);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("refused") != std::string::npos);
  CHECK(catalog.apply(created("whole", 6)));
  CHECK(catalog.visit({{"0"}, View::kAll}) == Names{"whole"});
}

}  // namespace
}  // namespace trawl::coordinator
