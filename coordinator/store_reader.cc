#include "coordinator/store_reader.h"

#include <cmath>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "protocol/codec.h"
#include "sqlite/database.h"

namespace trawl::coordinator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kEventsMax = 1000;  // an answer; the client asks on from there

// ISO 8601, UTC, as Azure ML prints it.
std::string iso_time(std::int64_t us) {
  constexpr std::int64_t kUsPerSecond = 1'000'000;
  const std::time_t seconds = us / kUsPerSecond;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06d}+00:00", fmt::gmtime(seconds), us % kUsPerSecond);
}

void put_time(Json& object, const char* key, const SQLite::Column& column) {
  if (!column.isNull()) object[key] = iso_time(column.getInt64());
}

// JSON has no infinities; they are the texts that MLflow (protobuf's JSON) uses.
Json number_json(double value) {
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

void put_number(Json& object, const char* key, const SQLite::Column& column) {
  if (column.isNull()) return;
  if (column.isInteger()) {
    object[key] = column.getInt64();
  } else {
    object[key] = number_json(column.getDouble());
  }
}

void put_text(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

// A JSON object of the tables; an empty one where a client sent something else, or somebody edited
// the file by hand.
Json parsed(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json::object();
}

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

constexpr const char* kJobColumns =
    "SELECT j.id, j.name, j.type, j.status, j.reason, j.created_us, j.started_us, j.ended_us, "
    "j.best_value, t.name, j.document, j.max_total_trials, j.max_concurrent_trials, "
    "j.primary_metric, j.goal, j.policy, j.experiment_name, j.archived, "
    "j.created_by "
    "FROM jobs j LEFT JOIN trials t ON t.job = j.id AND t.number = j.best_trial ";

constexpr const char* kTrialColumns =
    "SELECT t.number, t.name, t.status, t.reason, t.stopped_by, t.parameters, t.attempt, "
    "t.created_us, t.started_us, t.ended_us, t.reports, t.last_value, t.last_step, t.best_value, "
    "a.worker, a.folder, a.pid, a.outcome, a.code, a.tail, j.name, j.experiment_name, "
    "j.primary_metric, j.policy, j.type, a.cpu_s, a.max_rss_bytes, a.oom, j.created_by "
    "FROM trials t JOIN jobs j ON j.id = t.job LEFT JOIN attempts a ON a.job = t.job AND "
    "a.number = t.number AND a.attempt = t.attempt ";

Json count_trials(SQLite::Database& database, std::int64_t job) {
  SQLite::Statement select(database,
                           "SELECT status, count(*) FROM trials WHERE job = ? GROUP BY status");
  select.bind(1, job);
  Json counts = Json::object();
  while (select.executeStep()) {
    counts[select.getColumn(0).getString()] = select.getColumn(1).getInt64();
  }
  return counts;
}

// What stands for Azure ML's resource id: unique within a state folder.
std::string job_id(const std::string& name) {
  return "jobs/" + name;
}

Json creation_context(const SQLite::Column& created_us, const std::string& created_by) {
  Json creation = Json::object();
  put_time(creation, "created_at", created_us);
  put_text(creation, "created_by", created_by);
  if (!created_by.empty()) creation["created_by_type"] = "User";
  return creation;
}

// The keys of a trial that describe how it went.
Json trial_properties(SQLite::Statement& row) {
  Json properties = Json::object();
  properties["parameters"] = parsed(row.getColumn(5).getString());
  put_text(properties, "reason", row.getColumn(3).getString());
  if (!row.getColumn(4).isNull()) {
    const std::string stopped_by = row.getColumn(4).getString();
    properties["stopped_by"] = stopped_by;
    if (stopped_by == "policy") properties["policy"] = row.getColumn(23).getString();
  }
  if (!row.getColumn(22).isNull()) {
    properties["primary_metric"] = row.getColumn(22).getString();
    properties["reports"] = row.getColumn(10).getInt64();
  }
  put_number(properties, "last_value", row.getColumn(11));
  put_number(properties, "last_step", row.getColumn(12));
  put_number(properties, "best_value", row.getColumn(13));
  if (row.getColumn(6).getInt() > 0) properties["attempt"] = row.getColumn(6).getInt();
  if (!row.getColumn(14).isNull()) properties["worker"] = row.getColumn(14).getString();
  if (!row.getColumn(15).isNull()) properties["folder"] = row.getColumn(15).getString();
  if (!row.getColumn(17).isNull()) {
    const std::string outcome = row.getColumn(17).getString();
    if (outcome == "exited") properties["exit_code"] = row.getColumn(18).getInt64();
    if (outcome == "signalled") properties["signal"] = row.getColumn(18).getInt64();
    if (row.getColumn(2).getString() == "Failed") {
      put_text(properties, "last_lines", row.getColumn(19).getString());
    }
  }
  put_number(properties, "trawl.cpu_seconds", row.getColumn(25));
  put_number(properties, "trawl.max_rss_bytes", row.getColumn(26));
  if (row.getColumn(27).getInt() == 1) properties["trawl.out_of_memory"] = true;
  return properties;
}

Json trial_json(SQLite::Statement& row) {
  Json trial = Json::object();
  trial["id"] = job_id(row.getColumn(1).getString());
  trial["name"] = row.getColumn(1).getString();
  trial["type"] = "command";
  trial["status"] = row.getColumn(2).getString();
  if (row.getColumn(24).getString() == "sweep") {
    trial["parent_job_name"] = row.getColumn(20).getString();
  }
  trial["experiment_name"] = row.getColumn(21).getString();
  trial["creation_context"] = creation_context(row.getColumn(7), row.getColumn(28).getString());
  put_time(trial, "start_time", row.getColumn(8));
  put_time(trial, "end_time", row.getColumn(9));
  trial["properties"] = trial_properties(row);
  return trial;
}

Json job_json(SQLite::Database& database, SQLite::Statement& row, const std::string& concurrency) {
  Json job = parsed(row.getColumn(10).getString());
  job["id"] = job_id(row.getColumn(1).getString());
  job["name"] = row.getColumn(1).getString();
  job["type"] = row.getColumn(2).getString();
  job["status"] = row.getColumn(3).getString();
  if (row.getColumn(17).getInt() != 0) job["archived"] = true;
  job["creation_context"] = creation_context(row.getColumn(5), row.getColumn(18).getString());
  put_time(job, "start_time", row.getColumn(6));
  put_time(job, "end_time", row.getColumn(7));
  const bool has_own = job.contains("properties") && job["properties"].is_object();
  Json properties = has_own ? job["properties"] : Json::object();
  put_text(properties, "reason", row.getColumn(4).getString());
  if (row.getColumn(2).getString() == "sweep") {
    if (!row.getColumn(9).isNull()) {
      properties["best_child_run_id"] = row.getColumn(9).getString();
      put_number(properties, "score", row.getColumn(8));
    }
    properties["trials"] = count_trials(database, row.getColumn(0).getInt64());
    put_text(properties, "concurrency_bound_by", concurrency);
  } else {
    SQLite::Statement trial(database, std::string(kTrialColumns) + "WHERE t.job = ?");
    trial.bind(1, row.getColumn(0).getInt64());
    if (trial.executeStep()) {
      Json more = trial_properties(trial);
      more.erase("parameters");
      more.erase("reason");
      properties.update(more);
    }
  }
  job["properties"] = properties;
  return job;
}

// Beside what the job file asks for under the same key.
Json with_services(Json shown, const StoreReader::ShowNotes& notes) {
  if (notes.tracking_uri.empty()) return shown;
  Json& services = shown["services"];
  if (!services.is_object()) services = Json::object();
  services["Tracking"] = {{"endpoint", notes.tracking_uri}, {"type", "Tracking"}};
  return shown;
}

std::string no_such(const std::string& name) {
  return fmt::format("there is no job or trial named '{}'; see `trawl job list`", name);
}

// One row of the live table.
Json watched_trial(SQLite::Statement& row) {
  Json trial = Json::object();
  trial["number"] = row.getColumn(0).getInt64();
  trial["name"] = row.getColumn(1).getString();
  trial["status"] = row.getColumn(2).getString();
  put_text(trial, "reason", row.getColumn(3).getString());
  trial["parameters"] = parsed(row.getColumn(5).getString());
  trial["attempt"] = row.getColumn(6).getInt64();
  put_number(trial, "started_us", row.getColumn(8));
  put_number(trial, "ended_us", row.getColumn(9));
  trial["reports"] = row.getColumn(10).getInt64();
  put_number(trial, "last_value", row.getColumn(11));
  put_number(trial, "last_step", row.getColumn(12));
  put_number(trial, "best_value", row.getColumn(13));
  return trial;
}

Json watched_job(SQLite::Database& database, SQLite::Statement& row) {
  Json job = Json::object();
  job["name"] = row.getColumn(1).getString();
  job["type"] = row.getColumn(2).getString();
  job["status"] = row.getColumn(3).getString();
  put_text(job, "reason", row.getColumn(4).getString());
  put_number(job, "created_us", row.getColumn(5));
  put_number(job, "started_us", row.getColumn(6));
  put_number(job, "ended_us", row.getColumn(7));
  put_number(job, "best_value", row.getColumn(8));
  if (!row.getColumn(9).isNull()) job["best_trial"] = row.getColumn(9).getString();
  put_number(job, "max_total_trials", row.getColumn(11));
  put_number(job, "max_concurrent_trials", row.getColumn(12));
  if (!row.getColumn(13).isNull()) {
    job["primary_metric"] = row.getColumn(13).getString();
    job["goal"] = row.getColumn(14).getString();
    job["policy"] = row.getColumn(15).getString();
  }
  job["trials"] = count_trials(database, row.getColumn(0).getInt64());
  return job;
}

}  // namespace

Result<std::optional<Instant>> StoreReader::replay(core::Coordinator& core) {
  auto replayed = sqlite::guarded(what_, [&]() -> Result<std::optional<Instant>> {
    std::optional<Instant> newest;
    SQLite::Statement jobs(*database_,
                           "SELECT name, id, CASE type WHEN 'sweep' THEN max_total_trials ELSE 0 "
                           "END FROM jobs ORDER BY id");
    while (jobs.executeStep()) {
      core.remember(jobs.getColumn(0).getString(), core::JobId{jobs.getColumn(1).getInt64()},
                    jobs.getColumn(2).getInt64());
    }
    SQLite::Statement spools(*database_, "SELECT spool, taken FROM spools ORDER BY spool");
    while (spools.executeStep()) {
      core.apply({{},
                  core::ReportsTaken{static_cast<std::uint64_t>(spools.getColumn(0).getInt64()),
                                     static_cast<std::uint64_t>(spools.getColumn(1).getInt64())}});
    }
    SQLite::Statement facts(*database_,
                            "SELECT id, fact FROM events WHERE job IN (SELECT id FROM jobs WHERE "
                            "status NOT IN ('Completed', 'Failed', 'Canceled')) ORDER BY job, "
                            "id");
    while (facts.executeStep()) {
      const SQLite::Column bytes = facts.getColumn(1);
      const auto decoded = protocol::decode_facts(
          {static_cast<const char*>(bytes.getBlob()), static_cast<std::size_t>(bytes.getBytes())});
      if (!decoded) {
        return fail(ErrorCode::kInvalid,
                    fmt::format("event {} of the journal: {}", facts.getColumn(0).getInt64(),
                                decoded.error().message));
      }
      for (const core::Fact& fact : *decoded) {
        core.apply(fact);
        newest = std::max(newest, std::optional(fact.at));
      }
    }
    return newest;
  });
  if (!replayed) return tl::unexpected(replayed.error());
  return *replayed;
}

Result<std::string> StoreReader::show(const std::string& name, const ShowNotes& notes) {
  auto shown = sqlite::guarded(what_, [&]() -> Result<std::string> {
    SQLite::Statement job(*database_, std::string(kJobColumns) + "WHERE j.name = ?");
    job.bind(1, name);
    if (job.executeStep()) {
      return dumped(with_services(job_json(*database_, job, notes.concurrency), notes));
    }
    SQLite::Statement trial(*database_, std::string(kTrialColumns) + "WHERE t.name = ?");
    trial.bind(1, name);
    if (trial.executeStep()) return dumped(with_services(trial_json(trial), notes));
    return fail(ErrorCode::kNotFound, no_such(name));
  });
  if (!shown) return tl::unexpected(shown.error());
  return *shown;
}

Result<std::string> StoreReader::list(const protocol::ListJobs& request) {
  const std::int64_t limit = request.max_results > 0 ? request.max_results : -1;
  const std::string& parent = request.parent;
  auto listed = sqlite::guarded(what_, [&]() -> Result<std::string> {
    Json answer = Json::array();
    if (parent.empty()) {
      SQLite::Statement jobs(
          *database_,
          std::string(kJobColumns) + "WHERE ?1 = 2 OR j.archived = ?1 ORDER BY j.id DESC LIMIT ?2");
      jobs.bind(1, static_cast<int>(request.archived));
      jobs.bind(2, limit);
      while (jobs.executeStep()) answer.push_back(job_json(*database_, jobs, ""));
      return dumped(answer);
    }
    SQLite::Statement known(*database_, "SELECT count(*) FROM jobs WHERE name = ?");
    known.bind(1, parent);
    known.executeStep();
    if (known.getColumn(0).getInt() == 0) return fail(ErrorCode::kNotFound, no_such(parent));
    SQLite::Statement trials(
        *database_, std::string(kTrialColumns) + "WHERE j.name = ? ORDER BY t.number LIMIT ?");
    trials.bind(1, parent);
    trials.bind(2, limit);
    while (trials.executeStep()) answer.push_back(trial_json(trials));
    return dumped(answer);
  });
  if (!listed) return tl::unexpected(listed.error());
  return *listed;
}

Result<std::string> StoreReader::watch(const std::string& name, std::int64_t after,
                                       const Notes& notes) {
  auto watched = sqlite::guarded(what_, [&]() -> Result<std::string> {
    SQLite::Transaction snapshot(*database_);  // one view for all four queries
    SQLite::Statement job(*database_, std::string(kJobColumns) +
                                          "WHERE j.id = (SELECT id FROM jobs WHERE name = ?1 UNION "
                                          "SELECT job FROM trials WHERE name = ?1)");
    job.bind(1, name);
    if (!job.executeStep()) return fail(ErrorCode::kNotFound, no_such(name));
    const std::int64_t id = job.getColumn(0).getInt64();

    Json events = Json::array();
    std::int64_t last = after;
    std::int64_t count = 0;
    SQLite::Statement rows(*database_,
                           "SELECT e.id, e.at_us, e.kind, e.text, t.name FROM events e LEFT JOIN "
                           "trials t ON t.job = e.job AND t.number = e.number WHERE e.job = ? AND "
                           "e.id > ? ORDER BY e.id LIMIT ?");
    rows.bind(1, id);
    rows.bind(2, after);
    rows.bind(3, kEventsMax);
    while (rows.executeStep()) {
      last = rows.getColumn(0).getInt64();
      ++count;
      const std::string kind = rows.getColumn(2).getString();
      const std::string text = rows.getColumn(3).getString();
      if (kind == "primary_reported" || text.empty()) continue;
      Json event = {{"at_us", rows.getColumn(1).getInt64()}, {"kind", kind}, {"text", text}};
      if (!rows.getColumn(4).isNull()) event["trial"] = rows.getColumn(4).getString();
      events.push_back(std::move(event));
    }
    Json trials = Json::array();
    SQLite::Statement changed(*database_, std::string(kTrialColumns) +
                                              "WHERE t.job = ?1 AND t.number IN (SELECT number "
                                              "FROM events WHERE job = ?1 AND id > ?2) ORDER BY "
                                              "t.number");
    changed.bind(1, id);
    changed.bind(2, after);
    while (changed.executeStep()) trials.push_back(watched_trial(changed));

    Json answer = Json::object();
    answer["last_event"] = last;
    answer["complete"] = count < kEventsMax;  // false: ask on at once
    answer["now_us"] = notes.now.us;
    put_text(answer, "trouble", notes.trouble);
    answer["job"] = watched_job(*database_, job);
    answer["trials"] = std::move(trials);
    answer["events"] = std::move(events);
    return dumped(answer);
  });
  if (!watched) return tl::unexpected(watched.error());
  return *watched;
}

Result<std::int64_t> StoreReader::last_event(const std::string& name) {
  auto found = sqlite::guarded(what_, [&]() -> Result<std::int64_t> {
    if (select_last_event_ == nullptr) {
      select_last_event_ =
          std::make_unique<SQLite::Statement>(*database_,
                                              "SELECT id FROM events WHERE job = (SELECT id FROM "
                                              "jobs WHERE name = ?1 UNION SELECT job FROM trials "
                                              "WHERE name = ?1) ORDER BY id DESC LIMIT 1");
    }
    SQLite::Statement& select = *select_last_event_;
    select.tryReset();
    select.bind(1, name);
    if (!select.executeStep()) return fail(ErrorCode::kNotFound, no_such(name));
    const std::int64_t newest = select.getColumn(0).getInt64();
    select.reset();  // a read transaction left open would hold up the checkpoints
    return newest;
  });
  if (!found) return tl::unexpected(found.error());
  return *found;
}

Result<std::int64_t> StoreReader::job_number(const std::string& name) {
  auto found = sqlite::guarded(what_, [&]() -> Result<std::int64_t> {
    SQLite::Statement select(
        *database_,
        "SELECT id FROM jobs WHERE name = ?1 UNION SELECT job FROM trials WHERE name = ?1");
    select.bind(1, name);
    if (!select.executeStep()) return fail(ErrorCode::kNotFound, no_such(name));
    return select.getColumn(0).getInt64();
  });
  if (!found) return tl::unexpected(found.error());
  return *found;
}

Result<StoreReader::Folder> StoreReader::folder(const std::string& name) {
  auto found = sqlite::guarded(what_, [&]() -> Result<Folder> {
    SQLite::Statement select(
        *database_,
        "SELECT a.folder, a.ended_us IS NOT NULL FROM attempts a JOIN trials t ON t.job = a.job "
        "AND "
        "t.number = a.number AND t.attempt = a.attempt WHERE a.folder IS NOT NULL AND (a.job, "
        "a.number) = (SELECT job, number FROM trials WHERE name = ?1 UNION ALL SELECT id, "
        "best_trial FROM jobs WHERE name = ?1 LIMIT 1)");
    select.bind(1, name);
    if (!select.executeStep()) {
      const auto known = job_number(name);
      if (!known) return tl::unexpected(known.error());
      return fail(ErrorCode::kNotFound,
                  fmt::format("'{}' has no files: it has not started on a worker, or is a sweep "
                              "without a best trial",
                              name));
    }
    return Folder{select.getColumn(0).getString(), select.getColumn(1).getInt() != 0};
  });
  if (!found) return tl::unexpected(found.error());
  return *found;
}

}  // namespace trawl::coordinator
