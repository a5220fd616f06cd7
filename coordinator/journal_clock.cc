#include "coordinator/journal_clock.h"

#include <algorithm>
#include <chrono>
#include <fstream>

#include <fmt/format.h>

namespace trawl::coordinator {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

// Steps below it are corrections of every day; NTP makes them smoothly, or by less than this.
constexpr Duration kJumpMin = std::chrono::seconds(5);

Duration monotonic_now() {
  return std::chrono::duration_cast<Duration>(steady_clock::now().time_since_epoch());
}

Instant wall_now() {
  return {std::chrono::duration_cast<Duration>(system_clock::now().time_since_epoch()).count()};
}

std::string boot_id() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  in >> id;
  return id;
}

ClockAnchor anchored(const ClockReading& clocks, Instant at) {
  return {clocks.boot, Duration{at.us} - clocks.monotonic};
}

}  // namespace

ClockReading read_clocks() {
  return {boot_id(), monotonic_now(), wall_now()};
}

ClockAnchor anchor_at_start(const ClockReading& clocks, const std::optional<ClockAnchor>& kept,
                            std::optional<Instant> newest) {
  if (!newest) return anchored(clocks, clocks.wall);
  const bool same_boot = kept && !clocks.boot.empty() && kept->boot == clocks.boot;
  const Instant at = same_boot ? Instant{(kept->offset + clocks.monotonic).count()} : clocks.wall;
  return anchored(clocks, std::max(at, *newest));
}

std::string jump_text(Duration ahead) {
  const Duration size = std::chrono::abs(ahead);
  if (size < kJumpMin) return "";
  const double seconds = std::chrono::duration<double>(size).count();
  constexpr double kMinute = 60;
  constexpr double kHour = 3600;
  const std::string text = seconds >= kHour     ? fmt::format("{:.1f} h", seconds / kHour)
                           : seconds >= kMinute ? fmt::format("{:.1f} min", seconds / kMinute)
                                                : fmt::format("{:.0f} s", seconds);
  return fmt::format(
      "this machine's clock jumped {} by {}: limits of time go on as if it had not, and times are "
      "shown so, until no job is unfinished",
      ahead > Duration{} ? "ahead" : "back", text);
}

Instant JournalClock::now() const {
  return {(anchor_.offset + monotonic_now()).count()};
}

Duration JournalClock::wall_ahead() const {
  return wall_now() - now();
}

void JournalClock::follow_wall() {
  anchor_.offset += wall_ahead();
}

}  // namespace trawl::coordinator
