// What a client that follows a job is told: everything new since its last question, in pages.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/unit/coordinator/stored_cluster.h"

namespace trawl::coordinator {
namespace {

using core::attempt_id;
using core::command_job;
using core::Outcome;
using core::sweep_job;
using Rows = std::vector<std::string>;

Rows texts(const Json& watched) {
  Rows found;
  for (const Json& event : watched["events"]) {
    const std::string trial = event.contains("trial") ? event["trial"].get<std::string>() : "-";
    found.push_back(fmt::format("{} {} {}", trial, event["kind"].get<std::string>(),
                                event["text"].get<std::string>()));
  }
  return found;
}

TEST_CASE("a job is followed event by event, and told once", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.submit(sweep_job("lr", {.total = 1, .concurrent = 1})));
  Json watched = stored.watch("lr");
  CHECK(texts(watched) == Rows{"- job_submitted submitted"});
  CHECK(watched["job"]["status"] == "Queued");
  CHECK(watched["trials"].empty());
  CHECK(watched["complete"] == true);
  std::int64_t after = watched["last_event"];
  CHECK(stored.watch("lr", after)["events"].empty());
  CHECK(stored.watch("lr", after)["last_event"] == after);

  stored.keep(stored.cluster.join({.slots = 1}));
  stored.keep(stored.cluster.suggested(1));
  stored.keep(stored.cluster.started(attempt_id(1, 0)));
  watched = stored.watch("lr", after);
  CHECK(texts(watched) == Rows{"lr_0 trial_suggested x=0", "lr_0 attempt_running runs"});
  CHECK(watched["job"]["trials"] == Json({{"Running", 1}}));
  REQUIRE(watched["trials"].size() == 1);
  CHECK(watched["trials"][0] == Json({{"number", 0},
                                      {"name", "lr_0"},
                                      {"status", "Running"},
                                      {"parameters", {{"x", 0}}},
                                      {"attempt", 1},
                                      {"started_us", 1'000'000},
                                      {"reports", 0}}));
  after = watched["last_event"];

  stored.keep(stored.cluster.logged(attempt_id(1, 0), {0.5, 0.25}));
  watched = stored.watch("lr", after);
  CHECK(texts(watched) == Rows{"lr_0 new_best 0.5"});
  CHECK(watched["job"]["best_trial"] == "lr_0");
  CHECK(watched["job"]["best_value"] == 0.5);
  CHECK(watched["trials"][0]["last_value"] == 0.25);
  after = watched["last_event"];

  stored.keep(stored.cluster.ended(attempt_id(1, 0)));
  watched = stored.watch("lr_0", after);  // a trial's name will do
  CHECK(texts(watched) == Rows{"lr_0 trial_ended Completed", "- job_ended Completed"});
  CHECK(watched["job"]["name"] == "lr");
  CHECK(watched["job"]["status"] == "Completed");
  CHECK(watched["job"]["primary_metric"] == "acc");
  CHECK(watched["job"]["goal"] == "maximize");
  CHECK(watched["job"]["policy"] == "none");
}

TEST_CASE("losses, stops and cancels are told with their reasons", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({.slots = 1}));
  stored.start(sweep_job("lr", {.total = 1, .concurrent = 1}));
  const std::int64_t after = stored.watch("lr")["last_event"];
  stored.keep(stored.cluster.join({.link = 2, .incarnation = 2, .slots = 1}));
  stored.keep(stored.cluster.cancel("lr"));
  stored.keep(stored.cluster.ended(attempt_id(1, 0, 2), {Outcome::Kind::kSignalled, 15, ""}, 2));
  CHECK(texts(stored.watch("lr", after)) ==
        Rows{"lr_0 attempt_finished attempt 1 was lost: its worker was restarted",
             "lr_0 attempt_assigned attempt 2 begins", "- cancel_requested canceled on request",
             "lr_0 stop_decided canceled on request",
             "lr_0 trial_ended Canceled: canceled on request",
             "- job_ended Canceled: canceled on request"});
}

TEST_CASE("jobs do not see each other's events", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.submit(command_job("one")));
  const std::int64_t after = stored.watch("one")["last_event"];
  stored.keep(stored.cluster.submit(command_job("two")));
  CHECK(stored.watch("one", after)["events"].empty());
  CHECK(stored.watch("one", after)["trials"].empty());
  CHECK(stored.store().reader().last_event("one").value() == after);
  CHECK(stored.store().reader().last_event("two").value() > after);
}

TEST_CASE("an answer holds a thousand events; the rest is asked for from there", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({.slots = 1}));
  stored.start(sweep_job("lr", {.total = 1, .concurrent = 1}));
  const std::int64_t start = stored.watch("lr")["last_event"];
  std::vector<double> rising;
  for (int i = 0; i < 2500; ++i) rising.push_back(i);  // each is a new best: an event with a text
  stored.keep(stored.cluster.logged(attempt_id(1, 0), rising));

  std::int64_t after = start;
  std::vector<std::size_t> sizes;
  Rows seen;
  bool complete = false;
  while (!complete) {
    const Json watched = stored.watch("lr", after);
    const Rows page = texts(watched);
    sizes.push_back(page.size());
    seen.insert(seen.end(), page.begin(), page.end());
    after = watched["last_event"];
    complete = watched["complete"];
    REQUIRE(sizes.size() < 10);
  }
  CHECK(sizes == std::vector<std::size_t>{1000, 1000, 500});
  Rows expected;
  for (int i = 0; i < 2500; ++i) expected.push_back(fmt::format("lr_0 new_best {}.0", i));
  CHECK(seen == expected);
  CHECK(after == stored.store().reader().last_event("lr").value());
}

TEST_CASE("a client that asks after the future is told where the present is", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.submit(command_job("one")));
  const Json watched = stored.watch("one", 1'000'000);
  CHECK(watched["events"].empty());
  CHECK(watched["complete"] == true);
  CHECK(watched["job"]["status"] == "Queued");
}

}  // namespace
}  // namespace trawl::coordinator
