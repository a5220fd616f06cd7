// cli/view/sweep_summary.cc: one pass over the trials, at the end.
#include "cli/view/sweep_summary.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace trawl::cli {
namespace {

constexpr std::size_t kReasonMax = 300;
constexpr std::size_t kReasonsMax = 5;  // of each kind; `job list --parent-job-name` has them all

struct Reasons {
  std::string title;
  std::vector<Line> lines;
  std::size_t count = 0;

  void add(const std::string& trial, const std::string& reason) {
    ++count;
    if (lines.size() == kReasonsMax) return;
    lines.push_back({{"    " + trial}, {"  "}, {cut(reason, kReasonMax), Style::kDim}});
  }
};

// The names of a kind padded, so that the reasons stand in a column.
void add_reasons(const Reasons& reasons, std::vector<Line>& summary) {
  if (reasons.count == 0) return;
  summary.push_back({{"  " + reasons.title}});
  std::size_t width = 0;
  for (const Line& line : reasons.lines) width = std::max(width, display_width(line[0].text));
  for (Line line : reasons.lines) {
    line[0].text = padded(line[0].text, width);
    summary.push_back(std::move(line));
  }
  if (reasons.count == reasons.lines.size()) return;
  const auto more = static_cast<long long>(reasons.count - reasons.lines.size());
  summary.push_back({{fmt::format("    … {} more", grouped(more))}});
}

Line counts_line(const SweepProgress& progress) {
  std::string text;
  for (const auto& [status, count] : progress.counts()) {
    if (count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(count), status);
    const std::int64_t by_policy = progress.stopped_by_policy_count();
    if (status == "Canceled" && by_policy > 0) {
      text +=
          by_policy == count ? " (by policy)" : fmt::format(" ({} by policy)", grouped(by_policy));
    }
  }
  const auto total = static_cast<long long>(progress.trials().size());
  return {{fmt::format("  trials  {}{}{}", grouped(total), text.empty() ? "" : ": ", text)}};
}

void add_best(const SweepProgress& progress, std::vector<Line>& summary) {
  const SweepState& sweep = progress.sweep();
  if (sweep.best_trial.empty() || !sweep.best_value) return;
  summary.push_back({{"  best    "},
                     {sweep.best_trial, Style::kBold},
                     {fmt::format("  {} = ", sweep.primary_metric)},
                     {python_repr(*sweep.best_value), Style::kBold}});
  const TrialProgress* best = progress.best();
  if (best != nullptr && !best->parameters_text.empty()) {
    summary.push_back({{"          " + best->parameters_text}});
  }
}

}  // namespace

std::vector<Line> sweep_summary(const SweepProgress& progress) {
  const SweepState& sweep = progress.sweep();
  std::vector<Line> summary;
  Line first = {{sweep.name + " "}, {sweep.status, style_of_status(sweep.status)}};
  if (const auto since = sweep.started_us ? sweep.started_us : sweep.created_us;
      since && sweep.ended_us) {
    first.push_back({" in " + duration_text(*sweep.ended_us - *since)});
  }
  if (!sweep.reason.empty()) first.push_back({": " + sweep.reason});
  summary.push_back(std::move(first));
  add_best(progress, summary);
  summary.push_back(counts_line(progress));

  Reasons stopped{"stopped by " + sweep.policy, {}, 0};
  Reasons failed{"failed", {}, 0};
  Reasons others{"notes", {}, 0};
  const std::string policy_prefix = sweep.policy + ": ";  // the title says it
  for (const auto& [number, trial] : progress.trials()) {
    if (trial.is_stopped_by_policy) {
      stopped.add(trial.name, trial.reason.substr(policy_prefix.size()));
    } else if (trial.status == "Failed") {
      failed.add(trial.name, trial.reason);
    } else if (!trial.reason.empty() && trial.reason != sweep.reason) {
      others.add(trial.name, trial.reason);
    }
  }
  for (const Reasons* reasons : {&stopped, &failed, &others}) add_reasons(*reasons, summary);
  return summary;
}

}  // namespace trawl::cli
