// coordinator/schema.h: the tables of trawl.db. docs/tables.md describes them for people who open
// the file with other tools; change both together, by a further migration, never by editing one
// that was released.
#pragma once

#include <array>

namespace trawl::coordinator {

inline constexpr std::array<const char*, 11> kMigrations = {R"sql(
  CREATE TABLE jobs(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,                -- 'sweep' or 'command'
    experiment_name TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',   -- why it ended so, or what is being done about it
    created_us INTEGER NOT NULL,       -- all times: microseconds since the epoch, UTC
    started_us INTEGER,
    ended_us INTEGER,
    goal TEXT,                         -- 'minimize', 'maximize'; NULL for a command
    primary_metric TEXT,
    policy TEXT,
    max_total_trials INTEGER NOT NULL,
    max_concurrent_trials INTEGER NOT NULL,
    best_trial INTEGER,                -- a number of trials
    best_value REAL,
    archived INTEGER NOT NULL DEFAULT 0,
    document TEXT NOT NULL,            -- the job file as JSON
    last_event INTEGER NOT NULL        -- the newest row of events about it
  ) STRICT;
  CREATE TABLE trials(
    job INTEGER NOT NULL REFERENCES jobs(id),
    number INTEGER NOT NULL,           -- from 0
    name TEXT NOT NULL UNIQUE,         -- also its MLflow run id
    status TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    stopped_by TEXT,                   -- 'policy', 'cancel', 'trial_timeout', 'timeout'
    parameters TEXT NOT NULL,          -- JSON object
    attempt INTEGER NOT NULL DEFAULT 0,
    created_us INTEGER NOT NULL,
    started_us INTEGER,
    ended_us INTEGER,
    reports INTEGER NOT NULL DEFAULT 0,  -- of the primary metric, by the current attempt
    last_value REAL,
    last_step INTEGER,
    best_value REAL,
    last_event INTEGER NOT NULL,
    PRIMARY KEY(job, number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE attempts(
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    attempt INTEGER NOT NULL,          -- from 1
    worker TEXT NOT NULL,
    folder TEXT,                       -- on the worker
    pid INTEGER,
    assigned_us INTEGER NOT NULL,
    started_us INTEGER,
    ended_us INTEGER,
    outcome TEXT,                      -- 'exited', 'signalled', 'unstarted', 'returned', 'lost'
    code INTEGER,                      -- exit code or signal
    tail TEXT,                         -- the last lines it printed
    PRIMARY KEY(job, number, attempt),
    FOREIGN KEY(job, number) REFERENCES trials(job, number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE runs(
    run_id TEXT PRIMARY KEY,
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    experiment_id TEXT NOT NULL,
    run_name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL,              -- as MLflow spells it; what the client said
    start_time_ms INTEGER NOT NULL,
    end_time_ms INTEGER,
    FOREIGN KEY(job, number) REFERENCES trials(job, number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE metrics(
    run_id TEXT NOT NULL,
    key TEXT NOT NULL,
    step INTEGER NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    value REAL NOT NULL,               -- 0 where is_nan
    is_nan INTEGER NOT NULL,
    PRIMARY KEY(run_id, key, step, timestamp_ms, value, is_nan)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE params(
    run_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(run_id, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tags(
    run_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(run_id, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE documents(               -- logged models, datasets, ...: MLflow's JSON
    job INTEGER NOT NULL, number INTEGER NOT NULL,
    kind TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY(kind, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE experiments(
    experiment_id TEXT PRIMARY KEY, name TEXT NOT NULL, created_us INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE events(                  -- the journal: every decision, in order
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES jobs(id),
    number INTEGER,                    -- the trial, where it is about one
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,                -- for people; '' where there is nothing to tell
    fact BLOB NOT NULL                 -- for the replay
  ) STRICT;
  CREATE INDEX events_of_job ON events(job, id);
  CREATE TABLE spools(                  -- up to where a worker's reports have been taken
    spool INTEGER PRIMARY KEY, taken INTEGER NOT NULL
  ) STRICT;
)sql",
                                                            R"sql(
  ALTER TABLE runs ADD COLUMN lifecycle_stage TEXT NOT NULL DEFAULT 'active';  -- or 'deleted'
  ALTER TABLE experiments ADD COLUMN lifecycle_stage TEXT NOT NULL DEFAULT 'active';
  ALTER TABLE experiments ADD COLUMN updated_us INTEGER;  -- NULL: as it was created
)sql",
                                                            R"sql(
  ALTER TABLE jobs ADD COLUMN experiment_id TEXT NOT NULL DEFAULT '';
  ALTER TABLE jobs ADD COLUMN command TEXT NOT NULL DEFAULT '';  -- of its trials
  ALTER TABLE jobs ADD COLUMN user TEXT NOT NULL DEFAULT '';     -- who ran the coordinator
  UPDATE jobs SET experiment_id = coalesce(
    (SELECT e.experiment_id FROM experiments e WHERE e.name = jobs.experiment_name), '');
  CREATE UNIQUE INDEX experiments_by_name ON experiments(name);
  INSERT OR IGNORE INTO experiments(experiment_id, name, created_us)
    VALUES ('0', 'Default', unixepoch() * 1000000);
  CREATE TABLE new_runs(
    run_id TEXT PRIMARY KEY,
    job INTEGER REFERENCES jobs(id),   -- NULL: made by a client of the tracking address
    number INTEGER,                    -- NULL: not of a trial; with a job, the sweep's own run
    experiment_id TEXT NOT NULL,
    run_name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL,              -- as MLflow spells it; what the client said
    start_time_ms INTEGER NOT NULL,
    end_time_ms INTEGER,
    lifecycle_stage TEXT NOT NULL DEFAULT 'active',  -- or 'deleted'
    FOREIGN KEY(job, number) REFERENCES trials(job, number)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO new_runs SELECT run_id, job, number, experiment_id, run_name, user_id, status,
    start_time_ms, end_time_ms, lifecycle_stage FROM runs;
  DROP TABLE runs;
  ALTER TABLE new_runs RENAME TO runs;
  CREATE INDEX runs_in_order ON runs(experiment_id, start_time_ms DESC, run_id);
  INSERT OR IGNORE INTO tags SELECT run_id, 'mlflow.runName', run_name FROM runs;
  INSERT OR IGNORE INTO tags SELECT r.run_id, 'mlflow.parentRunId', j.name FROM runs r
    JOIN trials t ON t.name = r.run_id JOIN jobs j ON j.id = t.job WHERE j.type = 'sweep';
  INSERT OR IGNORE INTO runs(run_id, job, experiment_id, run_name, user_id, status, start_time_ms,
      end_time_ms)
    SELECT name, id, experiment_id, name, '', CASE WHEN ended_us IS NULL THEN 'RUNNING' WHEN
      status = 'Completed' THEN 'FINISHED' WHEN status = 'Failed' THEN 'FAILED' ELSE 'KILLED' END,
      created_us / 1000, ended_us / 1000 FROM jobs WHERE type = 'sweep';
  INSERT OR IGNORE INTO tags SELECT name, 'mlflow.runName', name FROM jobs WHERE type = 'sweep';
  CREATE TABLE new_documents(
    job INTEGER, number INTEGER,       -- NULL: by a client of the tracking address
    kind TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY(kind, id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO new_documents SELECT job, number, kind, id, json FROM documents;
  DROP TABLE documents;
  ALTER TABLE new_documents RENAME TO documents;
)sql",
                                                            R"sql(
  ALTER TABLE attempts ADD COLUMN cpu_s REAL;             -- user and system time of all processes
  ALTER TABLE attempts ADD COLUMN max_rss_bytes INTEGER;  -- of the largest process
  ALTER TABLE attempts ADD COLUMN oom INTEGER;            -- 1: the kernel killed one for want of memory
)sql",
                                                            R"sql(
  ALTER TABLE jobs ADD COLUMN created_by TEXT NOT NULL DEFAULT '';  -- the user who submitted it
  )sql",
                                                            R"sql(
  CREATE TABLE store(id INTEGER NOT NULL) STRICT;  -- names this file: a spool belongs to one
  INSERT INTO store VALUES ((random() & 0x7fffffffffffffff) | 1);
)sql",
                                                            R"sql(
  ALTER TABLE jobs DROP COLUMN last_event;  -- the index events_of_job knows it
  ALTER TABLE trials DROP COLUMN last_event;
)sql",
                                                            R"sql(
  ALTER TABLE store ADD COLUMN boot TEXT;               -- the machine's boot for which the next holds
  ALTER TABLE store ADD COLUMN clock_offset_us INTEGER; -- the journal's time less the monotonic clock's
)sql",
                                                            R"sql(
  CREATE TABLE new_events(              -- the journal: every decision, in order
    job INTEGER NOT NULL,
    id INTEGER NOT NULL,               -- unique in the file
    number INTEGER,                    -- the trial, where it is about one
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,                -- for people; '' where there is nothing to tell
    fact BLOB NOT NULL,                -- for the replay: one or more
    PRIMARY KEY(job, id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO new_events SELECT job, id, number, at_us, kind, text, fact FROM events
    ORDER BY job, id;
  ALTER TABLE store ADD COLUMN event_last INTEGER NOT NULL DEFAULT 0;  -- the newest id of events
  UPDATE store SET event_last = (SELECT coalesce(max(id), 0) FROM events);
  DROP TABLE events;
  ALTER TABLE new_events RENAME TO events;
)sql",
                                                            R"sql(
  CREATE TABLE set_tags(                -- by clients, and of sweeps
    run_id TEXT NOT NULL, key TEXT NOT NULL,
    value TEXT,                        -- NULL: deleted
    PRIMARY KEY(run_id, key)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO set_tags SELECT run_id, key, value FROM tags;
  DROP TABLE tags;
  CREATE VIEW tags(run_id, key, value) AS
    SELECT run_id, key, value FROM set_tags WHERE value IS NOT NULL
    UNION ALL                          -- those of each trial's own run follow from its job
    SELECT r.run_id, own.column1, CASE own.column1
        WHEN 'mlflow.parentRunId' THEN j.name
        WHEN 'mlflow.runName' THEN r.run_name
        WHEN 'mlflow.source.name' THEN j.command
        WHEN 'mlflow.source.type' THEN 'JOB'
        WHEN 'mlflow.user' THEN j.user
      END
      FROM runs r JOIN jobs j ON j.id = r.job CROSS JOIN (VALUES ('mlflow.parentRunId'),
        ('mlflow.runName'), ('mlflow.source.name'), ('mlflow.source.type'), ('mlflow.user')) own
      WHERE r.number IS NOT NULL
        AND r.run_id = CASE j.type WHEN 'sweep' THEN j.name || '_' || r.number ELSE j.name END
        AND (j.type = 'sweep' OR own.column1 <> 'mlflow.parentRunId')
        AND NOT EXISTS
          (SELECT 1 FROM set_tags s WHERE s.run_id = r.run_id AND s.key = own.column1);
)sql",
                                                           R"sql(
  ALTER TABLE store ADD COLUMN lease_wait_us INTEGER NOT NULL DEFAULT 0;  -- how long a worker that was
                                       -- promised a lease may still run what it had, at most
)sql"};

}  // namespace trawl::coordinator
