// The time of the journal's facts, on machines whose clock jumps.
#include "coordinator/journal_clock.h"

#include <catch2/catch.hpp>

#include "tests/unit/coordinator/stored_cluster.h"

namespace trawl::coordinator {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Instant kNoon{1'700'000'000'000'000};

ClockReading reading(const std::string& boot, Duration monotonic, Instant wall) {
  return {boot, monotonic, wall};
}

Instant time_at(const ClockAnchor& anchor, Duration monotonic) {
  return {(anchor.offset + monotonic).count()};
}

TEST_CASE("with no unfinished job the journal has the wall clock's time, whatever was kept",
          "[clock]") {
  const auto clocks = reading("a", hours(1), kNoon);
  const ClockAnchor far{"a", Duration{kNoon.us} + hours(9)};
  CHECK(time_at(anchor_at_start(clocks, std::nullopt, std::nullopt), hours(1)) == kNoon);
  CHECK(time_at(anchor_at_start(clocks, far, std::nullopt), hours(1)) == kNoon);
}

TEST_CASE("with an unfinished job a restart on the same boot goes on as the monotonic clock does",
          "[clock]") {
  const auto before = anchor_at_start(reading("a", hours(1), kNoon), std::nullopt, std::nullopt);
  for (const Duration jump : {Duration{}, Duration{hours(5)}, Duration{hours(-5)}}) {
    const auto clocks = reading("a", hours(1) + seconds(10), kNoon + seconds(10) + jump);
    const auto after = anchor_at_start(clocks, before, kNoon + seconds(3));
    CHECK(after == before);
    CHECK(time_at(after, clocks.monotonic) == kNoon + seconds(10));
  }
}

TEST_CASE("with an unfinished job another boot has the wall clock's time, or the newest fact's",
          "[clock]") {
  const ClockAnchor kept{"a", Duration{kNoon.us} - hours(1)};
  const Instant newest = kNoon + seconds(3);
  const auto later = reading("b", seconds(20), kNoon + hours(2));
  CHECK(time_at(anchor_at_start(later, kept, newest), seconds(20)) == kNoon + hours(2));
  const auto earlier = reading("b", seconds(20), kNoon - hours(2));
  CHECK(time_at(anchor_at_start(earlier, kept, newest), seconds(20)) == newest);
  CHECK(anchor_at_start(earlier, kept, newest).boot == "b");
}

TEST_CASE("a machine that does not name its boot is taken for another one", "[clock]") {
  const ClockAnchor kept{"", Duration{kNoon.us}};
  const auto clocks = reading("", hours(1), kNoon + hours(2));
  CHECK(time_at(anchor_at_start(clocks, kept, kNoon), hours(1)) == kNoon + hours(2));
}

TEST_CASE("time goes not back where a machine's state was restored from before the newest fact",
          "[clock]") {
  const ClockAnchor kept{"a", Duration{kNoon.us} - hours(1)};
  const auto clocks = reading("a", hours(1), kNoon);
  const Instant newest = kNoon + seconds(30);
  CHECK(time_at(anchor_at_start(clocks, kept, newest), hours(1)) == newest);
}

TEST_CASE("a jump is told with its size and direction, a correction is not", "[clock]") {
  CHECK(jump_text(seconds(0)).empty());
  CHECK(jump_text(seconds(-4)).empty());
  CHECK(jump_text(seconds(30)) ==
        "this machine's clock jumped ahead by 30 s: limits of time go on as if it had not, and "
        "times are shown so, until no job is unfinished");
  CHECK_THAT(jump_text(seconds(-90)), Catch::Contains("jumped back by 1.5 min:"));
  CHECK_THAT(jump_text(hours(3)), Catch::Contains("jumped ahead by 3.0 h:"));
}

TEST_CASE("the journal's clock runs, and meets the wall clock when it is told to", "[clock]") {
  const auto clocks = read_clocks();
  CHECK_FALSE(clocks.boot.empty());
  JournalClock clock(ClockAnchor{clocks.boot, Duration{}});  // since the boot: decades behind
  const Instant first = clock.now();
  CHECK(clock.now() >= first);
  CHECK(clock.wall_ahead() > hours(24));
  clock.follow_wall();
  CHECK(std::chrono::abs(clock.wall_ahead()) < seconds(5));
}

TEST_CASE("the store keeps the clock's anchor", "[clock][store]") {
  StoredCluster stored;
  CHECK_FALSE(stored.store().kept_clock());
  const ClockAnchor anchor{"7ab2", Duration{-12'345}};
  stored.store().keep_clock(anchor, [](const Result<void>&) {});
  stored.reopen();
  REQUIRE(stored.store().kept_clock());
  CHECK(*stored.store().kept_clock() == anchor);
}

}  // namespace
}  // namespace trawl::coordinator
