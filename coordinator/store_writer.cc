#include "coordinator/store_writer.h"

#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "protocol/codec.h"
#include "sweep/experiment.h"

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
    case core::Outcome::Kind::kUnstarted:
      return "unstarted";
    case core::Outcome::Kind::kLost:
      return "lost";
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

std::string parameters_text(const ParameterSet& parameters) {
  std::string text;
  for (const NamedValue& parameter : parameters) {
    if (!text.empty()) text += ", ";
    text += parameter.name + "=" + plain_text(parameter.value);
  }
  return text;
}

template <class... Values>
void run(SQLite::Statement& statement, const Values&... values) {
  int index = 0;
  (statement.bind(++index, values), ...);
  statement.exec();
  statement.reset();
  statement.clearBindings();
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

SQLite::Statement& StoreWriter::statement(const char* sql) {
  auto& slot = statements_[sql];
  if (slot == nullptr) slot = std::make_unique<SQLite::Statement>(*database_, sql);
  slot->tryReset();  // an earlier transaction may have failed half way
  return *slot;
}

void StoreWriter::write(SQLite::Database& database, const std::vector<core::Fact>& facts) {
  database_ = &database;
  for (const core::Fact& fact : facts) {
    std::visit([&](const auto& body) { put(fact, body); }, fact.body);
  }
}

void StoreWriter::journal(const core::Fact& fact, core::JobId job, std::int64_t number,
                          const char* kind, const std::string& text) {
  const std::string bytes = protocol::encode_fact(fact);
  auto& insert = statement(
      "INSERT INTO events(job, number, at_us, kind, text, fact) VALUES (?, ?, ?, ?, ?, ?)");
  insert.bind(1, job.number);
  if (number != kNoTrial) insert.bind(2, number);
  insert.bind(3, fact.at.us);
  insert.bind(4, kind);
  insert.bind(5, text);
  insert.bind(6, bytes.data(), static_cast<int>(bytes.size()));
  insert.exec();
  insert.reset();
  insert.clearBindings();
  const std::int64_t event = database_->getLastInsertRowid();
  run(statement("UPDATE jobs SET last_event = ?1 WHERE id = ?2"), event, job.number);
  if (number != kNoTrial) {
    run(statement("UPDATE trials SET last_event = ?1 WHERE job = ?2 AND number = ?3"), event,
        job.number, number);
  }
}

void StoreWriter::put(const core::Fact& fact, const core::JobSubmitted& body) {
  const JobSpec& spec = body.spec;
  auto& insert = statement(
      "INSERT INTO jobs(id, name, type, experiment_name, status, created_us, goal, primary_metric, "
      "policy, max_total_trials, max_concurrent_trials, document, last_event) "
      "VALUES (?, ?, ?, ?, 'Queued', ?, ?, ?, ?, ?, ?, ?, 0)");
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
  insert.exec();
  insert.reset();
  insert.clearBindings();
  run(statement("INSERT OR IGNORE INTO experiments(experiment_id, name, created_us) "
                "VALUES (?, ?, ?)"),
      experiment_id(spec.experiment_name), spec.experiment_name, fact.at.us);
  journal(fact, body.job, kNoTrial, "job_submitted", "submitted");
}

void StoreWriter::put(const core::Fact& fact, const core::TrialSuggested& body) {
  run(statement("INSERT INTO trials(job, number, name, status, parameters, created_us, last_event) "
                "SELECT id, ?2, CASE type WHEN 'sweep' THEN name || '_' || ?2 ELSE name END, "
                "'Queued', ?3, ?4, 0 FROM jobs WHERE id = ?1"),
      body.trial.job.number, body.trial.number, parameters_json(body.parameters), fact.at.us);
  for (const NamedValue& parameter : body.parameters) {
    run(statement("INSERT OR IGNORE INTO params(run_id, key, value) SELECT name, ?3, ?4 FROM "
                  "trials WHERE job = ?1 AND number = ?2"),
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
  run(statement("INSERT INTO attempts(job, number, attempt, worker, assigned_us) "
                "VALUES (?, ?, ?, ?, ?)"),
      trial.job.number, trial.number, body.attempt.attempt, body.worker_name, fact.at.us);
  run(statement(
          "INSERT OR IGNORE INTO runs(run_id, job, number, experiment_id, run_name, user_id, "
          "status, start_time_ms) SELECT t.name, t.job, t.number, e.experiment_id, t.name, '', "
          "'RUNNING', ?3 FROM trials t JOIN jobs j ON j.id = t.job JOIN experiments e ON "
          "e.name = j.experiment_name WHERE t.job = ?1 AND t.number = ?2"),
      trial.job.number, trial.number, epoch_ms(fact.at));
  run(statement("UPDATE trials SET status = 'Starting', attempt = ?3, reports = 0, last_value = "
                "NULL, last_step = NULL, best_value = NULL WHERE job = ?1 AND number = ?2"),
      trial.job.number, trial.number, body.attempt.attempt);
  if (body.attempt.attempt > 1) {
    run(statement("UPDATE trials SET started_us = NULL WHERE job = ? AND number = ?"),
        trial.job.number, trial.number);
    run(statement("UPDATE runs SET status = 'RUNNING', end_time_ms = NULL WHERE run_id = (SELECT "
                  "name FROM trials WHERE job = ? AND number = ?)"),
        trial.job.number, trial.number);
    choose_best(trial);
  }
  run(statement("UPDATE jobs SET started_us = coalesce(started_us, ?2), status = CASE WHEN status "
                "<> 'Queued' THEN status WHEN type = 'sweep' THEN 'Running' ELSE 'Starting' END "
                "WHERE id = ?1"),
      trial.job.number, fact.at.us);
  journal(fact, trial.job, trial.number, "attempt_assigned",
          body.attempt.attempt == 1 ? std::string()
                                    : fmt::format("attempt {} begins", body.attempt.attempt));
}

void StoreWriter::put(const core::Fact& fact, const core::AttemptRunning& body) {
  const core::AttemptId attempt = body.started.attempt;
  run(statement("UPDATE attempts SET folder = ?4, pid = ?5, started_us = ?6 WHERE job = ?1 AND "
                "number = ?2 AND attempt = ?3"),
      attempt.trial.job.number, attempt.trial.number, attempt.attempt, body.started.folder,
      body.started.pid, fact.at.us);
  run(statement("UPDATE trials SET status = CASE status WHEN 'Starting' THEN 'Running' ELSE status "
                "END, started_us = ?3 WHERE job = ?1 AND number = ?2"),
      attempt.trial.job.number, attempt.trial.number, fact.at.us);
  run(statement("UPDATE jobs SET status = 'Running' WHERE id = ? AND status = 'Starting'"),
      attempt.trial.job.number);
  journal(fact, attempt.trial.job, attempt.trial.number, "attempt_running", "runs");
}

void StoreWriter::put_record(core::TrialId trial, const Record& record) {
  if (const auto* metric = std::get_if<MetricLogged>(&record)) {
    const bool is_nan = std::isnan(metric->value);
    run(statement("INSERT OR IGNORE INTO metrics(run_id, key, step, timestamp_ms, value, is_nan) "
                  "VALUES (?, ?, ?, ?, ?, ?)"),
        metric->run_id, metric->key, metric->step, metric->timestamp_ms,
        is_nan ? 0.0 : metric->value, is_nan ? 1 : 0);
  } else if (const auto* param = std::get_if<ParamLogged>(&record)) {
    run(statement("INSERT OR IGNORE INTO params(run_id, key, value) VALUES (?, ?, ?)"),
        param->run_id, param->key, param->value);
  } else if (const auto* tag = std::get_if<TagSet>(&record)) {
    run(statement("INSERT INTO tags(run_id, key, value) VALUES (?, ?, ?) ON CONFLICT(run_id, key) "
                  "DO UPDATE SET value = excluded.value"),
        tag->run_id, tag->key, tag->value);
  } else if (const auto* untag = std::get_if<TagDeleted>(&record)) {
    run(statement("DELETE FROM tags WHERE run_id = ? AND key = ?"), untag->run_id, untag->key);
  } else if (const auto* created = std::get_if<RunCreated>(&record)) {
    run(statement("INSERT OR IGNORE INTO runs(run_id, job, number, experiment_id, run_name, "
                  "user_id, status, start_time_ms) VALUES (?, ?, ?, ?, ?, ?, 'RUNNING', ?)"),
        created->run_id, trial.job.number, trial.number, created->experiment_id, created->run_name,
        created->user_id, created->start_time_ms);
  } else if (const auto* updated = std::get_if<RunUpdated>(&record)) {
    if (updated->status) {
      run(statement("UPDATE runs SET status = ? WHERE run_id = ?"), *updated->status,
          updated->run_id);
    }
    if (updated->end_time_ms) {
      run(statement("UPDATE runs SET end_time_ms = ? WHERE run_id = ?"), *updated->end_time_ms,
          updated->run_id);
    }
    if (updated->run_name) {
      run(statement("UPDATE runs SET run_name = ? WHERE run_id = ?"), *updated->run_name,
          updated->run_id);
    }
  } else if (const auto* experiment = std::get_if<ExperimentCreated>(&record)) {
    constexpr std::int64_t kUsPerMs = 1000;
    run(statement("INSERT OR IGNORE INTO experiments(experiment_id, name, created_us) "
                  "VALUES (?, ?, ?)"),
        experiment->experiment_id, experiment->name, experiment->creation_time_ms * kUsPerMs);
  } else if (const auto* document = std::get_if<DocumentStored>(&record)) {
    run(statement("INSERT OR REPLACE INTO documents(job, number, kind, id, json) "
                  "VALUES (?, ?, ?, ?, ?)"),
        trial.job.number, trial.number, document->kind, document->id, document->json);
  } else {
    put_change(record);
  }
}

// What only MLflow clients do: renaming, deleting, restoring. Deleted is a mark.
void StoreWriter::put_change(const Record& record) {
  static_assert(std::variant_size_v<Record> == 14, "write the new kind of record");
  constexpr std::int64_t kUsPerMs = 1000;
  const auto mark_experiment = [&](const std::string& id, const char* stage, std::int64_t time_ms) {
    run(statement("UPDATE experiments SET lifecycle_stage = ?2, updated_us = ?3 WHERE "
                  "experiment_id = ?1"),
        id, stage, time_ms * kUsPerMs);
    run(statement("UPDATE runs SET lifecycle_stage = ?2 WHERE experiment_id = ?1"), id, stage);
  };
  if (const auto* gone = std::get_if<DocumentDeleted>(&record)) {
    run(statement("DELETE FROM documents WHERE kind = ? AND id = ?"), gone->kind, gone->id);
  } else if (const auto* deleted = std::get_if<RunDeleted>(&record)) {
    run(statement("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_id = ?"), deleted->run_id);
  } else if (const auto* restored = std::get_if<RunRestored>(&record)) {
    run(statement("UPDATE runs SET lifecycle_stage = 'active' WHERE run_id = ?"), restored->run_id);
  } else if (const auto* renamed = std::get_if<ExperimentRenamed>(&record)) {
    run(statement("UPDATE experiments SET name = ?2, updated_us = ?3 WHERE experiment_id = ?1"),
        renamed->experiment_id, renamed->name, renamed->time_ms * kUsPerMs);
  } else if (const auto* closed = std::get_if<ExperimentDeleted>(&record)) {
    mark_experiment(closed->experiment_id, "deleted", closed->time_ms);
  } else if (const auto* opened = std::get_if<ExperimentRestored>(&record)) {
    mark_experiment(opened->experiment_id, "active", opened->time_ms);
  }
}

void StoreWriter::put(const core::Fact&, const core::RecordsAccepted& body) {
  for (const Record& record : body.records) put_record(body.attempt.trial, record);
}

void StoreWriter::put(const core::Fact& fact, const core::PrimaryReported& body) {
  const core::TrialId trial = body.attempt.trial;
  auto& update = statement(
      "UPDATE trials SET reports = reports + 1, last_value = ?3, last_step = ?4, best_value = CASE "
      "WHEN ?5 THEN ?3 ELSE best_value END WHERE job = ?1 AND number = ?2");
  update.bind(1, trial.job.number);
  update.bind(2, trial.number);
  bind_value(update, 3, body.value);
  update.bind(4, body.step);
  update.bind(5, body.best_of_trial ? 1 : 0);
  update.exec();
  update.reset();
  update.clearBindings();
  if (body.best_of_job) {
    run(statement("UPDATE jobs SET best_trial = ?2, best_value = ?3 WHERE id = ?1"),
        trial.job.number, trial.number, body.value);
  }
  journal(fact, trial.job, trial.number, body.best_of_job ? "new_best" : "primary_reported",
          python_repr(body.value));
}

void StoreWriter::put(const core::Fact& fact, const core::StopDecided& body) {
  const core::TrialId trial = body.attempt.trial;
  run(statement("UPDATE trials SET status = 'CancelRequested', stopped_by = ?3, reason = ?4 WHERE "
                "job = ?1 AND number = ?2"),
      trial.job.number, trial.number, cause_name(body.cause), body.reason);
  run(statement("UPDATE jobs SET status = 'CancelRequested' WHERE id = ?1 AND type = 'command'"),
      trial.job.number);
  journal(fact, trial.job, trial.number, "stop_decided", body.reason);
}

void StoreWriter::put(const core::Fact& fact, const core::AttemptFinished& body) {
  const core::TrialId trial = body.attempt.trial;
  run(statement("UPDATE attempts SET ended_us = ?4, outcome = ?5, code = ?6, tail = ?7 WHERE job = "
                "?1 AND number = ?2 AND attempt = ?3"),
      trial.job.number, trial.number, body.attempt.attempt, fact.at.us,
      outcome_name(body.outcome.kind), body.outcome.code, body.outcome.detail);
  run(statement("UPDATE trials SET status = 'Queued' WHERE job = ?1 AND number = ?2"),
      trial.job.number, trial.number);
  run(statement(
          "UPDATE jobs SET status = 'Queued' WHERE id = ?1 AND type = 'command' AND status IN "
          "('Starting', 'Running')"),
      trial.job.number);
  const bool lost = body.outcome.kind == core::Outcome::Kind::kLost;
  journal(fact, trial.job, trial.number, "attempt_finished",
          lost ? fmt::format("attempt {} was lost: {}", body.attempt.attempt, body.outcome.detail)
               : std::string());
}

void StoreWriter::put(const core::Fact& fact, const core::TrialEnded& body) {
  run(statement("UPDATE trials SET status = ?3, reason = ?4, ended_us = ?5 WHERE job = ?1 AND "
                "number = ?2"),
      body.trial.job.number, body.trial.number, status_text(body.status), body.reason, fact.at.us);
  if (body.status == core::Status::kFailed) {
    run(statement("UPDATE trials SET best_value = NULL WHERE job = ?1 AND number = ?2"),
        body.trial.job.number, body.trial.number);
    choose_best(body.trial);
  }
  const char* run_status = body.status == core::Status::kCompleted ? "FINISHED"
                           : body.status == core::Status::kFailed  ? "FAILED"
                                                                   : "KILLED";
  run(statement("UPDATE runs SET status = ?3, end_time_ms = coalesce(end_time_ms, ?4) WHERE run_id "
                "= (SELECT name FROM trials WHERE job = ?1 AND number = ?2)"),
      body.trial.job.number, body.trial.number, run_status, epoch_ms(fact.at));
  std::string text = status_text(body.status);
  if (!body.reason.empty()) text += ": " + body.reason;
  journal(fact, body.trial.job, body.trial.number, "trial_ended", text);
}

void StoreWriter::put(const core::Fact& fact, const core::JobCancelRequested& body) {
  run(statement("UPDATE jobs SET status = 'CancelRequested', reason = ?2 WHERE id = ?1"),
      body.job.number, body.reason);
  journal(fact, body.job, kNoTrial, "cancel_requested", body.reason);
}

void StoreWriter::put(const core::Fact& fact, const core::JobEnded& body) {
  run(statement("UPDATE jobs SET status = ?2, reason = ?3, ended_us = ?4 WHERE id = ?1"),
      body.job.number, status_text(body.status), body.reason, fact.at.us);
  std::string text = status_text(body.status);
  if (!body.reason.empty()) text += ": " + body.reason;
  journal(fact, body.job, kNoTrial, "job_ended", text);
}

void StoreWriter::put(const core::Fact&, const core::ReportsTaken& body) {
  run(statement("INSERT INTO spools(spool, taken) VALUES (?, ?) ON CONFLICT(spool) DO UPDATE SET "
                "taken = excluded.taken"),
      static_cast<std::int64_t>(body.spool), static_cast<std::int64_t>(body.seq));
}

void StoreWriter::choose_best(core::TrialId gone) {
  run(statement("UPDATE jobs SET (best_trial, best_value) = (SELECT number, best_value FROM trials "
                "WHERE job = ?1 AND best_value IS NOT NULL ORDER BY CASE (SELECT goal FROM jobs "
                "WHERE id = ?1) WHEN 'minimize' THEN best_value ELSE -best_value END, number LIMIT "
                "1) WHERE id = ?1 AND best_trial = ?2"),
      gone.job.number, gone.number);
}

}  // namespace trawl::coordinator
