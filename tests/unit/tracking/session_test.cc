// tests/unit/tracking/session_test.cc: answered means durable, also when commits fail or meet.
#include <future>

#include <catch2/catch.hpp>

#include "tests/unit/tracking/trial.h"

namespace trawl::tracking {
namespace {

using nlohmann::json;

json metric(int step) {
  return {{"run_id", kRun}, {"key", "m"}, {"value", 1}, {"timestamp", 1}, {"step", step}};
}

std::future<Reply> post_later(Trial& trial, const json& body) {
  return std::async(std::launch::async,
                    [&trial, body] { return trial.post("runs/log-metric", body); });
}

TEST_CASE("a failed commit is 503 and leaves nothing, and the retry is stored", "[tracking]") {
  Trial trial;
  trial.post("runs/log-metric", metric(0));
  trial.sink.fail_next(1);
  const auto failed = trial.post("runs/log-metric", metric(1));
  CHECK(failed.status == 503);
  CHECK(failed.body["error_code"] == "TEMPORARILY_UNAVAILABLE");
  CHECK(trial.warnings == std::vector<std::string>{"Logging is held up: No space left on device."});
  CHECK(trial.run()["data"]["metrics"][0]["step"] == 0);
  CHECK(trial.post("runs/log-metric", metric(1)).status == 200);
  CHECK(trial.sink.records() ==
        std::vector<Record>{MetricLogged{kRun, "m", 1, 1, 0}, MetricLogged{kRun, "m", 1, 1, 1}});
}

TEST_CASE("a commit that failed although it was stored makes no double on retry", "[tracking]") {
  Trial trial;
  trial.sink.fail_next(1, true);
  CHECK(trial.post("runs/log-metric", metric(1)).status == 503);
  CHECK(trial.post("runs/log-metric", metric(1)).status == 200);
  CHECK(trial.sink.records().size() == 1);
}

TEST_CASE("after a failed commit nothing is answered until the state is known again",
          "[tracking]") {
  MemorySink sink;
  Folder folder;
  std::vector<std::string> warnings;
  bool reload_works = true;
  auto settings = settings_of(sink, folder, warnings);
  settings.reload = [&]() -> Result<std::vector<Record>> {
    if (!reload_works) return fail(ErrorCode::kSystem, "The spool cannot be read.");
    return sink.records();
  };
  auto session = TrialSession::open(std::move(settings));
  REQUIRE(session);
  const Request request{"POST", "/api/2.0/mlflow/runs/log-metric", "", "application/json",
                        metric(1).dump()};
  sink.fail_next(1);
  CHECK((*session)->handle(request).status == 503);
  reload_works = false;
  CHECK((*session)->handle(request).status == 503);
  CHECK((*session)->handle({"GET", "/api/2.0/mlflow/runs/get", "run_id=" + kRun, "", ""}).status ==
        503);
  reload_works = true;
  CHECK((*session)->handle(request).status == 200);
  CHECK(sink.records().size() == 1);
}

TEST_CASE("a row is not confirmed before its first copy is durable", "[tracking]") {
  Trial trial;
  trial.sink.hold();
  auto first = post_later(trial, metric(1));
  REQUIRE(trial.sink.wait_until_holding());
  auto durable_at_answer = std::async(std::launch::async, [&trial] {
    const int status = trial.post("runs/log-metric", metric(1)).status;
    return std::pair(status, trial.sink.records().size());
  });
  trial.sink.release();
  CHECK(durable_at_answer.get() == std::pair<int, std::size_t>(200, 1));
  CHECK(first.get().status == 200);
  CHECK(trial.sink.records().size() == 1);
}

TEST_CASE("if the first copy's commit fails, neither copy is confirmed", "[tracking]") {
  Trial trial;
  trial.sink.hold();
  trial.sink.fail_next(1);
  auto first = post_later(trial, metric(1));
  REQUIRE(trial.sink.wait_until_holding());
  auto copy = post_later(trial, metric(1));
  trial.sink.release();
  CHECK(first.get().status == 503);
  // The copy fails with the first, or came after and was stored: never confirmed and lost.
  const int status = copy.get().status;
  CHECK(trial.sink.records().size() == (status == 200 ? 1U : 0U));
  CHECK((status == 200 || status == 503));
}

TEST_CASE("requests that arrive during a commit share the next one, in order", "[tracking]") {
  Trial trial;
  trial.sink.hold();
  std::vector<std::future<Reply>> replies;
  replies.push_back(post_later(trial, metric(0)));
  REQUIRE(trial.sink.wait_until_holding());
  for (int step = 1; step < 20; ++step) replies.push_back(post_later(trial, metric(step)));
  trial.sink.release();
  for (auto& reply : replies) CHECK(reply.get().status == 200);
  CHECK(trial.sink.records().size() == 20);
  CHECK(trial.sink.commit_count() <= 20);
}

TEST_CASE("a session opened again continues where the records end", "[tracking]") {
  MemorySink sink;
  Folder folder;
  std::vector<std::string> warnings;
  const auto ask = [&](const Request& request) {
    auto session = TrialSession::open(settings_of(sink, folder, warnings));
    REQUIRE(session);
    return (*session)->handle(request);
  };
  const Request log{"POST", "/api/2.0/mlflow/runs/log-metric", "", "application/json",
                    metric(1).dump()};
  CHECK(ask(log).status == 200);
  CHECK(ask(log).status == 200);
  CHECK(sink.records().size() == 1);
  const auto run = ask({"GET", "/api/2.0/mlflow/runs/get", "run_id=" + kRun, "", ""});
  CHECK(json::parse(run.body)["run"]["data"]["metrics"].size() == 1);
}

TEST_CASE("settings that cannot work are refused", "[tracking]") {
  MemorySink sink;
  Folder folder;
  std::vector<std::string> warnings;
  const auto message = [&](const auto& change) {
    auto settings = settings_of(sink, folder, warnings);
    change(settings);
    auto session = TrialSession::open(std::move(settings));
    return session ? std::string() : session.error().message;
  };
  CHECK(message([](auto& s) { s.trial = "a/b"; }) ==
        "Cannot serve trial 'a/b': its name cannot stand in a URL.");
  CHECK(message([](auto& s) { s.token = ""; }) == "Cannot serve trial 'sweep_3': it has no token.");
  for (const char* run_id : {"", "a/b", "..", "-a", "models"}) {
    INFO(run_id);
    CHECK(message([&](auto& s) { s.run_id = run_id; }) ==
          "Cannot serve trial 'sweep_3': its run id is not 1 to 256 letters, digits, _ or -.");
  }
  CHECK(message([](auto& s) { s.run_id = "sweep_3"; }).empty());
  CHECK(message([](auto& s) { s.sink = nullptr; }) ==
        "Cannot serve trial 'sweep_3': a callback is missing.");
}

}  // namespace
}  // namespace trawl::tracking
