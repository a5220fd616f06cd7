#include "coordinator/trial_rows.h"

#include <cmath>

namespace trawl::coordinator {
namespace {

const char* cause_name(core::StopCause cause) {
  switch (cause) {
    case core::StopCause::kPolicy:
      return "policy";
    case core::StopCause::kCancel:
      return "cancel";
    case core::StopCause::kTrialTimeout:
      return "trial_timeout";
    case core::StopCause::kJobTimeout:
      return "timeout";
  }
  return "";
}

const char* outcome_name(core::Outcome::Kind kind) {
  switch (kind) {
    case core::Outcome::Kind::kExited:
      return "exited";
    case core::Outcome::Kind::kSignalled:
      return "signalled";
    case core::Outcome::Kind::kReturned:
      return "returned";
    case core::Outcome::Kind::kUnstarted:
      return "unstarted";
    case core::Outcome::Kind::kLost:
    case core::Outcome::Kind::kOrphaned:
      return "lost";
    case core::Outcome::Kind::kFenced:
      return "fenced";
  }
  return "";
}

std::string parameters_json(const ParameterSet& parameters) {
  std::string json = "{";
  for (const NamedValue& parameter : parameters) {
    if (json.size() > 1) json += ",";
    json += json_text({parameter.name}) + ":" + json_text(parameter.value);
  }
  return json + "}";
}

// Infinities are REALs to SQLite; NaN is not, so it is a NULL in a column of values.
std::optional<double> column_value(const core::PrimaryReported* report) {
  if (report == nullptr || std::isnan(report->value)) return std::nullopt;
  return report->value;
}

std::optional<std::int64_t> us(const std::optional<Instant>& at) {
  return at ? std::optional(at->us) : std::nullopt;
}

}  // namespace

const char* run_status(core::Status status) {
  if (status == core::Status::kCompleted) return "FINISHED";
  return status == core::Status::kFailed ? "FAILED" : "KILLED";
}

TrialRows::TrialChange& TrialRows::change(const JobRow& job, core::TrialId trial) {
  TrialChange& change = changes_[trial];
  change.job = &job;
  return change;
}

TrialRows::AttemptChange& TrialRows::change(TrialChange& trial, std::int32_t attempt) {
  if (trial.attempts.empty() || trial.attempts.back().attempt != attempt) {
    trial.attempts.emplace_back().attempt = attempt;
  }
  return trial.attempts.back();
}

void TrialRows::put(const JobRow& job, Instant at, const core::TrialSuggested& fact) {
  TrialChange& trial = change(job, fact.trial);
  trial.suggested = &fact;
  trial.suggested_at = at;
  trial.status = core::Status::kQueued;
}

void TrialRows::put(const JobRow& job, Instant at, const core::AttemptAssigned& fact) {
  TrialChange& trial = change(job, fact.attempt.trial);
  AttemptChange& attempt = change(trial, fact.attempt.attempt);
  attempt.assigned = &fact;
  attempt.assigned_at = at;
  trial.status = fact.after ? core::Status::kQueued : core::Status::kStarting;
  trial.status_gives_way = false;
  trial.attempt = fact.attempt.attempt;
  trial.started.reset();
  trial.report_count = 0;
  trial.last_report = nullptr;
  trial.best.reset();
  (fact.attempt.attempt == 1 ? trial.run_begins : trial.run_goes_on) = at;
}

void TrialRows::put(const JobRow& job, Instant at, const core::AttemptRunning& fact) {
  TrialChange& trial = change(job, fact.started.attempt.trial);
  AttemptChange& attempt = change(trial, fact.started.attempt.attempt);
  attempt.started = &fact.started;
  attempt.started_at = at;
  trial.started = at;
  if (trial.status == core::Status::kCancelRequested) return;
  if (!trial.status) trial.status_gives_way = true;
  trial.status = core::Status::kRunning;
}

void TrialRows::put(const JobRow& job, Instant, const core::PrimaryReported& fact) {
  TrialChange& trial = change(job, fact.attempt.trial);
  ++trial.report_count;
  trial.last_report = &fact;
  if (fact.best_of_trial) trial.best = fact.value;
}

void TrialRows::put(const JobRow& job, Instant, const core::StopDecided& fact) {
  TrialChange& trial = change(job, fact.attempt.trial);
  trial.stop = &fact;
  trial.status = core::Status::kCancelRequested;
  trial.status_gives_way = false;
}

void TrialRows::put(const JobRow& job, Instant at, const core::AttemptFinished& fact) {
  TrialChange& trial = change(job, fact.attempt.trial);
  AttemptChange& attempt = change(trial, fact.attempt.attempt);
  attempt.outcome = &fact.outcome;
  attempt.ended_at = at;
  trial.status = core::Status::kQueued;
  trial.status_gives_way = false;
}

void TrialRows::put(const JobRow& job, Instant at, const core::TrialEnded& fact) {
  TrialChange& trial = change(job, fact.trial);
  trial.ended = &fact;
  trial.ended_at = at;
  trial.status = fact.status;
  trial.status_gives_way = false;
}

void TrialRows::flush() {
  for (const auto& [id, change] : changes_) {
    const std::string name = change.job->trial_name(id.number);
    write_trial(id, name, change);
    for (const AttemptChange& attempt : change.attempts) write_attempt(id, attempt);
    write_run(id, name, change);
  }
  changes_.clear();
}

void TrialRows::write_trial(core::TrialId id, const std::string& name, const TrialChange& change) {
  std::optional<std::string> status;
  if (change.status) status = core::to_string(*change.status);
  std::optional<std::string> reason;
  if (change.stop != nullptr) reason = change.stop->reason;
  if (change.ended != nullptr) reason = change.ended->reason;
  std::optional<const char*> stopped_by;
  if (change.stop != nullptr) stopped_by = cause_name(change.stop->cause);
  std::optional<std::int64_t> ended;
  if (change.ended != nullptr) ended = change.ended_at.us;
  std::optional<std::int64_t> last_step;
  if (change.last_report != nullptr) last_step = change.last_report->step;
  // What a failed trial would have left is not there.
  const bool has_failed = change.ended != nullptr && change.ended->status == core::Status::kFailed;

  if (change.suggested != nullptr) {
    const ParameterSet& parameters = change.suggested->parameters;
    statements_.run(
        "INSERT INTO trials(job, number, name, status, reason, stopped_by, parameters, attempt, "
        "created_us, started_us, ended_us, reports, last_value, last_step, best_value) VALUES (?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, iif(?16, NULL, ?15))",
        id.job.number, id.number, name, *status, reason.value_or(""), stopped_by,
        parameters_json(parameters), change.attempt.value_or(0), change.suggested_at.us,
        us(change.started), ended, change.report_count, column_value(change.last_report), last_step,
        change.best, static_cast<int>(has_failed));
    for (const NamedValue& parameter : parameters) {
      statements_.run("INSERT OR IGNORE INTO params(run_id, key, value) VALUES (?, ?, ?)", name,
                      parameter.name, plain_text(parameter.value));
    }
    return;
  }
  statements_.run(
      "UPDATE trials SET status = CASE WHEN ?3 IS NULL OR (?4 AND status = 'CancelRequested') THEN "
      "status ELSE ?3 END, reason = coalesce(?5, reason), stopped_by = coalesce(?6, stopped_by), "
      "attempt = coalesce(?7, attempt), started_us = iif(?7 IS NULL, coalesce(?8, started_us), "
      "?8), "
      "ended_us = coalesce(?9, ended_us), reports = iif(?7 IS NULL, reports, 0) + ?10, last_value "
      "= iif(?7 IS NULL AND ?10 = 0, last_value, ?11), last_step = iif(?7 IS NULL AND ?10 = 0, "
      "last_step, ?12), best_value = CASE WHEN ?13 THEN NULL WHEN ?7 IS NULL THEN coalesce(?14, "
      "best_value) ELSE ?14 END WHERE job = ?1 AND number = ?2",
      id.job.number, id.number, status, static_cast<int>(change.status_gives_way), reason,
      stopped_by, change.attempt, us(change.started), ended, change.report_count,
      column_value(change.last_report), last_step, static_cast<int>(has_failed), change.best);
}

void TrialRows::write_attempt(core::TrialId id, const AttemptChange& change) {
  std::optional<std::string> folder;
  std::optional<std::int64_t> pid;
  std::optional<std::int64_t> started;
  if (change.started != nullptr) {
    folder = change.started->folder;
    if (change.started->pid != 0) pid = change.started->pid;
    started = change.started_at.us;
  }
  std::optional<std::int64_t> ended;
  std::optional<const char*> outcome;
  std::optional<std::int64_t> code;
  std::optional<std::string> tail;
  std::optional<double> cpu_s;
  std::optional<std::int64_t> max_rss_bytes;
  std::optional<std::int64_t> oom;
  if (change.outcome != nullptr) {
    using enum core::Outcome::Kind;
    ended = change.ended_at.us;
    outcome = outcome_name(change.outcome->kind);
    code = change.outcome->code;
    tail = change.outcome->detail;
    if (change.outcome->kind == kExited || change.outcome->kind == kSignalled) {
      cpu_s = std::chrono::duration<double>(change.outcome->cpu).count();
      max_rss_bytes = change.outcome->max_rss_bytes;
      oom = change.outcome->out_of_memory ? 1 : 0;
    }
  }
  if (change.assigned != nullptr) {
    statements_.run(
        "INSERT INTO attempts(job, number, attempt, worker, assigned_us, folder, pid, started_us, "
        "ended_us, outcome, code, tail, cpu_s, max_rss_bytes, oom) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?)",
        id.job.number, id.number, change.attempt, change.assigned->worker_name,
        change.assigned_at.us, folder, pid, started, ended, outcome, code, tail, cpu_s,
        max_rss_bytes, oom);
    return;
  }
  // A start and an end come once, so what is there stays.
  statements_.run(
      "UPDATE attempts SET folder = coalesce(folder, ?4), pid = coalesce(pid, ?5), started_us = "
      "coalesce(started_us, ?6), ended_us = coalesce(ended_us, ?7), outcome = coalesce(outcome, "
      "?8), code = coalesce(code, ?9), tail = coalesce(tail, ?10), cpu_s = coalesce(cpu_s, ?11), "
      "max_rss_bytes = coalesce(max_rss_bytes, ?12), oom = coalesce(oom, ?13) WHERE job = ?1 AND "
      "number = ?2 AND attempt = ?3",
      id.job.number, id.number, change.attempt, folder, pid, started, ended, outcome, code, tail,
      cpu_s, max_rss_bytes, oom);
}

// What the trial's own endpoint gives its run (worker/endpoint.cc), for other clients to see; the
// view tags has the rest of it. It is there once its first attempt is.
void TrialRows::write_run(core::TrialId id, const std::string& name, const TrialChange& change) {
  const bool ends = change.ended != nullptr;
  const std::string status = ends ? run_status(change.ended->status) : "RUNNING";
  std::optional<std::int64_t> end;
  if (ends) end = epoch_ms(change.ended_at);
  if (change.run_begins) {
    const JobRow& job = *change.job;
    const int inserted = statements_.run(
        "INSERT OR IGNORE INTO runs(run_id, job, number, experiment_id, run_name, user_id, status, "
        "start_time_ms, end_time_ms) VALUES (?1, ?2, ?3, ?4, ?1, ?5, ?6, ?7, ?8)",
        name, id.job.number, id.number, job.experiment_id, job.user, status,
        epoch_ms(*change.run_begins), end);
    if (inserted > 0) return;
  }
  if (!ends && !change.run_goes_on) return;
  statements_.run(
      "UPDATE runs SET status = ?2, end_time_ms = iif(?4, ?3, coalesce(end_time_ms, ?3)) WHERE "
      "run_id = ?1",
      name, status, end, static_cast<int>(change.run_goes_on.has_value()));
}

}  // namespace trawl::coordinator
