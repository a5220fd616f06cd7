// The page of limits between processes, and the timer that looks at it.
#include "worker/limits.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/unit/worker/waiting.h"

namespace trawl::worker {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

bool is_ready(const BootTimer& timer, int wait_ms) {
  pollfd polled{timer.descriptor(), POLLIN, 0};
  return poll(&polled, 1, wait_ms) == 1;
}

TEST_CASE("fresh limits are no lease and no takeover", "[limits]") {
  const auto limits = Limits::make();
  REQUIRE(limits);
  CHECK(limits->lease() == std::nullopt);
  CHECK(limits->takeover() == Duration::zero());
}

TEST_CASE("what one process sets, another one reads", "[limits]") {
  auto limits = Limits::make();
  REQUIRE(limits);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    limits->set_lease(BootTime(12'345));
    limits->set_takeover(seconds(7));
    _exit(0);
  }
  REQUIRE(waitpid(child, nullptr, 0) == child);
  CHECK(limits->lease() == BootTime(12'345));
  CHECK(limits->takeover() == seconds(7));
  const auto shared = Limits::share(Descriptor(dup(limits->descriptor())));
  REQUIRE(shared);
  CHECK(shared->lease() == BootTime(12'345));
  limits->set_lease(std::nullopt);
  CHECK(shared->lease() == std::nullopt);
}

TEST_CASE("a lease that ended with the machine's start is one that is over", "[limits]") {
  auto limits = Limits::make();
  REQUIRE(limits);
  limits->set_lease(BootTime::zero());
  REQUIRE(limits->lease());
  CHECK(*limits->lease() < boot_now());
}

TEST_CASE("memory of another size is no page of limits, and a page cannot shrink", "[limits]") {
  const auto other = make_memory();
  REQUIRE(other);
  CHECK_FALSE(Limits::share(Descriptor(dup(other->get()))));
  const auto limits = Limits::make();
  REQUIRE(limits);
  CHECK(ftruncate(limits->descriptor(), 0) != 0);
}

TEST_CASE("a timer fires at its time, and at once where that has passed", "[limits]") {
  BootTimer timer;
  CHECK_FALSE(is_ready(timer, 0));
  timer.arm(boot_now() + hours(1));
  CHECK_FALSE(is_ready(timer, 0));
  timer.arm(boot_now() - seconds(1));
  CHECK(is_ready(timer, 20'000));
  timer.clear();
  CHECK_FALSE(is_ready(timer, 0));
  const BootTime at = boot_now() + milliseconds(20);
  timer.arm(at);
  CHECK(is_ready(timer, 20'000));
  CHECK(boot_now() >= at);
}

TEST_CASE("a timer that is armed keeps the earlier time", "[limits]") {
  BootTimer timer;
  const BootTime early = boot_now() + milliseconds(20);
  timer.arm(early);
  timer.arm(early + hours(1));
  CHECK(is_ready(timer, 20'000));
}

}  // namespace
}  // namespace trawl::worker
