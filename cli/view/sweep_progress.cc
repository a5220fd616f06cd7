// cli/view/sweep_progress.cc: reads the answers to WatchJob (coordinator/store_reader.cc writes
// them).
#include "cli/view/sweep_progress.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/view/display_text.h"

namespace trawl::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return "";
  return escaped(found->get_ref<const std::string&>());
}

template <class Number>
std::optional<Number> number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<Number>();
}

// A logged value; infinities come as texts, which JSON has instead of them.
std::optional<double> value_of(const Json& object, const char* key) {
  const std::string text = text_of(object, key);
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return number_of<double>(object, key);
}

// A value of the search space for a table.
std::string short_text(const Json& value) {
  if (value.is_number_float()) return fmt::format("{:.4g}", value.get<double>());
  if (value.is_string()) return escaped(value.get_ref<const std::string&>());
  return escaped(value.dump());
}

std::string full_text(const Json& value) {
  return value.is_number_float() ? python_repr(value.get<double>()) : short_text(value);
}

bool is_active_status(const std::string& status) {
  return !is_ended(status) && status != "Queued" && status != "NotStarted";
}

// The coordinator begins the reason of a stopped trial with the name of the policy that stopped it.
bool is_stopped_by_policy(const TrialProgress& trial, const std::string& policy) {
  const bool is_stopped = trial.status == "Canceled" || trial.status == "CancelRequested";
  return is_stopped && !policy.empty() && trial.reason.rfind(policy + ": ", 0) == 0;
}

TrialProgress trial_from(const Json& json, const std::string& policy) {
  TrialProgress trial;
  trial.number = json.at("number").get<std::int64_t>();
  trial.name = text_of(json, "name");
  trial.status = text_of(json, "status");
  trial.reason = text_of(json, "reason");
  const auto parameters = json.find("parameters");
  if (parameters != json.end() && parameters->is_object()) {
    for (const auto& [name, value] : parameters->items()) {
      trial.parameters.emplace_back(escaped(name), short_text(value));
      if (!trial.parameters_text.empty()) trial.parameters_text += ", ";
      trial.parameters_text += escaped(name) + " = " + full_text(value);
    }
  }
  trial.attempt = number_of<std::int64_t>(json, "attempt").value_or(0);
  trial.started_us = number_of<std::int64_t>(json, "started_us");
  trial.ended_us = number_of<std::int64_t>(json, "ended_us");
  trial.last_value = value_of(json, "last_value");
  trial.best_value = value_of(json, "best_value");
  trial.last_step = number_of<std::int64_t>(json, "last_step");
  trial.is_stopped_by_policy = is_stopped_by_policy(trial, policy);
  return trial;
}

}  // namespace

bool is_ended(const std::string& status) {
  return status == "Completed" || status == "Failed" || status == "Canceled";
}

std::string value_text(double value) {
  return fmt::format("{:.5g}", value);
}

void SweepProgress::update(const Json& watched) {
  take_sweep(watched.at("job"));
  for (const Json& event : watched.at("events")) {
    if (event.at("kind") == "suggestions_exhausted") is_exhausted_ = true;
  }
  for (const Json& trial : watched.at("trials")) take_trial(trial_from(trial, sweep_.policy));
}

void SweepProgress::take_sweep(const Json& job) {
  sweep_.name = text_of(job, "name");
  sweep_.status = text_of(job, "status");
  sweep_.reason = text_of(job, "reason");
  sweep_.goal = text_of(job, "goal");
  sweep_.primary_metric = text_of(job, "primary_metric");
  sweep_.policy = text_of(job, "policy");
  sweep_.created_us = number_of<std::int64_t>(job, "created_us");
  sweep_.started_us = number_of<std::int64_t>(job, "started_us");
  sweep_.ended_us = number_of<std::int64_t>(job, "ended_us");
  sweep_.best_value = value_of(job, "best_value");
  sweep_.best_trial = text_of(job, "best_trial");
  sweep_.max_total_trials = number_of<std::int64_t>(job, "max_total_trials").value_or(0);
  sweep_.max_concurrent_trials = number_of<std::int64_t>(job, "max_concurrent_trials").value_or(0);
}

void SweepProgress::take_trial(TrialProgress trial) {
  for (const auto& [name, value] : trial.parameters) {
    auto known = std::ranges::find(parameter_widths_, name, &ParameterWidth::name);
    if (known == parameter_widths_.end()) known = parameter_widths_.insert(known, {name, 0});
    known->value_width = std::max(known->value_width, display_width(value));
  }
  name_width_ = std::max(name_width_, display_width(trial.name));
  for (const auto& value : {trial.last_value, trial.best_value}) {
    if (value) value_width_ = std::max(value_width_, value_text(*value).size());
  }
  const auto known = trials_.find(trial.number);
  if (known != trials_.end()) {
    count_in(known->second, -1);
    active_.erase(trial.number);
    if (known->second.ended_us) ended_.erase({*known->second.ended_us, trial.number});
  } else {
    number_of_name_[trial.name] = trial.number;
  }
  count_in(trial, 1);
  if (is_active_status(trial.status)) active_.insert(trial.number);
  if (trial.ended_us) ended_.insert({*trial.ended_us, trial.number});
  trials_[trial.number] = std::move(trial);
}

void SweepProgress::count_in(const TrialProgress& trial, std::int64_t sign) {
  counts_[trial.status] += sign;
  if (trial.is_stopped_by_policy) stopped_by_policy_count_ += sign;
}

std::int64_t SweepProgress::count(const std::string& status) const {
  const auto found = counts_.find(status);
  return found == counts_.end() ? 0 : found->second;
}

std::int64_t SweepProgress::expected_count() const {
  const auto known = static_cast<std::int64_t>(trials_.size());
  if (is_exhausted_ || is_ended(sweep_.status)) return known;
  return std::max(known, sweep_.max_total_trials);
}

std::size_t SweepProgress::status_width() const {
  std::size_t width = 0;
  for (const auto& [status, count] : counts_) width = std::max(width, display_width(status));
  return width;
}

const TrialProgress* SweepProgress::best() const {
  const auto number = number_of_name_.find(sweep_.best_trial);
  return number == number_of_name_.end() ? nullptr : &trials_.at(number->second);
}

}  // namespace trawl::cli
