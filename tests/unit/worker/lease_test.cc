// Keepers end attempts when the lease is over, whatever their worker does.
#include <csignal>
#include <fstream>
#include <poll.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>

#include "tests/unit/worker/kept.h"

namespace trawl::worker {
namespace {

using core::Outcome;
using std::chrono::hours;
using std::chrono::milliseconds;

constexpr Duration kLong = hours(1);

TEST_CASE("an attempt ends when the lease is over, with all that it started", "[lease][tree]") {
  Kept kept;
  kept.keepers().set_lease(boot_now() + milliseconds(200));
  kept.start("trap '' TERM; (setsid env -i sleep 1000 &); sleep 1000");
  const Outcome outcome = kept.end();
  CHECK(outcome.kind == Outcome::Kind::kFenced);
  CHECK(outcome.detail == "its worker was cut off from the coordinator for longer than its lease");
  CHECK(kept.living().empty());
}

TEST_CASE("a lease that is set while an attempt runs, or comes nearer, is heard of", "[lease]") {
  Kept kept;
  kept.start("exec sleep 1000");
  SECTION("none before") {}
  SECTION("a later one before") {
    kept.keepers().set_lease(boot_now() + hours(1));
  }
  kept.keepers().set_lease(boot_now());
  CHECK(kept.end().kind == Outcome::Kind::kFenced);
}

TEST_CASE("a lease that is renewed ends nothing", "[lease]") {
  Kept kept;
  const BootTime first = boot_now() + milliseconds(100);
  kept.keepers().set_lease(first);
  kept.start("while [ ! -e gate ]; do sleep 0.01; done; exit 8");
  SECTION("for longer") {
    kept.keepers().set_lease(first + hours(1));
  }
  SECTION("for ever") {
    kept.keepers().set_lease(std::nullopt);
  }
  REQUIRE(eventually([&] { return boot_now() > first + milliseconds(50); }));
  CHECK(kept.is_quiet());
  std::ofstream(kept.file("gate")) << "open\n";
  CHECK(kept.end().code == 8);
}

TEST_CASE("nothing is started after the lease, until there is another", "[lease]") {
  Kept kept;
  kept.keepers().set_lease(boot_now());
  REQUIRE(kept.keepers().launch(attempt_of(0), kept.shell("echo > started")));
  CHECK(kept.end(0).kind == Outcome::Kind::kFenced);
  CHECK_FALSE(std::filesystem::exists(kept.file("started")));
  kept.keepers().set_lease(boot_now() + hours(1));
  kept.start("exit 3", 1);
  CHECK(kept.end(1).code == 3);
}

TEST_CASE("an attempt that was told to end before keeps its own outcome", "[lease]") {
  Kept kept;
  kept.start("trap '' TERM; echo $$ > ready; while :; do sleep 1000; done");
  kept.number_in("ready");
  kept.keepers().kill(attempt_of(0));
  kept.keepers().set_lease(boot_now());
  CHECK(kept.end().kind == Outcome::Kind::kSignalled);
}

// Owns keepers with one attempt, whose lease ends soon, and stands still. When it goes on it notes
// how the attempt has ended.
[[noreturn]] void be_frozen_worker(const Kept& place) {
  auto keepers = Keepers::start({}).value();
  keepers->launch(attempt_of(0), place.shell("(setsid sleep 1000 &); exec sleep 1000"));
  pollfd polled{keepers->descriptor(), POLLIN, 0};
  poll(&polled, 1, -1);
  if (!std::holds_alternative<Keepers::Started>(keepers->read().at(0))) _exit(1);
  keepers->set_lease(boot_now() + milliseconds(300));
  raise(SIGSTOP);
  poll(&polled, 1, -1);
  const auto ended = std::get<Keepers::Ended>(keepers->read().at(0));
  const bool is_fenced = ended.outcome.kind == Outcome::Kind::kFenced;
  std::ofstream(place.file("seen")) << (is_fenced ? "fenced\n" : "other\n");
  _exit(0);
}

TEST_CASE("a worker that is frozen past its lease finds its attempts ended", "[lease][tree]") {
  Kept place;
  const pid_t worker = fork();
  REQUIRE(worker >= 0);
  if (worker == 0) be_frozen_worker(place);
  int status = 0;
  REQUIRE(waitpid(worker, &status, WUNTRACED) == worker);
  REQUIRE(WIFSTOPPED(status));
  CHECK(place.living("sleep").size() <= 2);  // it may be over by now
  CHECK(eventually([&] { return place.living().empty(); }));
  REQUIRE(kill(worker, SIGCONT) == 0);
  REQUIRE(waitpid(worker, &status, 0) == worker);
  CHECK(status == 0);
  CHECK(text_of(place.file("seen")) == "fenced\n");
}

TEST_CASE("without a worker the lease ends attempts that wait to be taken over", "[lease]") {
  Kept kept({.takeover = kLong});
  const pid_t leader = kept.start("exec sleep 1000");
  kept.keepers().set_lease(boot_now() + milliseconds(200));
  kept.end_worker();
  CHECK(eventually([&] { return is_gone(leader); }));
  REQUIRE(kept.take_over(kLong));
  CHECK(kept.end().kind == Outcome::Kind::kFenced);
  REQUIRE(kept.keepers().launch(attempt_of(1), kept.shell("exit 0", 1)));
  CHECK(kept.end(1).kind == Outcome::Kind::kFenced);  // the last lease still stands
}

}  // namespace
}  // namespace trawl::worker
