#include "coordinator/store_writer.h"

#include <cmath>
#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.h"
#include "protocol/codec.h"

namespace trawl::coordinator {
namespace {

constexpr std::int64_t kNoTrial = -1;

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

// In MLflow's words, of something that has ended.
const char* run_status(core::Status status) {
  if (status == core::Status::kCompleted) return "FINISHED";
  return status == core::Status::kFailed ? "FAILED" : "KILLED";
}

std::string user_name() {
  const passwd* entry = getpwuid(getuid());
  return entry != nullptr ? entry->pw_name : std::to_string(getuid());
}

std::string parameters_json(const ParameterSet& parameters) {
  std::string json = "{";
  for (const NamedValue& parameter : parameters) {
    if (json.size() > 1) json += ",";
    json += json_text({parameter.name}) + ":" + json_text(parameter.value);
  }
  return json + "}";
}

std::string parameters_text(const ParameterSet& parameters) {
  std::string text;
  for (const NamedValue& parameter : parameters) {
    if (!text.empty()) text += ", ";
    text += parameter.name + "=" + plain_text(parameter.value);
  }
  return text;
}

std::string status_text(core::Status status) {
  return std::string(core::to_string(status));
}

// Infinities are REALs to SQLite; NaN is not, so it is a NULL in a column of values.
void bind_value(SQLite::Statement& statement, int index, double value) {
  if (std::isnan(value)) {
    statement.bind(index);
  } else {
    statement.bind(index, value);
  }
}

}  // namespace

StoreWriter::StoreWriter(sqlite::Statements& statements)
    : statements_(statements), records_(statements), user_(user_name()) {}

void StoreWriter::write(const std::vector<core::Fact>& facts) {
  taken_.clear();
  for (const core::Fact& fact : facts) {
    std::visit([&](const auto& body) { put(fact, body); }, fact.body);
  }
  for (const auto& [spool, seq] : taken_) {
    statements_.run(
        "INSERT INTO spools(spool, taken) VALUES (?, ?) ON CONFLICT(spool) DO UPDATE SET "
        "taken = excluded.taken",
        static_cast<std::int64_t>(spool), static_cast<std::int64_t>(seq));
  }
}

void StoreWriter::journal(const core::Fact& fact, core::JobId job, std::int64_t number,
                          const char* kind, const std::string& text) {
  const std::string bytes = protocol::encode_fact(fact);
  auto& insert = statements_.get(
      "INSERT INTO events(job, number, at_us, kind, text, fact) VALUES (?, ?, ?, ?, ?, ?)");
  insert.bind(1, job.number);
  if (number != kNoTrial) insert.bind(2, number);
  insert.bind(3, fact.at.us);
  insert.bind(4, kind);
  insert.bind(5, text);
  insert.bind(6, bytes.data(), static_cast<int>(bytes.size()));
  insert.exec();
  insert.reset();
}

void StoreWriter::put(const core::Fact& fact, const core::JobSubmitted& body) {
  const JobSpec& spec = body.spec;
  const std::string experiment = records_.experiment_for(spec.experiment_name, fact.at.us);
  auto& insert = statements_.get(
      "INSERT INTO jobs(id, name, type, experiment_name, status, created_us, goal, primary_metric, "
      "policy, max_total_trials, max_concurrent_trials, document, experiment_id, command, user, "
      "created_by) VALUES (?, ?, ?, ?, 'Queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(1, body.job.number);
  insert.bind(2, spec.name);
  insert.bind(3, spec.sweep ? "sweep" : "command");
  insert.bind(4, spec.experiment_name);
  insert.bind(5, fact.at.us);
  if (spec.sweep) {
    const bool minimize = spec.sweep->objective.goal == Goal::kMinimize;
    insert.bind(6, minimize ? "minimize" : "maximize");
    insert.bind(7, spec.sweep->objective.primary_metric);
    insert.bind(8, policy_name(spec.sweep->early_termination));
  }
  insert.bind(9, spec.sweep ? spec.sweep->limits.max_total_trials : 1);
  insert.bind(10, spec.sweep ? spec.sweep->limits.max_concurrent_trials : 1);
  insert.bind(11, spec.document);
  insert.bind(12, experiment);
  insert.bind(13, spec.command.command);
  insert.bind(14, user_);
  insert.bind(15, spec.created_by);
  insert.exec();
  insert.reset();
  if (spec.sweep) put_sweep_run(fact, body.job);
  journal(fact, body.job, kNoTrial, "job_submitted", "submitted");
}

// To MLflow the sweep is the run that its trials' runs are children of.
void StoreWriter::put_sweep_run(const core::Fact& fact, core::JobId job) {
  statements_.run(
      "INSERT INTO runs(run_id, job, experiment_id, run_name, user_id, status, start_time_ms) "
      "SELECT name, id, experiment_id, name, user, 'RUNNING', ?2 FROM jobs WHERE id = ?1",
      job.number, epoch_ms(fact.at));
  statements_.run(
      "INSERT INTO tags(run_id, key, value) SELECT name, 'mlflow.runName', name FROM jobs WHERE id "
      "= ?1 UNION ALL SELECT name, 'mlflow.user', user FROM jobs WHERE id = ?1 UNION ALL SELECT "
      "name, 'mlflow.source.type', 'JOB' FROM jobs WHERE id = ?1",
      job.number);
}

// What the trial's own endpoint gives its run (worker/endpoint.cc), for other clients to see.
void StoreWriter::put_trial_run(const core::Fact& fact, core::TrialId trial) {
  statements_.run(
      "INSERT OR IGNORE INTO runs(run_id, job, number, experiment_id, run_name, user_id, status, "
      "start_time_ms) SELECT t.name, t.job, t.number, j.experiment_id, t.name, j.user, 'RUNNING', "
      "?3 FROM trials t JOIN jobs j ON j.id = t.job WHERE t.job = ?1 AND t.number = ?2",
      trial.job.number, trial.number, epoch_ms(fact.at));
  statements_.run(
      "WITH own(key, value) AS (VALUES ('mlflow.runName', 1), ('mlflow.user', 2), "
      "('mlflow.source.name', 3), ('mlflow.source.type', 4), ('mlflow.parentRunId', 5)) "
      "INSERT OR IGNORE INTO tags(run_id, key, value) SELECT t.name, own.key, CASE own.value WHEN "
      "1 "
      "THEN t.name WHEN 2 THEN j.user WHEN 3 THEN j.command WHEN 4 THEN 'JOB' ELSE j.name END FROM "
      "trials t JOIN jobs j ON j.id = t.job CROSS JOIN own WHERE t.job = ?1 AND t.number = ?2 AND "
      "(own.value < 5 OR j.type = 'sweep')",
      trial.job.number, trial.number);
}

void StoreWriter::put(const core::Fact& fact, const core::TrialSuggested& body) {
  statements_.run(
      "INSERT INTO trials(job, number, name, status, parameters, created_us) SELECT id, ?2, CASE "
      "type WHEN 'sweep' THEN name || '_' || ?2 ELSE name END, 'Queued', ?3, ?4 FROM jobs WHERE id "
      "= ?1",
      body.trial.job.number, body.trial.number, parameters_json(body.parameters), fact.at.us);
  for (const NamedValue& parameter : body.parameters) {
    statements_.run(
        "INSERT OR IGNORE INTO params(run_id, key, value) SELECT name, ?3, ?4 FROM "
        "trials WHERE job = ?1 AND number = ?2",
        body.trial.job.number, body.trial.number, parameter.name, plain_text(parameter.value));
  }
  journal(fact, body.trial.job, body.trial.number, "trial_suggested",
          parameters_text(body.parameters));
}

void StoreWriter::put(const core::Fact& fact, const core::SuggestionsExhausted& body) {
  journal(fact, body.job, kNoTrial, "suggestions_exhausted",
          "the search space has no further combination");
}

void StoreWriter::put(const core::Fact& fact, const core::AttemptAssigned& body) {
  const core::TrialId trial = body.attempt.trial;
  statements_.run(
      "INSERT INTO attempts(job, number, attempt, worker, assigned_us) "
      "VALUES (?, ?, ?, ?, ?)",
      trial.job.number, trial.number, body.attempt.attempt, body.worker_name, fact.at.us);
  if (body.attempt.attempt == 1) put_trial_run(fact, trial);
  statements_.run(
      "UPDATE trials SET status = ?4, attempt = ?3, reports = 0, last_value = "
      "NULL, last_step = NULL, best_value = NULL WHERE job = ?1 AND number = ?2",
      trial.job.number, trial.number, body.attempt.attempt, body.after ? "Queued" : "Starting");
  if (body.attempt.attempt > 1) {
    statements_.run("UPDATE trials SET started_us = NULL WHERE job = ? AND number = ?",
                    trial.job.number, trial.number);
    statements_.run(
        "UPDATE runs SET status = 'RUNNING', end_time_ms = NULL WHERE run_id = (SELECT "
        "name FROM trials WHERE job = ? AND number = ?)",
        trial.job.number, trial.number);
    choose_best(trial);
  }
  statements_.run(
      "UPDATE jobs SET started_us = coalesce(started_us, ?2), status = CASE WHEN status "
      "<> 'Queued' THEN status WHEN type = 'sweep' THEN 'Running' ELSE 'Starting' END "
      "WHERE id = ?1 AND (started_us IS NULL OR status = 'Queued')",
      trial.job.number, fact.at.us);
  journal(fact, trial.job, trial.number, "attempt_assigned",
          body.attempt.attempt == 1 ? std::string()
                                    : fmt::format("attempt {} begins", body.attempt.attempt));
}

void StoreWriter::put(const core::Fact& fact, const core::AttemptRunning& body) {
  const core::AttemptId attempt = body.started.attempt;
  statements_.run(
      "UPDATE attempts SET folder = ?4, pid = nullif(?5, 0), started_us = ?6 WHERE job = ?1 AND "
      "number = ?2 AND attempt = ?3",
      attempt.trial.job.number, attempt.trial.number, attempt.attempt, body.started.folder,
      body.started.pid, fact.at.us);
  statements_.run(
      "UPDATE trials SET status = CASE WHEN status IN ('Queued', 'Starting') THEN 'Running' ELSE "
      "status "
      "END, started_us = ?3 WHERE job = ?1 AND number = ?2",
      attempt.trial.job.number, attempt.trial.number, fact.at.us);
  statements_.run("UPDATE jobs SET status = 'Running' WHERE id = ? AND status = 'Starting'",
                  attempt.trial.job.number);
  journal(fact, attempt.trial.job, attempt.trial.number, "attempt_running", "runs");
}

void StoreWriter::put(const core::Fact&, const core::RecordsAccepted& body) {
  for (const Record& record : body.records) records_.put(record, body.attempt.trial);
}

void StoreWriter::put(const core::Fact& fact, const core::PrimaryReported& body) {
  const core::TrialId trial = body.attempt.trial;
  auto& update = statements_.get(
      "UPDATE trials SET reports = reports + 1, last_value = ?3, last_step = ?4, best_value = CASE "
      "WHEN ?5 THEN ?3 ELSE best_value END WHERE job = ?1 AND number = ?2");
  update.bind(1, trial.job.number);
  update.bind(2, trial.number);
  bind_value(update, 3, body.value);
  update.bind(4, body.step);
  update.bind(5, body.best_of_trial ? 1 : 0);
  update.exec();
  update.reset();
  if (body.best_of_job) {
    statements_.run("UPDATE jobs SET best_trial = ?2, best_value = ?3 WHERE id = ?1",
                    trial.job.number, trial.number, body.value);
    tag_best(trial.job);
  }
  journal(fact, trial.job, trial.number, body.best_of_job ? "new_best" : "primary_reported",
          python_repr(body.value));
}

void StoreWriter::put(const core::Fact& fact, const core::StopDecided& body) {
  const core::TrialId trial = body.attempt.trial;
  statements_.run(
      "UPDATE trials SET status = 'CancelRequested', stopped_by = ?3, reason = ?4 WHERE "
      "job = ?1 AND number = ?2",
      trial.job.number, trial.number, cause_name(body.cause), body.reason);
  statements_.run("UPDATE jobs SET status = 'CancelRequested' WHERE id = ?1 AND type = 'command'",
                  trial.job.number);
  journal(fact, trial.job, trial.number, "stop_decided", body.reason);
}

void StoreWriter::put(const core::Fact& fact, const core::AttemptFinished& body) {
  const core::TrialId trial = body.attempt.trial;
  const core::Outcome& outcome = body.outcome;
  const bool has_run = outcome.kind == core::Outcome::Kind::kExited ||
                       outcome.kind == core::Outcome::Kind::kSignalled;
  statements_.run(
      "UPDATE attempts SET ended_us = ?4, outcome = ?5, code = ?6, tail = ?7, "
      "cpu_s = iif(?8, ?9, NULL), max_rss_bytes = iif(?8, ?10, NULL), "
      "oom = iif(?8, ?11, NULL) WHERE job = ?1 AND number = ?2 AND attempt = ?3",
      trial.job.number, trial.number, body.attempt.attempt, fact.at.us, outcome_name(outcome.kind),
      outcome.code, outcome.detail, static_cast<int>(has_run),
      std::chrono::duration<double>(outcome.cpu).count(), outcome.max_rss_bytes,
      static_cast<int>(outcome.out_of_memory));
  statements_.run("UPDATE trials SET status = 'Queued' WHERE job = ?1 AND number = ?2",
                  trial.job.number, trial.number);
  statements_.run(
      "UPDATE jobs SET status = 'Queued' WHERE id = ?1 AND type = 'command' AND status IN "
      "('Starting', 'Running')",
      trial.job.number);
  std::string text;
  if (core::is_lost(outcome)) {
    text = fmt::format("attempt {} was lost: {}", body.attempt.attempt, outcome.detail);
  } else if (outcome.kind == core::Outcome::Kind::kReturned) {
    text = fmt::format("attempt {} was not started: {}", body.attempt.attempt, outcome.detail);
  } else if (outcome.kind == core::Outcome::Kind::kFenced) {
    text = fmt::format("attempt {} was ended: {}", body.attempt.attempt, outcome.detail);
  }
  journal(fact, trial.job, trial.number, "attempt_finished", text);
}

void StoreWriter::put(const core::Fact& fact, const core::TrialEnded& body) {
  statements_.run(
      "UPDATE trials SET status = ?3, reason = ?4, ended_us = ?5 WHERE job = ?1 AND "
      "number = ?2",
      body.trial.job.number, body.trial.number, status_text(body.status), body.reason, fact.at.us);
  if (body.status == core::Status::kFailed) {
    statements_.run("UPDATE trials SET best_value = NULL WHERE job = ?1 AND number = ?2",
                    body.trial.job.number, body.trial.number);
    choose_best(body.trial);
  }
  statements_.run(
      "UPDATE runs SET status = ?3, end_time_ms = coalesce(end_time_ms, ?4) WHERE run_id = (SELECT "
      "name FROM trials WHERE job = ?1 AND number = ?2)",
      body.trial.job.number, body.trial.number, run_status(body.status), epoch_ms(fact.at));
  std::string text = status_text(body.status);
  if (!body.reason.empty()) text += ": " + body.reason;
  journal(fact, body.trial.job, body.trial.number, "trial_ended", text);
}

void StoreWriter::put(const core::Fact& fact, const core::JobCancelRequested& body) {
  statements_.run("UPDATE jobs SET status = 'CancelRequested', reason = ?2 WHERE id = ?1",
                  body.job.number, body.reason);
  journal(fact, body.job, kNoTrial, "cancel_requested", body.reason);
}

void StoreWriter::put(const core::Fact& fact, const core::JobEnded& body) {
  statements_.run("UPDATE jobs SET status = ?2, reason = ?3, ended_us = ?4 WHERE id = ?1",
                  body.job.number, status_text(body.status), body.reason, fact.at.us);
  statements_.run(
      "UPDATE runs SET status = ?2, end_time_ms = ?3 WHERE run_id = (SELECT name FROM jobs WHERE "
      "id = ?1 AND type = 'sweep')",
      body.job.number, run_status(body.status), epoch_ms(fact.at));
  std::string text = status_text(body.status);
  if (!body.reason.empty()) text += ": " + body.reason;
  journal(fact, body.job, kNoTrial, "job_ended", text);
}

// The last one of a spool says it all.
void StoreWriter::put(const core::Fact&, const core::ReportsTaken& body) {
  taken_[body.spool] = body.seq;
}

void StoreWriter::put(const core::Fact& fact, const core::JobUpdated& body) {
  statements_.run(
      "UPDATE jobs SET document = CASE WHEN json_valid(document) THEN json_patch(document, ?2) "
      "ELSE ?2 END WHERE id = ?1",
      body.job.number, merge_patch(body.update));
  std::string text = "updated";
  if (body.update.archived) {
    statements_.run("UPDATE jobs SET archived = ?2 WHERE id = ?1", body.job.number,
                    *body.update.archived ? 1 : 0);
    text = *body.update.archived ? "archived" : "restored";
  }
  journal(fact, body.job, kNoTrial, "job_updated", text);
}

void StoreWriter::choose_best(core::TrialId gone) {
  const int changed = statements_.run(
      "UPDATE jobs SET (best_trial, best_value) = (SELECT number, best_value FROM trials WHERE job "
      "= ?1 AND best_value IS NOT NULL ORDER BY CASE (SELECT goal FROM jobs WHERE id = ?1) WHEN "
      "'minimize' THEN best_value ELSE -best_value END, number LIMIT 1) WHERE id = ?1 AND "
      "best_trial = ?2",
      gone.job.number, gone.number);
  if (changed > 0) tag_best(gone.job);
}

// The sweep's run names the best of its children.
void StoreWriter::tag_best(core::JobId job) {
  statements_.run(
      "DELETE FROM tags WHERE key = 'trawl.best_trial' AND run_id = (SELECT name FROM jobs WHERE "
      "id = ?1 AND type = 'sweep' AND best_trial IS NULL)",
      job.number);
  statements_.run(
      "INSERT INTO tags(run_id, key, value) SELECT j.name, 'trawl.best_trial', t.name FROM jobs j "
      "JOIN trials t ON t.job = j.id AND t.number = j.best_trial WHERE j.id = ?1 AND j.type = "
      "'sweep' ON CONFLICT(run_id, key) DO UPDATE SET value = excluded.value",
      job.number);
}

}  // namespace trawl::coordinator
