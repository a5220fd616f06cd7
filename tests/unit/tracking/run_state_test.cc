// tests/unit/tracking/run_state_test.cc: the state as the sum of records.
#include "tracking/run_state.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

namespace trawl::tracking {
namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

RunState state_with_run() {
  RunState state;
  state.apply(RunCreated{"r", "7", "name", "ada", 5});
  return state;
}

TEST_CASE("a metric row is taken once, whatever its value", "[tracking]") {
  MetricSeries series;
  CHECK(series.insert({0.5, 10, 1}));
  CHECK_FALSE(series.insert({0.5, 10, 1}));
  CHECK(series.insert({0.5, 10, 2}));
  CHECK(series.insert({0.5, 11, 1}));
  CHECK(series.insert({kNan, 10, 1}));
  CHECK_FALSE(series.insert({kNan, 10, 1}));
  CHECK(series.insert({0.0, 10, 1}));
  CHECK_FALSE(series.insert({-0.0, 10, 1}));
  CHECK(series.rows().size() == 5);
}

TEST_CASE("ten thousand rows are each found again", "[tracking]") {
  MetricSeries series;
  for (int i = 0; i < 10'000; ++i) REQUIRE(series.insert({i / 7.0, 1000 + i, i}));
  for (int i = 0; i < 10'000; ++i) REQUIRE_FALSE(series.insert({i / 7.0, 1000 + i, i}));
}

TEST_CASE("the latest row is the largest by step, time and value, and NaN loses a tie",
          "[tracking]") {
  MetricSeries series;
  series.insert({3, 20, 5});
  series.insert({1, 99, 4});
  CHECK(series.latest().value == 3);
  series.insert({2, 20, 5});
  CHECK(series.latest().value == 3);
  series.insert({kNan, 20, 5});
  CHECK(series.latest().value == 3);
  series.insert({1, 21, 5});
  CHECK(series.latest().value == 1);
  series.insert({kNan, 0, 6});
  CHECK(std::isnan(series.latest().value));
  series.insert({-7, 0, 6});
  CHECK(series.latest().value == -7);
}

TEST_CASE("applying a fact says whether it changed anything", "[tracking]") {
  RunState state = state_with_run();
  CHECK_FALSE(state.apply(RunCreated{"r", "7", "other", "", 0}));
  CHECK(state.apply(ParamLogged{"r", "lr", "1"}));
  CHECK_FALSE(state.apply(ParamLogged{"r", "lr", "2"}));
  CHECK(state.apply(TagSet{"r", "t", "1"}));
  CHECK_FALSE(state.apply(TagSet{"r", "t", "1"}));
  CHECK(state.apply(TagSet{"r", "t", "2"}));
  CHECK(state.apply(TagDeleted{"r", "t"}));
  CHECK_FALSE(state.apply(TagDeleted{"r", "t"}));
  CHECK_FALSE(state.apply(MetricLogged{"unknown", "m", 1, 1, 1}));
  CHECK(state.find_run("r")->params.at("lr") == "1");
}

TEST_CASE("the tag mlflow.runName and the run's name are one thing", "[tracking]") {
  RunState state = state_with_run();
  CHECK(state.find_run("r")->tags.at("mlflow.runName") == "name");
  state.apply(TagSet{"r", "mlflow.runName", "by tag"});
  CHECK(state.find_run("r")->name == "by tag");
  state.apply(RunUpdated{"r", std::nullopt, std::nullopt, "by update"});
  CHECK(state.find_run("r")->tags.at("mlflow.runName") == "by update");
}

TEST_CASE("an update leaves absent fields alone", "[tracking]") {
  RunState state = state_with_run();
  state.apply(RunUpdated{"r", "FINISHED", 9, std::nullopt});
  state.apply(RunUpdated{"r", "RUNNING", std::nullopt, std::nullopt});
  CHECK(state.find_run("r")->status == "RUNNING");
  CHECK(state.find_run("r")->end_time_ms == 9);
  CHECK(state.find_run("r")->name == "name");
}

TEST_CASE("documents are found by kind, id and the beginning of an id", "[tracking]") {
  RunState state;
  state.apply(DocumentStored{"model_metric", "m-2/a", "1"});
  state.apply(DocumentStored{"model_metric", "m-1/b", "2"});
  state.apply(DocumentStored{"model_metric", "m-1/a", "3"});
  state.apply(DocumentStored{"logged_model", "m-1/a", "4"});
  const auto found = state.find_documents("model_metric", "m-1/");
  REQUIRE(found.size() == 2);
  CHECK(found[0].json == "3");
  CHECK(found[1].json == "2");
  CHECK(*state.find_document("logged_model", "m-1/a") == "4");
  CHECK_FALSE(state.find_document("logged_model", "m-2/a").has_value());
  CHECK_FALSE(state.apply(DocumentStored{"logged_model", "m-1/a", "4"}));
}

}  // namespace
TEST_CASE("deleting marks a run, and restoring takes the mark off", "[tracking]") {
  RunState state = state_with_run();
  CHECK(state.apply(RunDeleted{"r"}));
  CHECK_FALSE(state.apply(RunDeleted{"r"}));
  CHECK(state.find_run("r")->is_deleted);
  CHECK(state.apply(RunRestored{"r"}));
  CHECK_FALSE(state.find_run("r")->is_deleted);
  CHECK_FALSE(state.apply(RunDeleted{"unknown"}));
}

TEST_CASE("an experiment takes its runs along, deleted and restored", "[tracking]") {
  RunState state = state_with_run();
  state.apply(ExperimentCreated{"7", "digits", 1});
  state.apply(RunCreated{"other", "8", "other", "", 0});
  CHECK(state.apply(ExperimentDeleted{"7", 2}));
  CHECK(state.find_run("r")->is_deleted);
  CHECK_FALSE(state.find_run("other")->is_deleted);
  CHECK(state.find_experiment_by_name("digits")->is_deleted);
  CHECK(state.apply(ExperimentRestored{"7", 3}));
  CHECK_FALSE(state.find_run("r")->is_deleted);
  CHECK(state.find_experiment("7")->last_update_time_ms == 3);
}

TEST_CASE("runs are visited newest first until the visitor has enough", "[tracking]") {
  RunState state;
  state.apply(RunCreated{"b", "1", "", "", 5});
  state.apply(RunCreated{"a", "1", "", "", 5});
  state.apply(RunCreated{"c", "1", "", "", 9});
  state.apply(RunCreated{"d", "2", "", "", 7});
  state.apply(RunCreated{"e", "1", "", "", 1});
  state.apply(RunDeleted{"e"});
  std::string order;
  state.visit_runs({{"1"}, View::kActive}, [&](const Run& run) {
    order += run.run_id;
    return true;
  });
  CHECK(order == "cab");
  order.clear();
  state.visit_runs({{"2", "1"}, View::kAll}, [&](const Run& run) {
    order += run.run_id;
    return order.size() < 3;
  });
  CHECK(order == "cda");
}

TEST_CASE("the rows of a metric come in pages, by time, step and value", "[tracking]") {
  RunState state = state_with_run();
  state.apply(MetricLogged{"r", "m", 3, 20, 0});
  state.apply(MetricLogged{"r", "m", 2, 10, 5});
  state.apply(MetricLogged{"r", "m", 1, 10, 5});
  CHECK(state.find_run("r")->latest.at("m").value == 2);
  const auto rows = state.metric_rows("r", "m", 1, 5);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].value == 2);
  CHECK(rows[1].value == 3);
  CHECK(state.metric_rows("r", "m", 0, 1).at(0).value == 1);
  CHECK(state.metric_rows("r", "m", 3, 5).empty());
  CHECK(state.metric_rows("r", "other", 0, 5).empty());
}

}  // namespace trawl::tracking
