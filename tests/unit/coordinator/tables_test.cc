// What the tables hold, and what show and list make of them.
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "sweep/experiment.h"
#include "tests/unit/coordinator/stored_cluster.h"

namespace trawl::coordinator {
namespace {

using core::attempt_id;
using core::command_job;
using core::Outcome;
using core::sweep_job;
using Rows = std::vector<std::string>;

JobSpec described_sweep() {
  JobSpec spec = sweep_job("lr", {.total = 3, .concurrent = 2});
  spec.experiment_name = "digits";
  spec.document = R"({"display_name":"Rates","tags":{"a":"b"},"properties":{"mine":1}})";
  return spec;
}

TEST_CASE("a sweep's row follows it from submission to end", "[store]") {
  StoredCluster stored;
  const std::string select =
      "SELECT name, type, status, reason, created_us, started_us, ended_us, goal, primary_metric, "
      "policy, max_total_trials, max_concurrent_trials, best_trial, best_value, archived FROM jobs";
  stored.keep(stored.cluster.submit(described_sweep()));
  CHECK(stored.row(select) == "lr|sweep|Queued||1000000|-|-|maximize|acc|none|3|2|-|-|0");
  stored.cluster.advance(std::chrono::seconds(1));
  stored.keep(stored.cluster.join({}));
  stored.keep(stored.cluster.suggested(1));
  CHECK(stored.row("SELECT status, started_us FROM jobs") == "Running|2000000");
  CHECK(
      stored.rows("SELECT name, status, parameters, attempt, created_us, started_us FROM trials") ==
      Rows{R"(lr_0|Starting|{"x":0}|1|2000000|-)", R"(lr_1|Starting|{"x":1}|1|2000000|-)"});
  stored.cluster.advance(std::chrono::seconds(1));
  stored.keep(stored.cluster.started(attempt_id(1, 0)));
  CHECK(stored.rows("SELECT status, started_us FROM trials") ==
        Rows{"Running|3000000", "Starting|-"});
  stored.keep(stored.cluster.logged(attempt_id(1, 0), {0.25, 0.5, 0.375}));
  CHECK(stored.row(
            "SELECT reports, last_value, last_step, best_value FROM trials WHERE number = 0") ==
        "3|0.375|2|0.5");
  CHECK(stored.row("SELECT best_trial, best_value FROM jobs") == "0|0.5");
  stored.keep(stored.cluster.ended(attempt_id(1, 0)));
  stored.keep(stored.cluster.logged(attempt_id(1, 1), {0.75}));
  stored.keep(stored.cluster.ended(attempt_id(1, 1)));
  stored.keep(stored.cluster.suggested(1));
  stored.cluster.advance(std::chrono::seconds(1));
  stored.keep(stored.cluster.ended(attempt_id(1, 2)));
  CHECK(stored.row(select) ==
        "lr|sweep|Completed||1000000|2000000|4000000|maximize|acc|none|3|2|1|0.75|0");
  CHECK(stored.rows("SELECT worker, folder, pid, assigned_us, started_us, ended_us, outcome, code, "
                    "tail FROM attempts WHERE number = 0") ==
        Rows{"w|/node/attempt|100|2000000|3000000|3000000|exited|0|"});
}

TEST_CASE("a sweep is shown with its document, its best trial and its counts", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  stored.start(described_sweep());
  stored.keep(stored.cluster.logged(attempt_id(1, 1), {0.75}));
  stored.keep(stored.cluster.ended(attempt_id(1, 1), {}));
  const Json job = stored.show("lr", {"no worker is connected", ""});
  CHECK(job["display_name"] == "Rates");
  CHECK(job["tags"]["a"] == "b");
  CHECK(job["name"] == "lr");
  CHECK(job["type"] == "sweep");
  CHECK(job["status"] == "Running");
  CHECK(job["creation_context"]["created_at"] == "1970-01-01T00:00:01.000000+00:00");
  CHECK(job["start_time"] == "1970-01-01T00:00:01.000000+00:00");
  CHECK_FALSE(job.contains("end_time"));
  CHECK(job["properties"]["mine"] == 1);
  CHECK(job["properties"]["best_child_run_id"] == "lr_1");
  CHECK(job["properties"]["score"] == 0.75);
  CHECK(job["properties"]["trials"] == Json({{"Completed", 1}, {"Running", 1}}));
  CHECK(job["properties"]["concurrency_bound_by"] == "no worker is connected");
  CHECK_FALSE(job["properties"].contains("reason"));
}

TEST_CASE("a job's names, tags and properties change, also after its end and over a crash",
          "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.submit(described_sweep()));
  JobUpdate update;
  update.display_name = "Better";
  update.tags = {{"a", std::nullopt}, {"b", "c"}};
  update.properties = {{"more", "1"}};
  stored.keep(stored.cluster.step(core::UpdateRequested{core::RequestId{7}, "lr", update}));
  const auto check = [&] {
    const Json job = stored.show("lr");
    CHECK(job["display_name"] == "Better");
    CHECK(job["tags"] == Json({{"b", "c"}}));
    CHECK(job["properties"]["mine"] == 1);
    CHECK(job["properties"]["more"] == "1");
    CHECK(job["type"] == "sweep");
  };
  check();
  stored.keep(stored.cluster.cancel("lr"));
  check();
  update = {};
  update.description = "why";
  stored.keep(stored.cluster.step(core::UpdateRequested{core::RequestId{8}, "lr", update}));
  stored.reopen();
  check();
  CHECK(stored.show("lr")["description"] == "why");
}

TEST_CASE("an archived job is left out of lists until it is asked for or restored", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.submit(core::command_job("a")));
  stored.keep(stored.cluster.submit(core::command_job("b")));
  const auto archive = [&](bool archived) {
    JobUpdate update;
    update.archived = archived;
    stored.keep(stored.cluster.step(core::UpdateRequested{core::RequestId{7}, "a", update}));
  };
  const auto names = [&](protocol::Archived archived) {
    std::vector<std::string> listed;
    for (const Json& job : stored.list("", 0, archived)) listed.push_back(job["name"]);
    return listed;
  };
  using Names = std::vector<std::string>;
  using protocol::Archived;
  archive(true);
  archive(true);
  CHECK(names(Archived::kExcluded) == Names{"b"});
  CHECK(names(Archived::kOnly) == Names{"a"});
  CHECK(names(Archived::kIncluded) == Names{"b", "a"});
  CHECK(stored.show("a")["archived"] == true);
  archive(false);
  CHECK(names(Archived::kExcluded) == Names{"b", "a"});
  CHECK(names(Archived::kOnly).empty());
  CHECK_FALSE(stored.show("a").contains("archived"));
}

TEST_CASE("a job and a trial say which they are and who made them", "[store]") {
  StoredCluster stored;
  JobSpec spec = described_sweep();
  spec.created_by = "ada";
  stored.keep(stored.cluster.join({}));
  stored.start(spec);
  for (const char* name : {"lr", "lr_1"}) {
    const Json shown = stored.show(name);
    CHECK(shown["id"] == std::string("jobs/") + name);
    CHECK(shown["creation_context"]["created_by"] == "ada");
    CHECK(shown["creation_context"]["created_by_type"] == "User");
    CHECK(shown["creation_context"].contains("created_at"));
  }
}

TEST_CASE("a trial is shown with its parameters, values and place", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  stored.start(described_sweep());
  stored.keep(stored.cluster.logged(attempt_id(1, 1), {0.75, 0.5}));
  const Json trial = stored.show("lr_1");
  CHECK(trial["name"] == "lr_1");
  CHECK(trial["type"] == "command");
  CHECK(trial["status"] == "Running");
  CHECK(trial["parent_job_name"] == "lr");
  CHECK(trial["experiment_name"] == "digits");
  CHECK(trial["start_time"] == "1970-01-01T00:00:01.000000+00:00");
  CHECK(trial["properties"] == Json({{"parameters", {{"x", 1}}},
                                     {"primary_metric", "acc"},
                                     {"reports", 2},
                                     {"last_value", 0.5},
                                     {"last_step", 1},
                                     {"best_value", 0.75},
                                     {"attempt", 1},
                                     {"worker", "w"},
                                     {"folder", "/node/attempt"}}));
}

TEST_CASE("a trial that a policy stopped says by which and why", "[store]") {
  StoredCluster stored;
  JobSpec spec = described_sweep();
  spec.sweep->early_termination.rule = Bandit{std::nullopt, 0.1};
  stored.keep(stored.cluster.join({}));
  stored.start(spec);
  stored.keep(stored.cluster.logged(attempt_id(1, 0), {0.9}));
  stored.keep(stored.cluster.logged(attempt_id(1, 1), {0.5}));
  CHECK(stored.show("lr_1")["status"] == "CancelRequested");
  stored.keep(stored.cluster.ended(attempt_id(1, 1), {Outcome::Kind::kSignalled, 15, "tail"}));
  const Json trial = stored.show("lr_1");
  CHECK(trial["status"] == "Canceled");
  CHECK(trial["properties"]["stopped_by"] == "policy");
  CHECK(trial["properties"]["policy"] == "bandit");
  CHECK(trial["properties"]["reason"] ==
        "bandit: the best value up to report 1 is 0.5; it must be at least 0.8 (best of any trial "
        "0.9 - 0.1)");
  CHECK(trial["properties"]["signal"] == 15);
  CHECK(trial["properties"]["best_value"] == 0.5);
  CHECK_FALSE(trial["properties"].contains("last_lines"));
  CHECK(stored.row("SELECT status, run_id FROM runs WHERE number = 1") == "KILLED|lr_1");
}

TEST_CASE("a failed trial says with what, and its value no longer counts", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  stored.start(described_sweep());
  stored.keep(stored.cluster.logged(attempt_id(1, 0), {0.9}));
  stored.keep(stored.cluster.logged(attempt_id(1, 1), {0.5}));
  CHECK(stored.show("lr")["properties"]["best_child_run_id"] == "lr_0");
  stored.keep(stored.cluster.ended(attempt_id(1, 0), {Outcome::Kind::kExited, 3, "one\nboom\n"}));
  const Json trial = stored.show("lr_0");
  CHECK(trial["status"] == "Failed");
  CHECK(trial["properties"]["exit_code"] == 3);
  CHECK(trial["properties"]["reason"] == "exit code 3: boom");
  CHECK(trial["properties"]["last_lines"] == "one\nboom\n");
  CHECK_FALSE(trial["properties"].contains("best_value"));
  CHECK(trial["properties"]["last_value"] == 0.9);
  CHECK(stored.show("lr")["properties"]["best_child_run_id"] == "lr_1");
  CHECK(stored.show("lr")["properties"]["score"] == 0.5);
  CHECK(stored.row("SELECT status FROM runs WHERE number = 0") == "FAILED");
}

TEST_CASE("what an attempt used is told where somebody saw its end", "[store]") {
  using std::chrono::milliseconds;
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  stored.start(described_sweep());
  stored.keep(stored.cluster.ended(
      attempt_id(1, 0), {Outcome::Kind::kExited, 0, "", milliseconds(1500), 9 << 20, false}));
  stored.keep(stored.cluster.ended(
      attempt_id(1, 1), {Outcome::Kind::kSignalled, 9, "", milliseconds(10), 5 << 20, true}));
  const Json used = stored.show("lr_0")["properties"];
  CHECK(used["trawl.cpu_seconds"] == 1.5);
  CHECK(used["trawl.max_rss_bytes"] == 9 << 20);
  CHECK_FALSE(used.contains("trawl.out_of_memory"));
  const Json killed = stored.show("lr_1")["properties"];
  CHECK(killed["trawl.out_of_memory"] == true);
  CHECK(killed["reason"] == "killed by the kernel: out of memory (largest process 5 MiB)");
  CHECK(stored.row("SELECT cpu_s, max_rss_bytes, oom FROM attempts WHERE number = 0") ==
        "1.5|9437184|0");
  CHECK(stored.row("SELECT cpu_s, max_rss_bytes, oom FROM attempts WHERE number = 1") ==
        "0.01|5242880|1");
}

TEST_CASE("an attempt that did not run used nothing that is known", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  stored.start(described_sweep());
  stored.keep(stored.cluster.ended(attempt_id(1, 0), {Outcome::Kind::kUnstarted, 0, "gone"}));
  CHECK(stored.row("SELECT cpu_s, max_rss_bytes, oom FROM attempts WHERE number = 0") == "-|-|-");
  CHECK_FALSE(stored.show("lr_0")["properties"].contains("trawl.cpu_seconds"));
}

TEST_CASE("when the only trial with a value fails, the sweep has no best trial", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  stored.start(described_sweep());
  stored.keep(stored.cluster.logged(attempt_id(1, 0), {0.9}));
  stored.keep(stored.cluster.ended(attempt_id(1, 0), {Outcome::Kind::kSignalled, 9, ""}));
  CHECK(stored.row("SELECT best_trial, best_value FROM jobs") == "-|-");
  const Json properties = stored.show("lr")["properties"];
  CHECK_FALSE(properties.contains("best_child_run_id"));
  CHECK_FALSE(properties.contains("score"));
}

TEST_CASE("which of equal trials is best does not change when a third one fails", "[store]") {
  StoredCluster stored;
  JobSpec spec = described_sweep();
  spec.sweep->limits.max_concurrent_trials = 3;
  stored.keep(stored.cluster.join({.slots = 3}));
  stored.start(spec);
  stored.keep(stored.cluster.logged(attempt_id(1, 1), {0.9}));  // the first to have it
  stored.keep(stored.cluster.logged(attempt_id(1, 0), {0.9}));
  stored.keep(stored.cluster.logged(attempt_id(1, 2), {0.1}));
  CHECK(stored.row("SELECT best_trial FROM jobs") == "1");
  stored.keep(stored.cluster.ended(attempt_id(1, 2), {Outcome::Kind::kExited, 1, ""}));
  CHECK(stored.row("SELECT best_trial FROM jobs") == "1");
}

TEST_CASE("an attempt that could not be started says why", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  stored.keep(stored.cluster.submit(command_job("hello")));
  stored.keep(stored.cluster.ended(
      attempt_id(1, 0), {Outcome::Kind::kUnstarted, 0, "cannot copy the code /x: gone"}));
  const Json job = stored.show("hello");
  CHECK(job["status"] == "Failed");
  CHECK(job["properties"]["reason"] == "could not be started: cannot copy the code /x: gone");
  CHECK_FALSE(job["properties"].contains("exit_code"));
  CHECK(stored.row("SELECT outcome, folder, pid, started_us FROM attempts") == "unstarted|-|-|-");
}

TEST_CASE("a retried trial keeps every attempt and starts its values anew", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({.slots = 1}));
  stored.start(sweep_job("lr", {.total = 1, .concurrent = 1}));
  stored.keep(stored.cluster.logged(attempt_id(1, 0), {0.9}));
  stored.keep(stored.cluster.join({.link = 2, .incarnation = 2, .slots = 1}));
  CHECK(stored.rows("SELECT attempt, outcome, tail FROM attempts") ==
        Rows{"1|lost|its worker was restarted", "2|-|-"});
  CHECK(stored.row("SELECT best_trial, best_value FROM jobs") == "-|-");
  const Json trial = stored.show("lr_0");
  CHECK(trial["status"] == "Starting");
  CHECK(trial["properties"]["attempt"] == 2);
  CHECK(trial["properties"]["reports"] == 0);
  CHECK_FALSE(trial["properties"].contains("last_value"));
  CHECK_FALSE(trial["properties"].contains("last_step"));
  CHECK_FALSE(trial["properties"].contains("best_value"));
  CHECK_FALSE(trial["properties"].contains("folder"));
}

TEST_CASE("what a fenced attempt logs reaches no table", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({.slots = 1}));
  stored.start(sweep_job("lr", {.total = 1, .concurrent = 1}));
  stored.keep(stored.cluster.join({.link = 2, .incarnation = 2, .slots = 1}));
  stored.keep(stored.cluster.logged(attempt_id(1, 0, 1), {0.9}, 2));
  stored.keep(stored.cluster.ended(attempt_id(1, 0, 1), {}, 2));
  CHECK(stored.rows("SELECT * FROM metrics").empty());
  CHECK(stored.row("SELECT status, attempt, reports FROM trials") == "Starting|2|0");
  CHECK(stored.row("SELECT taken FROM spools") == "3");
}

TEST_CASE("a command job is one trial of its own name", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  JobSpec spec = command_job("hello");
  spec.document = R"({"command":"true"})";
  stored.keep(stored.cluster.submit(spec));
  CHECK(stored.show("hello")["status"] == "Starting");
  stored.keep(stored.cluster.started(attempt_id(1, 0)));
  CHECK(stored.show("hello")["status"] == "Running");
  stored.keep(stored.cluster.ended(attempt_id(1, 0), {Outcome::Kind::kExited, 127, "no python"}));
  const Json job = stored.show("hello");
  CHECK(job["type"] == "command");
  CHECK(job["command"] == "true");
  CHECK(job["status"] == "Failed");
  CHECK(job["properties"] == Json({{"reason", "exit code 127: no python"},
                                   {"attempt", 1},
                                   {"worker", "w"},
                                   {"folder", "/node/attempt"},
                                   {"exit_code", 127},
                                   {"last_lines", "no python"},
                                   {"trawl.cpu_seconds", 0.0},
                                   {"trawl.max_rss_bytes", 0}}));
  CHECK(stored.list("hello").size() == 1);
  CHECK(stored.list("hello")[0]["name"] == "hello");
  CHECK_FALSE(stored.list("hello")[0].contains("parent_job_name"));
}

TEST_CASE("a command job that is tried again is Queued, then Starting, again", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({.slots = 1}));
  stored.start(command_job("hello"));
  stored.keep(stored.cluster.join({.link = 2, .incarnation = 2, .slots = 0}));  // lost; no slot
  CHECK(stored.show("hello")["status"] == "Queued");
  stored.keep(stored.cluster.join({.link = 3, .incarnation = 2, .slots = 1}));
  CHECK(stored.show("hello")["status"] == "Starting");
  stored.keep(stored.cluster.started(attempt_id(1, 0, 2), 3));
  CHECK(stored.show("hello")["status"] == "Running");
}

TEST_CASE("jobs are listed newest first, trials in order, both up to a number", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.submit(command_job("first")));
  stored.keep(stored.cluster.submit(sweep_job("second", {.total = 3, .concurrent = 3})));
  stored.keep(stored.cluster.cancel("first"));
  stored.keep(stored.cluster.join({.slots = 3}));
  stored.keep(stored.cluster.suggested(2));
  const auto names = [](const Json& listed) {
    Rows found;
    for (const Json& one : listed) found.push_back(one["name"]);
    return found;
  };
  CHECK(names(stored.list()) == Rows{"second", "first"});
  CHECK(names(stored.list("", 1)) == Rows{"second"});
  CHECK(names(stored.list("second")) == Rows{"second_0", "second_1", "second_2"});
  CHECK(names(stored.list("second", 2)) == Rows{"second_0", "second_1"});
  CHECK(stored.list("second")[0]["status"] == "Starting");
}

TEST_CASE("a document that is no JSON object does no harm", "[store]") {
  StoredCluster stored;
  const Rows documents = {"", "{\"a\":", "[1]", "7", R"({"properties":"none"})"};
  for (std::size_t i = 0; i < documents.size(); ++i) {
    JobSpec spec = command_job(std::string(1, static_cast<char>('a' + i)));
    spec.document = documents[i];
    stored.keep(stored.cluster.submit(spec));
    CHECK(stored.show(spec.name)["status"] == "Queued");
  }
  CHECK(stored.list().size() == documents.size());
}

TEST_CASE("an archived job is shown but not listed", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.submit(command_job("old")));
  stored.tamper("UPDATE jobs SET archived = 1");
  CHECK(stored.list().empty());
  CHECK(stored.show("old")["name"] == "old");
}

TEST_CASE("a metric that is not a number has a row, and no value elsewhere", "[store]") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  stored.start(sweep_job("lr", {.total = 2, .concurrent = 2}));
  stored.keep(stored.cluster.logged(attempt_id(1, 0), {0.5, std::nan("")}));
  stored.keep(stored.cluster.logged(attempt_id(1, 1), {-kInfinity, kInfinity}));
  CHECK(stored.rows("SELECT run_id, step, value, is_nan FROM metrics ORDER BY run_id, step") ==
        Rows{"lr_0|0|0.5|0", "lr_0|1|0.0|1", "lr_1|0|-inf|0", "lr_1|1|inf|0"});
  CHECK(stored.rows("SELECT last_value, best_value FROM trials") == Rows{"-|0.5", "inf|inf"});
  CHECK_FALSE(stored.show("lr_0")["properties"].contains("last_value"));
  CHECK(stored.show("lr")["properties"]["best_child_run_id"] == "lr_1");
  CHECK(stored.show("lr")["properties"]["score"] == "Infinity");  // JSON has none
}

TEST_CASE("the same metric logged again, after a retry, is one row", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({.slots = 1}));
  stored.start(sweep_job("lr", {.total = 1, .concurrent = 1}));
  stored.keep(stored.cluster.logged(attempt_id(1, 0), {0.9}));
  stored.keep(stored.cluster.join({.link = 2, .incarnation = 2, .slots = 1}));
  stored.keep(stored.cluster.logged(attempt_id(1, 0, 2), {0.9, 0.8}, 2));
  CHECK(stored.rows("SELECT step, value FROM metrics ORDER BY step") == Rows{"0|0.9", "1|0.8"});
  CHECK(stored.row("SELECT reports FROM trials") == "2");
}

TEST_CASE("everything that a script logs has a table", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  stored.start(described_sweep());
  const core::AttemptLogged logged{
      attempt_id(1, 0),
      {ParamLogged{"lr_0", "optimizer", "sgd"}, ParamLogged{"lr_0", "optimizer", "late"},
       TagSet{"lr_0", "kept", "1"}, TagSet{"lr_0", "kept", "2"}, TagSet{"lr_0", "gone", "1"},
       TagDeleted{"lr_0", "gone"}, ExperimentCreated{"77", "side", 5},
       RunCreated{"child", "77", "a child", "me", 6},
       RunUpdated{"child", "FINISHED", std::int64_t{9}, "renamed"},
       MetricLogged{"child", "loss", 1.5, 7, 3}, DocumentStored{"logged_model", "m", "{}"},
       DocumentStored{"logged_model", "m", R"({"a":"\u00e9"})"}}};
  stored.keep(stored.cluster.report(logged));
  CHECK(stored.rows("SELECT run_id, key, value FROM params ORDER BY run_id, key") ==
        Rows{"lr_0|optimizer|sgd", "lr_0|x|0", "lr_1|x|1"});
  CHECK(stored.rows("SELECT run_id, key, value FROM tags WHERE run_id IN ('lr_0', 'child') AND key "
                    "NOT LIKE 'mlflow.%'") == Rows{"lr_0|kept|2"});
  const std::string digits = experiment_id("digits");
  CHECK(stored.rows("SELECT experiment_id, name, created_us FROM experiments WHERE "
                    "experiment_id <> '0' ORDER BY name") ==
        Rows{digits + "|digits|1000000", "77|side|5000"});
  CHECK(stored.rows("SELECT run_id, job, number, experiment_id, run_name, status, start_time_ms, "
                    "end_time_ms FROM runs ORDER BY run_id") ==
        Rows{"child|1|0|" + digits + "|renamed|FINISHED|6|9",
             "lr|1|-|" + digits + "|lr|RUNNING|1000|-",
             "lr_0|1|0|" + digits + "|lr_0|RUNNING|1000|-",
             "lr_1|1|1|" + digits + "|lr_1|RUNNING|1000|-"});
  CHECK(stored.row("SELECT user_id FROM runs WHERE run_id = 'child'") == "me");
  CHECK(stored.rows("SELECT * FROM metrics") == Rows{"child|loss|3|7|1.5|0"});
  CHECK(stored.rows("SELECT * FROM documents") == Rows{R"(1|0|logged_model|m|{"a":"\u00e9"})"});
  stored.keep(stored.cluster.ended(attempt_id(1, 0)));
  CHECK(stored.row("SELECT status, end_time_ms FROM runs WHERE run_id = 'lr_0'") ==
        "FINISHED|1000");
}

TEST_CASE("a trial's run says whose it is, and its sweep's run which child is best", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  stored.start(described_sweep());
  const std::string tags =
      "SELECT key, CASE value WHEN (SELECT user FROM jobs) THEN 'me' ELSE value END FROM tags "
      "WHERE "
      "run_id = ";
  CHECK(stored.rows(tags + "'lr_0'") == Rows{"mlflow.parentRunId|lr", "mlflow.runName|lr_0",
                                             "mlflow.source.name|true", "mlflow.source.type|JOB",
                                             "mlflow.user|me"});
  CHECK(stored.rows(tags + "'lr'") ==
        Rows{"mlflow.runName|lr", "mlflow.source.type|JOB", "mlflow.user|me"});
  const std::string best =
      "SELECT value FROM tags WHERE run_id = 'lr' AND key = 'trawl.best_trial'";
  stored.keep(stored.cluster.logged(attempt_id(1, 0), {0.5}));
  CHECK(stored.row(best) == "lr_0");
  stored.keep(stored.cluster.logged(attempt_id(1, 1), {0.75}));
  CHECK(stored.row(best) == "lr_1");
  stored.keep(stored.cluster.ended(attempt_id(1, 1), {Outcome::Kind::kExited, 1, ""}));
  CHECK(stored.row(best) == "lr_0");
  stored.keep(stored.cluster.ended(attempt_id(1, 0), {Outcome::Kind::kExited, 1, ""}));
  CHECK(stored.rows(best).empty());
}

TEST_CASE("a sweep's run ends with the sweep", "[store]") {
  StoredCluster stored;
  JobSpec spec = described_sweep();
  spec.sweep->limits.max_total_trials = 1;
  stored.keep(stored.cluster.join({}));
  stored.start(spec);
  const std::string select = "SELECT status, end_time_ms FROM runs WHERE run_id = 'lr'";
  CHECK(stored.row(select) == "RUNNING|-");
  stored.cluster.advance(std::chrono::seconds(1));
  stored.keep(stored.cluster.ended(attempt_id(1, 0)));
  CHECK(stored.row(select) == "FINISHED|2000");
}

TEST_CASE("a job finds its experiment by name, whatever clients made of it", "[store]") {
  StoredCluster stored;
  const std::string digits = experiment_id("digits");
  const auto change = [&](const Record& record) {
    REQUIRE(stored.store().change_runs([&](RunTables& runs) { CHECK(runs.apply(record)); }));
  };
  const std::string select = "SELECT experiment_id FROM jobs ORDER BY id DESC LIMIT 1";
  JobSpec spec = described_sweep();
  stored.keep(stored.cluster.submit(spec));
  CHECK(stored.row(select) == digits);

  change(ExperimentDeleted{digits, 5});
  CHECK(stored.row("SELECT lifecycle_stage FROM runs") == "deleted");
  spec.name = "second";
  stored.keep(stored.cluster.submit(spec));
  CHECK(stored.row("SELECT lifecycle_stage FROM experiments WHERE name = 'digits'") == "active");
  CHECK(stored.rows("SELECT run_id, lifecycle_stage FROM runs ORDER BY run_id") ==
        Rows{"lr|deleted", "second|active"});

  change(ExperimentRenamed{digits, "letters", 6});
  spec.name = "third";
  stored.keep(stored.cluster.submit(spec));
  CHECK(stored.row(select) != digits);
  spec.name = "fourth";
  spec.experiment_name = "letters";
  stored.keep(stored.cluster.submit(spec));
  CHECK(stored.row(select) == digits);
}

TEST_CASE("texts keep quotes, line ends, other scripts and zero bytes", "[store]") {
  StoredCluster stored;
  JobSpec spec = sweep_job("lr", {.total = 1, .concurrent = 1});
  const std::string awkward("it's \"ü\u4e2d\" \n%_;--\0end", 24);
  spec.sweep->objective.primary_metric = "acc";
  stored.keep(stored.cluster.join({}));
  stored.start(spec);
  stored.keep(stored.cluster.report(
      core::AttemptLogged{attempt_id(1, 0), {TagSet{"lr_0", "key'", awkward}}}));
  CHECK(stored.row("SELECT value FROM tags WHERE key = 'key'''") == awkward);
  stored.keep(stored.cluster.ended(attempt_id(1, 0), {Outcome::Kind::kExited, 1, awkward}));
  CHECK(stored.show("lr_0")["properties"]["last_lines"] == awkward);
}

TEST_CASE("conditional values are JSON in the trial's row", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  stored.keep(stored.cluster.submit(sweep_job("lr", {.total = 1, .concurrent = 1})));
  const Value inner{
      std::vector<NamedValue>{{"name", Value{std::string("re\"lu")}}, {"rate", Value{0.5}}}};
  stored.keep(stored.cluster.step(
      core::Suggested{core::JobId{1}, 0, 1, {{{"model", inner}, {"n", Value{std::int64_t{3}}}}}}));
  CHECK(stored.show("lr_0")["properties"]["parameters"] ==
        Json({{"model", {{"name", "re\"lu"}, {"rate", 0.5}}}, {"n", 3}}));
  CHECK(stored.rows("SELECT key, value FROM params ORDER BY key") ==
        Rows{R"(model|{"name":"re\"lu","rate":0.5})", "n|3"});
}

TEST_CASE("a name that nothing has is refused with what to look at", "[store]") {
  StoredCluster stored;
  StoreReader& reader = stored.store().reader();
  const Error expected{ErrorCode::kNotFound,
                       "there is no job or trial named 'x'; see `trawl job list`"};
  CHECK(reader.show("x", {}).error() == expected);
  CHECK(reader.list({.parent = "x"}).error() == expected);
  CHECK(reader.watch("x", 0, {}).error() == expected);
  CHECK(reader.last_event("x").error() == expected);
  CHECK(reader.job_number("x").error() == expected);
  CHECK(reader.folder("x").error() == expected);
}

TEST_CASE("the folder is the last attempt's, of a sweep that of its best trial", "[store]") {
  StoredCluster stored;
  StoreReader& reader = stored.store().reader();
  stored.keep(stored.cluster.join({}));
  stored.keep(stored.cluster.submit(sweep_job("lr", {.total = 2, .concurrent = 2})));
  stored.keep(stored.cluster.suggested(1));
  CHECK(reader.folder("lr_0").error() ==
        Error{ErrorCode::kNotFound,
              "'lr_0' has no files: it has not started on a worker, or is a sweep without a best "
              "trial"});
  stored.keep(stored.cluster.report(core::AttemptStarted{attempt_id(1, 0), 5, "/zero"}));
  stored.keep(stored.cluster.report(core::AttemptStarted{attempt_id(1, 1), 6, "/one"}));
  CHECK(reader.folder("lr_0").value().path == "/zero");
  CHECK_FALSE(reader.folder("lr_0").value().ended);
  CHECK_FALSE(reader.folder("lr"));
  stored.keep(stored.cluster.logged(attempt_id(1, 1), {0.5}));
  stored.keep(stored.cluster.ended(attempt_id(1, 1)));
  CHECK(reader.folder("lr").value().path == "/one");
  CHECK(reader.folder("lr").value().ended);
  CHECK(reader.job_number("lr_1").value() == 1);
}

}  // namespace
}  // namespace trawl::coordinator
