// What may change about a job after its submission.
#include <catch2/catch.hpp>

#include "tests/unit/core/cluster.h"

namespace trawl::core {
namespace {

JobUpdate archived() {
  JobUpdate update;
  update.archived = true;
  return update;
}

TEST_CASE("a job's display name and tags change while it runs", "[core]") {
  Cluster cluster;
  JobSpec spec = command_job("hello");
  spec.tags = {{"owner", "me"}, {"old", "1"}};
  cluster.submit(spec);
  JobUpdate update;
  update.display_name = "Hello";
  update.tags = {{"owner", "you"}, {"old", std::nullopt}};
  const Decision decision = cluster.step(UpdateRequested{RequestId{9}, "hello", update});
  CHECK(facts<JobUpdated>(decision) == std::vector{JobUpdated{JobId{1}, update}});
  CHECK(commands<Reply>(decision) == std::vector{Reply{RequestId{9}, "hello"}});
  const JobSpec& now = cluster.job(1)->spec;
  CHECK(now.display_name == "Hello");
  CHECK(now.tags == std::vector<NamedText>{{"owner", "you"}});
  cluster.crash();
  CHECK(cluster.job(1)->spec.display_name == "Hello");
}

TEST_CASE("a job that has ended is updated too, and stays ended", "[core]") {
  Cluster cluster;
  cluster.submit(command_job("hello"));
  cluster.cancel("hello");
  const Decision decision = cluster.step(UpdateRequested{RequestId{9}, "hello", archived()});
  CHECK(facts<JobUpdated>(decision).size() == 1);
  CHECK(cluster.job(1) == nullptr);
  cluster.crash();
  CHECK(cluster.job(1) == nullptr);
}

TEST_CASE("an update of an unknown job or beyond the bounds is refused", "[core]") {
  Cluster cluster;
  cluster.submit(command_job("hello"));
  const auto refusal = [&](const std::string& name, const JobUpdate& update) {
    const Decision decision = cluster.step(UpdateRequested{RequestId{9}, name, update});
    CHECK(decision.facts.empty());
    const auto replies = commands<Reply>(decision);
    REQUIRE(replies.size() == 1);
    REQUIRE_FALSE(replies[0].answer);
    return replies[0].answer.error();
  };
  CHECK(refusal("bye", archived()).code == ErrorCode::kNotFound);
  CHECK(refusal("bye", archived()).message ==
        "there is no job named 'bye' (a trial changes with its sweep); see `trawl job list`");
  JobUpdate nameless;
  nameless.tags = {{"", "x"}};
  CHECK(refusal("hello", nameless).code == ErrorCode::kInvalid);
}

}  // namespace
}  // namespace trawl::core
