// cli/view/sweep_progress.h: what is known of a followed sweep, built up from the answers to
// WatchJob, each of which holds only the trials that changed. Orders (running, ended, by name) are
// kept up to date with each change, so that a frame of a large sweep costs what it shows, not what
// there is.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace trawl::cli {

/// Texts are escaped already (cli/display_text.h). Times: microseconds since the epoch.
struct TrialProgress {
  std::int64_t number = 0;
  std::string name;
  std::string status;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> parameters;  // short: 4 digits
  std::string parameters_text;                                  // `a = 0.123456, b = 2`: all digits
  std::int64_t attempt = 0;
  std::optional<std::int64_t> started_us;
  std::optional<std::int64_t> ended_us;
  std::optional<double> last_value;
  std::optional<double> best_value;
  std::optional<std::int64_t> last_step;
  bool is_stopped_by_policy = false;
};

struct ParameterWidth {
  std::string name;
  std::size_t value_width = 0;  // columns of the widest short value seen
};

struct SweepState {
  std::string name;
  std::string status;
  std::string reason;
  std::string goal;  // these three are empty for a command job
  std::string primary_metric;
  std::string policy;
  std::optional<std::int64_t> created_us;
  std::optional<std::int64_t> started_us;
  std::optional<std::int64_t> ended_us;
  std::optional<double> best_value;
  std::string best_trial;  // a name; empty: none yet
  std::int64_t max_total_trials = 0;
  std::int64_t max_concurrent_trials = 0;
};

bool is_ended(const std::string& status);

/// A value of a metric for a table: five digits.
std::string value_text(double value);

class SweepProgress {
 public:
  /// One answer to WatchJob. Costs O(changed trials), each with a logarithm.
  void update(const nlohmann::ordered_json& watched);

  const SweepState& sweep() const { return sweep_; }
  const std::map<std::int64_t, TrialProgress>& trials() const { return trials_; }

  /// Trials that hold a worker, by number.
  const std::set<std::int64_t>& active() const { return active_; }

  /// (end, number) of the ended trials, oldest first.
  const std::set<std::pair<std::int64_t, std::int64_t>>& ended() const { return ended_; }

  /// Trials by status.
  const std::map<std::string, std::int64_t>& counts() const { return counts_; }
  std::int64_t count(const std::string& status) const;
  std::int64_t stopped_by_policy_count() const { return stopped_by_policy_count_; }

  /// How many trials there will be, as far as is known.
  std::int64_t expected_count() const;

  /// Null: none yet.
  const TrialProgress* best() const;

  /// In order of first appearance.
  const std::vector<ParameterWidth>& parameter_widths() const { return parameter_widths_; }

  /// The widest name, value and status of a trial seen. What only grows does not jump about.
  std::size_t name_width() const { return name_width_; }
  std::size_t value_width() const { return value_width_; }
  std::size_t status_width() const;

 private:
  void take_sweep(const nlohmann::ordered_json& job);
  void take_trial(TrialProgress trial);
  void count_in(const TrialProgress& trial, std::int64_t sign);

  SweepState sweep_;
  std::map<std::int64_t, TrialProgress> trials_;
  std::map<std::string, std::int64_t> number_of_name_;
  std::set<std::int64_t> active_;
  std::set<std::pair<std::int64_t, std::int64_t>> ended_;
  std::map<std::string, std::int64_t> counts_;
  std::int64_t stopped_by_policy_count_ = 0;
  bool is_exhausted_ = false;
  std::vector<ParameterWidth> parameter_widths_;
  std::size_t name_width_ = 0;
  std::size_t value_width_ = 0;
};

}  // namespace trawl::cli
