#include "tests/sim/process.h"

#include <algorithm>
#include <cmath>
#include <csignal>

#include "tests/sim/chance.h"

namespace trawl::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kForever = hours(24 * 365);
constexpr std::int64_t kMetricCountMax = 12;

std::uint64_t item_of(const core::AttemptId& attempt) {
  return (static_cast<std::uint64_t>(attempt.trial.job.number) << 40) |
         (static_cast<std::uint64_t>(attempt.trial.number) << 16) |
         static_cast<std::uint64_t>(attempt.attempt);
}

core::Outcome outcome_of(Chance& chance, const core::LaunchOrder& order) {
  const bool fails = order.command.command == kAlwaysFails || chance.one_in(6);
  if (!fails) return {core::Outcome::Kind::kExited, 0, ""};
  switch (chance.between(0, 4)) {
    case 4:
      return {core::Outcome::Kind::kOrphaned, 0, "its keeper was killed"};
    case 0:
      return {core::Outcome::Kind::kExited, 127, "sh: 1: trian.py: not found\n"};
    case 1:
      return {core::Outcome::Kind::kSignalled, SIGSEGV, ""};
    default:
      return {core::Outcome::Kind::kExited, 1, "Traceback\nValueError: bad\n"};
  }
}

double metric_value(Chance& chance) {
  switch (chance.between(0, 15)) {
    case 0:
      return std::nan("");
    case 1:
      return HUGE_VAL;
    case 2:
      return -1.0;
    default:
      // Few distinct values, so that ties are common.
      return static_cast<double>(chance.between(0, 20)) / 10.0;
  }
}

std::vector<LoggedAt> metrics_of(Chance& chance, const core::LaunchOrder& order,
                                 Duration run_time) {
  std::vector<LoggedAt> logged;
  if (chance.one_in(10)) return logged;  // logs nothing at all
  const std::int64_t count = chance.between(0, kMetricCountMax);
  const Duration span = std::min<Duration>(run_time, hours(1));
  std::vector<Duration> times;
  for (std::int64_t i = 0; i < count; ++i) {
    times.push_back(chance.between(Duration{0}, span));
  }
  std::ranges::sort(times);
  for (std::int64_t i = 0; i < count; ++i) {
    MetricLogged metric;
    metric.run_id = chance.one_in(12) ? "a-run-of-its-own" : order.trial_name;
    metric.key = order.primary_metric.empty() || chance.one_in(8) ? "loss" : order.primary_metric;
    metric.value = metric_value(chance);
    metric.timestamp_ms = i;                                     // no two records are equal
    metric.step = chance.one_in(5) ? chance.between(0, 50) : i;  // also out of order
    logged.push_back({times[static_cast<std::size_t>(i)], Record{std::move(metric)}});
  }
  return logged;
}

}  // namespace

const std::string kMayHang = "train --may-hang";
const std::string kAlwaysFails = "train --always-fails";

ProcessPlan plan_process(std::uint64_t seed, const Profile& profile,
                         const core::LaunchOrder& order) {
  Chance chance(seed, Purpose::kProcess, item_of(order.attempt));
  ProcessPlan plan;
  plan.starts = !chance.one_in(25);
  if (!plan.starts) {
    plan.outcome = {core::Outcome::Kind::kUnstarted, 0, "no such folder"};
    return plan;
  }
  plan.run_time = chance.one_in(5) ? chance.between(Duration{1}, milliseconds(10))
                                   : chance.between(milliseconds(10), profile.run_time_max);
  if (order.command.command == kMayHang && chance.one_in(2)) plan.run_time = kForever;
  plan.outcome = outcome_of(chance, order);
  plan.logged = metrics_of(chance, order, std::min<Duration>(plan.run_time, profile.run_time_max));
  plan.ignores_sigterm = chance.one_in(4);
  plan.sigterm_delay = chance.between(Duration{0}, seconds(3));
  return plan;
}

}  // namespace trawl::sim
