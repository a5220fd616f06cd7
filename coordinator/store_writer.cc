#include "coordinator/store_writer.h"

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"

namespace trawl::coordinator {
namespace {

std::string user_name() {
  const passwd* entry = getpwuid(getuid());
  return entry != nullptr ? entry->pw_name : std::to_string(getuid());
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

}  // namespace

StoreWriter::StoreWriter(sqlite::Statements& statements)
    : statements_(statements),
      records_(statements),
      trials_(statements),
      events_(statements),
      user_(user_name()) {}

void StoreWriter::write(const std::vector<core::Fact>& facts) {
  // What is left of a write that failed was undone with it.
  taken_.clear();
  jobs_.clear();
  trials_.clear();
  events_.clear();
  for (const core::Fact& fact : facts) {
    std::visit([&](const auto& body) { put(fact, body); }, fact.body);
  }
  trials_.flush();
  events_.flush();
  for (const auto& [spool, seq] : taken_) {
    statements_.run(
        "INSERT INTO spools(spool, taken) VALUES (?, ?) ON CONFLICT(spool) DO UPDATE SET "
        "taken = excluded.taken",
        static_cast<std::int64_t>(spool), static_cast<std::int64_t>(seq));
  }
}

StoreWriter::Job& StoreWriter::job(core::JobId id) {
  const auto [entry, is_new] = jobs_.try_emplace(id);
  if (!is_new) return entry->second;
  SQLite::Statement& select =
      statements_.get("SELECT type = 'sweep', name, experiment_id, user FROM jobs WHERE id = ?");
  select.bind(1, id.number);
  TRAWL_ASSERT(select.executeStep());
  entry->second.row = {id, select.getColumn(0).getInt() != 0, select.getColumn(1).getString(),
                       select.getColumn(2).getString(), select.getColumn(3).getString()};
  select.reset();
  return entry->second;
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
  events_.put(fact, {body.job, {}, "job_submitted", "submitted"});
}

// To MLflow the sweep is the run that its trials' runs are children of.
void StoreWriter::put_sweep_run(const core::Fact& fact, core::JobId job) {
  statements_.run(
      "INSERT INTO runs(run_id, job, experiment_id, run_name, user_id, status, start_time_ms) "
      "SELECT name, id, experiment_id, name, user, 'RUNNING', ?2 FROM jobs WHERE id = ?1",
      job.number, epoch_ms(fact.at));
  statements_.run(
      "INSERT INTO set_tags(run_id, key, value) SELECT name, 'mlflow.runName', name FROM jobs "
      "WHERE id "
      "= ?1 UNION ALL SELECT name, 'mlflow.user', user FROM jobs WHERE id = ?1 UNION ALL SELECT "
      "name, 'mlflow.source.type', 'JOB' FROM jobs WHERE id = ?1",
      job.number);
}

void StoreWriter::put(const core::Fact& fact, const core::TrialSuggested& body) {
  trials_.put(job(body.trial.job).row, fact.at, body);
  events_.put(fact, {body.trial.job, body.trial.number, "trial_suggested",
                     parameters_text(body.parameters)});
}

void StoreWriter::put(const core::Fact& fact, const core::SuggestionsExhausted& body) {
  events_.put(
      fact, {body.job, {}, "suggestions_exhausted", "the search space has no further combination"});
}

void StoreWriter::put(const core::Fact& fact, const core::AttemptAssigned& body) {
  const core::TrialId trial = body.attempt.trial;
  Job& of = job(trial.job);
  trials_.put(of.row, fact.at, body);
  if (body.attempt.attempt > 1) choose_best(trial);
  if (!of.has_begun || !of.row.is_sweep) {
    of.has_begun = true;
    statements_.run(
        "UPDATE jobs SET started_us = coalesce(started_us, ?2), status = CASE WHEN status "
        "<> 'Queued' THEN status WHEN type = 'sweep' THEN 'Running' ELSE 'Starting' END "
        "WHERE id = ?1 AND (started_us IS NULL OR status = 'Queued')",
        trial.job.number, fact.at.us);
  }
  events_.put(fact,
              {trial.job, trial.number, "attempt_assigned",
               body.attempt.attempt == 1 ? std::string()
                                         : fmt::format("attempt {} begins", body.attempt.attempt)});
}

void StoreWriter::put(const core::Fact& fact, const core::AttemptRunning& body) {
  const core::TrialId trial = body.started.attempt.trial;
  const JobRow& of = job(trial.job).row;
  trials_.put(of, fact.at, body);
  if (!of.is_sweep) {
    statements_.run("UPDATE jobs SET status = 'Running' WHERE id = ? AND status = 'Starting'",
                    trial.job.number);
  }
  events_.put(fact, {trial.job, trial.number, "attempt_running", "runs"});
}

void StoreWriter::put(const core::Fact&, const core::RecordsAccepted& body) {
  trials_.flush();  // the records may speak of the trial's run
  for (const Record& record : body.records) records_.put(record, body.attempt.trial);
}

void StoreWriter::put(const core::Fact& fact, const core::PrimaryReported& body) {
  const core::TrialId trial = body.attempt.trial;
  const JobRow& of = job(trial.job).row;
  trials_.put(of, fact.at, body);
  if (body.best_of_job) {
    statements_.run("UPDATE jobs SET best_trial = ?2, best_value = ?3 WHERE id = ?1",
                    trial.job.number, trial.number, body.value);
    if (of.is_sweep) {
      statements_.run(
          "INSERT INTO set_tags(run_id, key, value) VALUES (?, 'trawl.best_trial', ?) ON "
          "CONFLICT(run_id, key) DO UPDATE SET value = excluded.value",
          of.name, of.trial_name(trial.number));
    }
  }
  events_.put(fact, {trial.job, trial.number, body.best_of_job ? "new_best" : "primary_reported",
                     python_repr(body.value)});
}

void StoreWriter::put(const core::Fact& fact, const core::StopDecided& body) {
  const core::TrialId trial = body.attempt.trial;
  const JobRow& of = job(trial.job).row;
  trials_.put(of, fact.at, body);
  if (!of.is_sweep) {
    statements_.run("UPDATE jobs SET status = 'CancelRequested' WHERE id = ?1", trial.job.number);
  }
  events_.put(fact, {trial.job, trial.number, "stop_decided", body.reason});
}

void StoreWriter::put(const core::Fact& fact, const core::AttemptFinished& body) {
  const core::TrialId trial = body.attempt.trial;
  const core::Outcome& outcome = body.outcome;
  const JobRow& of = job(trial.job).row;
  trials_.put(of, fact.at, body);
  if (!of.is_sweep) {
    statements_.run(
        "UPDATE jobs SET status = 'Queued' WHERE id = ?1 AND status IN ('Starting', 'Running')",
        trial.job.number);
  }
  std::string text;
  if (core::is_lost(outcome)) {
    text = fmt::format("attempt {} was lost: {}", body.attempt.attempt, outcome.detail);
  } else if (outcome.kind == core::Outcome::Kind::kReturned) {
    text = fmt::format("attempt {} was not started: {}", body.attempt.attempt, outcome.detail);
  } else if (outcome.kind == core::Outcome::Kind::kFenced) {
    text = fmt::format("attempt {} was ended: {}", body.attempt.attempt, outcome.detail);
  }
  events_.put(fact, {trial.job, trial.number, "attempt_finished", text});
}

void StoreWriter::put(const core::Fact& fact, const core::TrialEnded& body) {
  trials_.put(job(body.trial.job).row, fact.at, body);
  if (body.status == core::Status::kFailed) choose_best(body.trial);
  std::string text = status_text(body.status);
  if (!body.reason.empty()) text += ": " + body.reason;
  events_.put(fact, {body.trial.job, body.trial.number, "trial_ended", text});
}

void StoreWriter::put(const core::Fact& fact, const core::JobCancelRequested& body) {
  statements_.run("UPDATE jobs SET status = 'CancelRequested', reason = ?2 WHERE id = ?1",
                  body.job.number, body.reason);
  events_.put(fact, {body.job, {}, "cancel_requested", body.reason});
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
  events_.put(fact, {body.job, {}, "job_ended", text});
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
  events_.put(fact, {body.job, {}, "job_updated", text});
}

void StoreWriter::choose_best(core::TrialId gone) {
  SQLite::Statement& select =
      statements_.get("SELECT 1 FROM jobs WHERE id = ?1 AND best_trial = ?2");
  select.bind(1, gone.job.number);
  select.bind(2, gone.number);
  const bool was_best = select.executeStep();
  select.reset();
  if (!was_best) return;
  trials_.flush();
  statements_.run(
      "UPDATE jobs SET (best_trial, best_value) = (SELECT number, best_value FROM trials WHERE job "
      "= ?1 AND best_value IS NOT NULL ORDER BY CASE (SELECT goal FROM jobs WHERE id = ?1) WHEN "
      "'minimize' THEN best_value ELSE -best_value END, number LIMIT 1) WHERE id = ?1",
      gone.job.number);
  tag_best(gone.job);
}

// The sweep's run names the best of its children.
void StoreWriter::tag_best(core::JobId job) {
  statements_.run(
      "DELETE FROM set_tags WHERE key = 'trawl.best_trial' AND run_id = (SELECT name FROM jobs "
      "WHERE "
      "id = ?1 AND type = 'sweep' AND best_trial IS NULL)",
      job.number);
  statements_.run(
      "INSERT INTO set_tags(run_id, key, value) SELECT j.name, 'trawl.best_trial', t.name FROM "
      "jobs j "
      "JOIN trials t ON t.job = j.id AND t.number = j.best_trial WHERE j.id = ?1 AND j.type = "
      "'sweep' ON CONFLICT(run_id, key) DO UPDATE SET value = excluded.value",
      job.number);
}

}  // namespace trawl::coordinator
