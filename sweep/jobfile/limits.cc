// limits of a sweep and of a command job. Times are seconds; 0 is unset. Azure ML's client raises a
// sweep's timeouts below 61 s to 60; here they are kept as they are written.
#include <array>

#include <fmt/format.h>

#include "sweep/jobfile/sections.h"

namespace trawl::jobfile {
namespace {

constexpr std::int64_t kMostTrials = 1'000'000;
constexpr std::int64_t kMostSeconds = 100LL * 366 * 24 * 3600;  // a century
constexpr std::int64_t kSweepTimeoutSeconds = 5'184'000;        // 60 days, Azure ML's default
constexpr std::int64_t kRaisedBelow = 60;

std::optional<Duration> read_seconds(Context& context, Node& limits, std::string_view key) {
  Node* node = find(limits, key);
  if (node == nullptr || is_null(*node)) return std::nullopt;
  const std::string name = fmt::format("limits.{}", key);
  const std::string* text = text_of(*node);
  if (text != nullptr && text->starts_with("P")) {
    context.report.error(
        node->where,
        fmt::format("{} is a whole number of seconds, as in 3600; it is '{}'", name, *text));
    return std::nullopt;
  }
  const auto seconds = read_integer(context, *node, name, {.least = 0, .most = kMostSeconds});
  if (!seconds || *seconds == 0) return std::nullopt;
  return Duration{std::chrono::seconds{*seconds}};
}

std::optional<Duration> read_sweep_seconds(Context& context, Node& limits, std::string_view key) {
  const auto timeout = read_seconds(context, limits, key);
  if (timeout && *timeout < std::chrono::seconds{kRaisedBelow}) {
    context.report.warn(
        find(limits, key)->where,
        fmt::format("limits.{} of {} s is kept exactly; Azure ML would raise it to 60 s", key,
                    std::chrono::duration_cast<std::chrono::seconds>(*timeout).count()));
  }
  return timeout;
}

}  // namespace

Limits read_sweep_limits(Context& context, Node& node) {
  constexpr std::array<std::string_view, 4> kKeys = {"max_total_trials", "max_concurrent_trials",
                                                     "timeout", "trial_timeout"};
  const Scope scope{"limits", "limits"};
  Limits limits;
  if (!check_keys(context, node, scope, kKeys)) return limits;
  const bool has_old_total = find(node, "max_total_runs") != nullptr;
  if (!has_old_total) {
    if (Node* total = require(context, node, scope, "max_total_trials")) {
      limits.sweep.max_total_trials = read_integer(context, *total, "limits.max_total_trials",
                                                   {.least = 1, .most = kMostTrials})
                                          .value_or(1);
    }
  }
  limits.sweep.max_concurrent_trials = limits.sweep.max_total_trials;
  Node* concurrent = find(node, "max_concurrent_trials");
  if (concurrent != nullptr && !is_null(*concurrent)) {
    limits.sweep.max_concurrent_trials =
        read_integer(context, *concurrent, "limits.max_concurrent_trials",
                     {.least = 1, .most = kMostTrials})
            .value_or(1);
  }
  limits.sweep.trial_timeout = read_sweep_seconds(context, node, "trial_timeout");
  limits.timeout = read_sweep_seconds(context, node, "timeout")
                       .value_or(Duration{std::chrono::seconds{kSweepTimeoutSeconds}});
  return limits;
}

std::optional<Duration> read_command_limits(Context& context, Node& node) {
  constexpr std::array<std::string_view, 1> kKeys = {"timeout"};
  if (!check_keys(context, node, {"command_limits", "limits"}, kKeys)) return std::nullopt;
  return read_seconds(context, node, "timeout");
}

}  // namespace trawl::jobfile
