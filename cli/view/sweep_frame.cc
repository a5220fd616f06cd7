// cli/view/sweep_frame.cc: header, choice of rows, footer.
#include "cli/view/sweep_frame.h"

#include <algorithm>
#include <set>
#include <string>

#include <fmt/format.h>

#include "cli/view/trial_table.h"

namespace trawl::cli {
namespace {

constexpr std::size_t kFinalRowsMax = 100;
constexpr std::size_t kFooterLinesMax = 3;
constexpr const char* kSeparator = " · ";

Line header(const SweepProgress& progress) {
  const SweepState& sweep = progress.sweep();
  Line line = {{sweep.name, Style::kBold}, {"  "}, {sweep.status, style_of_status(sweep.status)}};
  const auto add = [&line](const std::string& text) { line.push_back({kSeparator + text}); };
  if (!sweep.primary_metric.empty()) add(sweep.goal + " " + sweep.primary_metric);
  if (!sweep.policy.empty() && sweep.policy != "none") add("policy " + sweep.policy);
  if (sweep.max_concurrent_trials > 0) {
    add(fmt::format("up to {} at once", grouped(sweep.max_concurrent_trials)));
  }
  if (!sweep.reason.empty() && !is_ended(sweep.status)) add(sweep.reason);
  return line;
}

std::string bar(std::int64_t ended, std::int64_t expected, std::size_t columns) {
  constexpr std::size_t kWideTerminal = 90;
  const std::size_t size = columns >= kWideTerminal ? 20 : 10;
  const double share =
      expected == 0 ? 0 : static_cast<double>(ended) / static_cast<double>(expected);
  const auto filled = std::min(size, static_cast<std::size_t>(share * static_cast<double>(size)));
  return fmt::format("[{}{}]", std::string(filled, '#'), std::string(size - filled, '-'));
}

std::vector<Span> footer_parts(const SweepProgress& progress, std::size_t columns,
                               std::int64_t now_us) {
  const SweepState& sweep = progress.sweep();
  const auto ended = static_cast<std::int64_t>(progress.ended().size());
  const std::int64_t expected = progress.expected_count();
  std::vector<Span> parts = {{fmt::format("{} {}/{} trials", bar(ended, expected, columns),
                                          grouped(ended), grouped(expected))}};
  if (!progress.active().empty()) {
    parts.push_back({fmt::format("{} running", progress.active().size()), Style::kCyan});
  }
  if (const auto count = progress.stopped_by_policy_count(); count > 0) {
    parts.push_back({fmt::format("{} stopped by policy", grouped(count)), Style::kYellow});
  }
  if (const auto count = progress.count("Failed"); count > 0) {
    parts.push_back({fmt::format("{} failed", grouped(count)), Style::kRed});
  }
  if (sweep.best_value) {
    constexpr std::size_t kNarrow = 60;  // there the number says which
    const TrialProgress* best = progress.best();
    const std::string name = columns < kNarrow && best != nullptr
                                 ? fmt::format("trial {}", best->number)
                                 : sweep.best_trial;
    parts.push_back(
        {fmt::format("best {} ({})", value_text(*sweep.best_value), name), Style::kBold});
  }
  if (const auto since = sweep.started_us ? sweep.started_us : sweep.created_us) {
    parts.push_back({"elapsed " + duration_text(sweep.ended_us.value_or(now_us) - *since)});
  }
  if (const auto left = time_left_us(progress, now_us)) {
    parts.push_back({"ETA " + duration_text(*left)});
  }
  return parts;
}

// As many parts on a line as fit; what is over after `lines_max` is left out.
std::vector<Line> footer(const SweepProgress& progress, std::size_t columns, std::size_t lines_max,
                         std::int64_t now_us) {
  std::vector<Line> lines;
  for (const Span& part : footer_parts(progress, columns, now_us)) {
    const Span separator{kSeparator};
    const std::size_t more = display_width(separator.text) + display_width(part.text);
    const bool fits = !lines.empty() && display_width(lines.back()) + more <= columns;
    if (fits) {
      lines.back().push_back(separator);
      lines.back().push_back(part);
    } else if (lines.size() < lines_max) {
      lines.push_back(cut(Line{part}, columns));
    }
  }
  return lines;
}

// At most `count` trials in number order: the best, what runs, what ended last, what comes next.
std::vector<const TrialProgress*> choose(const SweepProgress& progress, std::size_t count) {
  const auto& trials = progress.trials();
  std::vector<const TrialProgress*> shown;
  if (trials.size() <= count) {
    for (const auto& [number, trial] : trials) shown.push_back(&trial);
    return shown;
  }
  std::set<std::int64_t> numbers;
  const auto add = [&](std::int64_t number) {
    if (numbers.size() < count) numbers.insert(number);
    return numbers.size() < count;
  };
  bool has_room = count > 0;
  if (const TrialProgress* best = progress.best()) has_room = has_room && add(best->number);
  for (auto at = progress.active().begin(); has_room && at != progress.active().end(); ++at) {
    has_room = add(*at);
  }
  for (auto at = progress.ended().rbegin(); has_room && at != progress.ended().rend(); ++at) {
    has_room = add(at->second);
  }
  for (auto at = trials.rbegin(); has_room && at != trials.rend(); ++at) has_room = add(at->first);
  for (const std::int64_t number : numbers) shown.push_back(&trials.at(number));
  return shown;
}

// `… 9,984 more: 6,210 Completed, 3,774 Canceled`, or nothing.
std::vector<Line> fold(const SweepProgress& progress,
                       const std::vector<const TrialProgress*>& shown) {
  if (shown.size() == progress.trials().size()) return {};
  auto counts = progress.counts();
  for (const TrialProgress* trial : shown) --counts[trial->status];
  std::string text;
  for (const auto& [status, count] : counts) {
    if (count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(count), status);
  }
  const auto more = static_cast<long long>(progress.trials().size() - shown.size());
  return {{{fmt::format("  … {} more: {}", grouped(more), text), Style::kDim}}};
}

std::vector<Line> table(const SweepProgress& progress, std::size_t lines_max, std::size_t columns,
                        std::int64_t now_us) {
  constexpr std::size_t kHeadAndFold = 2;
  const bool all_fit = progress.trials().size() < lines_max;
  if (progress.trials().empty() || (!all_fit && lines_max <= kHeadAndFold)) return {};
  const auto shown = choose(progress, all_fit ? lines_max - 1 : lines_max - kHeadAndFold);
  std::vector<Line> lines = trial_table(progress, shown, columns, now_us);
  for (const Line& line : fold(progress, shown)) lines.push_back(cut(line, columns));
  return lines;
}

}  // namespace

std::vector<Line> sweep_frame(const SweepProgress& progress, TerminalSize size,
                              std::int64_t now_us) {
  const std::size_t columns = std::max(size.columns, std::size_t{2}) - 1;
  const std::size_t lines_max = std::max(size.rows, std::size_t{2}) - 1;
  constexpr std::size_t kLowTerminal = 8;  // lines; fewer go to the table first
  const std::size_t footer_max = lines_max < kLowTerminal ? 1 : kFooterLinesMax;
  const std::vector<Line> bottom = footer(progress, columns, footer_max, now_us);
  std::vector<Line> lines;
  if (lines_max > bottom.size()) {
    lines.push_back(cut(header(progress), columns));
    const std::size_t room = lines_max - bottom.size() - 1;
    for (Line& line : table(progress, room, columns, now_us)) lines.push_back(std::move(line));
  }
  lines.insert(lines.end(), bottom.begin(), bottom.end());
  return lines;
}

std::vector<Line> final_frame(const SweepProgress& progress, std::size_t columns,
                              std::int64_t now_us) {
  constexpr std::size_t kHeadAndFold = 2;
  const std::size_t width = std::max(columns, std::size_t{2}) - 1;
  std::vector<Line> lines = {cut(header(progress), width)};
  for (Line& line : table(progress, kFinalRowsMax + kHeadAndFold, width, now_us)) {
    lines.push_back(std::move(line));
  }
  return lines;
}

std::optional<std::int64_t> time_left_us(const SweepProgress& progress, std::int64_t now_us) {
  constexpr double kUsMin = 1e6;
  constexpr double kUsMax = 1e15;  // 31 years: such a guess is no guess
  const SweepState& sweep = progress.sweep();
  if (is_ended(sweep.status) || progress.ended().empty() || !sweep.started_us) return std::nullopt;
  const auto ended = static_cast<std::int64_t>(progress.ended().size());
  const std::int64_t last_end = progress.ended().rbegin()->first;
  const double pace =
      static_cast<double>(last_end - *sweep.started_us) / static_cast<double>(ended);
  const double left = pace * static_cast<double>(progress.expected_count() - ended) -
                      static_cast<double>(now_us - last_end);
  if (left < kUsMin || left > kUsMax) return std::nullopt;
  return static_cast<std::int64_t>(left);
}

}  // namespace trawl::cli
