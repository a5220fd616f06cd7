#include "tests/sim/history.h"

#include <algorithm>

#include "tests/stories/print.h"
#include "tests/stories/replay.h"

namespace trawl::sim {
namespace {

std::int64_t size_of(const std::deque<TrialHistory>& trials) {
  return static_cast<std::int64_t>(trials.size());
}

bool same(double a, double b) {
  return a == b || (a != a && b != b);
}

}  // namespace

void History::committed(const core::Fact& fact) {
  const std::size_t faults_before = trace_.faults().size();
  if (verdict_due_) {
    const auto* stop = std::get_if<core::StopDecided>(&fact.body);
    require(stop != nullptr && stop->attempt == verdict_due_->first &&
                stop->cause == core::StopCause::kPolicy && stop->reason == verdict_due_->second,
            "the policy's verdict was due and not taken: " + verdict_due_->second);
  } else if (!expected_reports_.empty()) {
    require(std::holds_alternative<core::PrimaryReported>(fact.body),
            "a value of the primary metric was accepted and not reported");
  }
  const core::JobId id = core::job_of(fact.body);
  const bool is_new = std::holds_alternative<core::JobSubmitted>(fact.body);
  if (id != core::JobId{} && !is_new) {
    require(job(id) != nullptr && !job(id)->ended, "a fact of a job that is unknown or has ended");
  }
  if (trace_.faults().size() == faults_before) {
    std::visit([&](const auto& body) { on(body, fact.at); }, fact.body);
  }
  if (trace_.faults().size() > faults_before) {
    trace_.fault("... at the fact " + core::to_text(fact.body));
  }
}

const JobHistory* History::find(const std::string& job_name) const {
  const auto found = std::ranges::find_if(
      jobs_, [&](const auto& entry) { return entry.second.spec.name == job_name; });
  return found == jobs_.end() ? nullptr : &found->second;
}

bool History::is_live(const core::AttemptId& attempt) const {
  const auto found = jobs_.find(attempt.trial.job);
  if (found == jobs_.end() || attempt.trial.number >= size_of(found->second.trials)) return false;
  const TrialHistory& it = found->second.trials[static_cast<std::size_t>(attempt.trial.number)];
  return it.live && it.attempt == attempt.attempt;
}

void History::on(const core::JobSubmitted& fact, Instant) {
  require(find(fact.spec.name) == nullptr, "two jobs of one name");
  require(jobs_.empty() || jobs_.rbegin()->first < fact.job, "a job's number does not grow");
  jobs_[fact.job].spec = fact.spec;
  ++unfinished_count_;
}

void History::on(const core::TrialSuggested& fact, Instant) {
  JobHistory& it = *job(fact.trial.job);
  require(fact.trial.number == size_of(it.trials), "a trial's number is not the next one");
  require(!it.canceled && !it.exhausted, "a trial of a job that makes no more");
  it.trials.emplace_back();
  const std::int64_t total = it.spec.sweep ? it.spec.sweep->limits.max_total_trials : 1;
  require(size_of(it.trials) <= total, "more than max_total_trials");
}

void History::on(const core::SuggestionsExhausted& fact, Instant) {
  job(fact.job)->exhausted = true;
}

void History::on(const core::AttemptAssigned& fact, Instant at) {
  JobHistory& its_job = *job(fact.attempt.trial.job);
  TrialHistory* it = trial(fact.attempt.trial);
  require(it != nullptr && !it->ended, "an attempt of a trial that is unknown or has ended");
  require(!its_job.canceled, "an attempt of a job that was canceled");
  if (it == nullptr) return;
  require(!it->live, "two live attempts of one trial");
  require(it->lost_count < options_.lost_attempts_max,
          "a trial that was lost too often is tried again");
  require(fact.attempt.attempt == it->attempt + 1, "an attempt's number is not the next one");
  check_order(fact.attempt.trial.job);
  const std::int64_t limit =
      its_job.spec.sweep ? its_job.spec.sweep->limits.max_concurrent_trials : 1;
  if (fact.after) {
    check_successor(fact);
  } else {
    ++its_job.slot_count;
  }
  it->after = fact.after;
  it->is_successor = fact.after.has_value();
  require(its_job.slot_count <= limit, "more than max_concurrent_trials run");
  if (!its_job.started) its_job.started = at;
  it->attempt = fact.attempt.attempt;
  it->live = true;
  it->worker_name = fact.worker_name;
  check_company(*it);
  it->started.reset();
  it->reports.clear();
}

void History::check_successor(const core::AttemptAssigned& fact) {
  require(fact.after->trial.job == fact.attempt.trial.job, "a successor of another job's attempt");
  const TrialHistory* before = live_trial(*fact.after, "gets a successor");
  require(before != nullptr && !before->stopped, "a successor of an attempt that is not to go on");
  require(!trial(fact.attempt.trial)->was_spared,
          "a trial whose loss was not counted once follows");
  const auto& trials = job(fact.attempt.trial.job)->trials;
  require(std::ranges::none_of(
              trials, [&](const TrialHistory& other) { return other.after == fact.after; }),
          "two successors of one attempt");
}

bool History::runs_alone(const TrialHistory& trial) const {
  return trial.worker_lost_count >= options_.lost_in_company_max;
}

// A trial that was lost often enough has its worker for itself.
void History::check_company(const TrialHistory& placed) {
  std::int64_t count = 0;
  bool is_lone = false;
  for (const auto& [id, its_job] : jobs_) {
    for (const TrialHistory& one : its_job.trials) {
      if (!one.live || one.worker_name != placed.worker_name) continue;
      ++count;
      is_lone = is_lone || runs_alone(one);
    }
  }
  require(!is_lone || count == 1, "a trial that must run alone has company");
}

// First come, first served, except that a trial which runs alone may have to wait for a worker.
void History::check_order(core::JobId served) {
  for (auto older = jobs_.begin(); older->first < served; ++older) {
    const JobHistory& job = older->second;
    const std::int64_t limit = job.spec.sweep ? job.spec.sweep->limits.max_concurrent_trials : 1;
    if (job.ended || job.canceled || job.slot_count >= limit) continue;
    const auto waits = [](const TrialHistory& one) { return !one.live && !one.ended; };
    const bool lone_waits = std::ranges::any_of(
        job.trials, [&](const TrialHistory& one) { return waits(one) && runs_alone(one); });
    require(lone_waits || std::ranges::none_of(job.trials, waits),
            job.spec.name + " waits, and a younger job is served");
  }
}

void History::on(const core::AttemptRunning& fact, Instant at) {
  if (TrialHistory* it = live_trial(fact.started.attempt, "runs")) {
    require(!it->started, "an attempt started twice");
    it->started = at;
  }
}

void History::on(const core::RecordsAccepted& fact, Instant) {
  if (live_trial(fact.attempt, "logs") == nullptr) return;
  const JobHistory& its_job = *job(fact.attempt.trial.job);
  if (!its_job.spec.sweep) return;
  const std::string run_id = its_job.spec.name + "_" + std::to_string(fact.attempt.trial.number);
  for (const Record& record : fact.records) {
    const auto* metric = std::get_if<MetricLogged>(&record);
    if (metric == nullptr || metric->run_id != run_id) continue;
    if (metric->key != its_job.spec.sweep->objective.primary_metric) continue;
    expected_reports_.push_back({fact.attempt, metric->value, metric->step});
  }
}

void History::on(const core::PrimaryReported& fact, Instant) {
  require(!expected_reports_.empty() && expected_reports_.front().attempt == fact.attempt &&
              same(expected_reports_.front().value, fact.value) &&
              expected_reports_.front().step == fact.step,
          "a report that was not logged so");
  if (!expected_reports_.empty()) expected_reports_.pop_front();
  TrialHistory* it = live_trial(fact.attempt, "reports");
  if (it == nullptr) return;
  const Goal goal = job(fact.attempt.trial.job)->spec.sweep->objective.goal;
  const bool best =
      fact.value == fact.value && std::ranges::all_of(it->reports, [&](double earlier) {
        return better(goal, fact.value, earlier);
      });
  require(fact.best_of_trial == best, "best_of_trial is wrong");
  require(!fact.best_of_job || best, "best of the job, and not of its trial");
  it->reports.push_back(fact.value);
  judge_again(fact.attempt.trial.job, fact.attempt);
}

void History::judge_again(core::JobId id, const core::AttemptId& attempt) {
  const JobHistory& its_job = *job(id);
  const TrialHistory& it = *trial(attempt.trial);
  if (it.stopped) return;
  std::vector<const ReportHistory*> histories;
  for (const TrialHistory& other : its_job.trials) histories.push_back(&other.reports);
  const auto verdict =
      judge(its_job.spec.sweep->early_termination, its_job.spec.sweep->objective.goal, histories,
            static_cast<std::size_t>(attempt.trial.number), it.reports.size());
  if (verdict) verdict_due_ = {attempt, verdict->reason};
}

void History::on(const core::StopDecided& fact, Instant) {
  require(verdict_due_.has_value() == (fact.cause == core::StopCause::kPolicy),
          "a stop by a policy that had no verdict");
  verdict_due_.reset();
  TrialHistory* it = trial(fact.attempt.trial);
  require(it != nullptr && !it->ended, "a stop of a trial that is unknown or has ended");
  require(!fact.reason.empty(), "a stop without a reason");
  if (it == nullptr) return;
  require(fact.attempt.attempt == it->attempt, "a stop of an attempt that is not the current one");
  require(!it->stopped, "a second stop of one trial");
  it->stopped = fact.cause;
}

void History::on(const core::AttemptFinished& fact, Instant) {
  TrialHistory* it = live_trial(fact.attempt, "finishes");
  if (it == nullptr) return;
  it->live = false;
  JobHistory& its_job = *job(fact.attempt.trial.job);
  const std::optional<core::AttemptId> before = std::exchange(it->after, std::nullopt);
  if (!before) --its_job.slot_count;
  for (TrialHistory& other : its_job.trials) {
    if (other.after != fact.attempt) continue;
    other.after = before;  // moves up
    if (!before) ++its_job.slot_count;
  }
  if (!core::is_lost(fact.outcome)) return;
  const bool with_worker = fact.outcome.kind == core::Outcome::Kind::kLost;
  if (with_worker && it->is_successor && !it->started) {
    require(!it->was_spared, "a second loss is not counted");
    it->was_spared = true;
    return;
  }
  ++it->lost_count;
  if (with_worker) ++it->worker_lost_count;
}

void History::on(const core::TrialEnded& fact, Instant) {
  TrialHistory* it = trial(fact.trial);
  require(it != nullptr && !it->ended && !it->live, "the end of a trial that runs or has ended");
  require(core::is_terminal(fact.status), "an end that is none");
  require(fact.status == core::Status::kCompleted || !fact.reason.empty(),
          "a trial ended, and nobody says why");
  if (it == nullptr) return;
  require(it->stopped.has_value() == (fact.status == core::Status::kCanceled),
          "a trial is Canceled where it was stopped, and only there");
  it->ended = true;
}

void History::on(const core::JobCancelRequested& fact, Instant) {
  require(!job(fact.job)->canceled, "a job canceled twice");
  job(fact.job)->canceled = true;
}

void History::on(const core::JobEnded& fact, Instant) {
  JobHistory& it = *job(fact.job);
  require(std::ranges::all_of(it.trials, [](const TrialHistory& one) { return one.ended; }),
          "a job ended before its trials");
  const std::int64_t total = it.spec.sweep ? it.spec.sweep->limits.max_total_trials : 1;
  require(it.canceled || it.exhausted || size_of(it.trials) == total || !it.spec.sweep,
          "a job ended before all its trials were made");
  require(core::is_terminal(fact.status), "an end that is none");
  require(fact.status == core::Status::kCompleted || !fact.reason.empty(),
          "a job ended, and nobody says why");
  require(!it.canceled || fact.status == core::Status::kCanceled, "canceled, and not Canceled");
  it.ended = true;
  --unfinished_count_;
}

void History::on(const core::ReportsTaken& fact, Instant) {
  require(fact.seq == spools_[fact.spool] + 1, "a report was passed over or taken twice");
  spools_[fact.spool] = fact.seq;
}

void History::on(const core::JobUpdated& fact, Instant) {
  require(job(fact.job) != nullptr, "an update of a job that was never submitted");
}

JobHistory* History::job(core::JobId id) {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

TrialHistory* History::trial(core::TrialId id) {
  JobHistory* its_job = job(id.job);
  const bool known = its_job != nullptr && id.number < size_of(its_job->trials);
  return known ? &its_job->trials[static_cast<std::size_t>(id.number)] : nullptr;
}

TrialHistory* History::live_trial(const core::AttemptId& attempt, const char* what) {
  TrialHistory* it = trial(attempt.trial);
  const bool live = it != nullptr && it->live && it->attempt == attempt.attempt;
  require(live, std::string("a fenced attempt ") + what);
  return live ? it : nullptr;
}

void History::require(bool holds, const std::string& what) {
  if (!holds) trace_.fault(what);
}

}  // namespace trawl::sim
