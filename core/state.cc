// core/state.cc: names and limits that follow from a job's spec, and equality of what replays.
#include "core/state.h"

#include <bit>

#include "core/step.h"

namespace trawl::core {
namespace {

// NaN reports are equal here: the question is whether a replay gives back the same state.
bool same_bits(const ReportHistory& a, const ReportHistory& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::bit_cast<std::uint64_t>(a[i]) != std::bit_cast<std::uint64_t>(b[i])) return false;
  }
  return true;
}

}  // namespace

std::string to_string(const TrialId& id) {
  return "trial/" + std::to_string(id.job.number) + "." + std::to_string(id.number);
}

std::string to_string(const AttemptId& id) {
  return "attempt/" + std::to_string(id.trial.job.number) + "." + std::to_string(id.trial.number) +
         "." + std::to_string(id.attempt);
}

bool operator==(const PrimaryReported& a, const PrimaryReported& b) {
  return a.attempt == b.attempt && same_bits({a.value}, {b.value}) && a.step == b.step &&
         a.best_of_trial == b.best_of_trial && a.best_of_job == b.best_of_job;
}

bool operator==(const Trial& a, const Trial& b) {
  return a.number == b.number && a.parameters == b.parameters && a.phase == b.phase &&
         a.attempt == b.attempt && a.lost_count == b.lost_count &&
         a.orphaned_count == b.orphaned_count && a.is_successor == b.is_successor &&
         a.was_spared == b.was_spared && a.worker_name == b.worker_name &&
         a.incarnation == b.incarnation && a.is_leased == b.is_leased && a.running == b.running &&
         a.after == b.after && a.started == b.started && a.stop == b.stop &&
         same_bits(a.reports, b.reports) && a.best == b.best && a.status == b.status;
}

std::int64_t Job::max_total_trials() const {
  return spec.sweep ? spec.sweep->limits.max_total_trials : 1;
}

std::int64_t Job::max_concurrent_trials() const {
  return spec.sweep ? spec.sweep->limits.max_concurrent_trials : 1;
}

std::string Job::trial_name(std::int64_t number) const {
  return spec.sweep ? spec.name + "_" + std::to_string(number) : spec.name;
}

Trial* find_trial(State& state, TrialId id) {
  const auto job = state.jobs.find(id.job);
  if (job == state.jobs.end()) return nullptr;
  auto& trials = job->second.trials;
  if (id.number < 0 || id.number >= static_cast<std::int64_t>(trials.size())) return nullptr;
  return &trials[static_cast<std::size_t>(id.number)];
}

Trial* find_live(State& state, AttemptId id) {
  Trial* trial = find_trial(state, id.trial);
  const bool live = trial != nullptr && trial->phase == Trial::Phase::kLive;
  return live && trial->attempt == id.attempt ? trial : nullptr;
}

const Trial* find_live(const State& state, AttemptId id) {
  return find_live(const_cast<State&>(state), id);  // the other overload changes nothing
}

const WorkerId* find_holder(const Runtime& runtime, const Trial& trial, AttemptId id) {
  const auto named = runtime.worker_ids.find(trial.worker_name);
  const bool holds = named != runtime.worker_ids.end() && runtime.workers.at(named->second).has(id);
  return holds ? &named->second : nullptr;
}

}  // namespace trawl::core
