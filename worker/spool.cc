#include "worker/spool.h"

#include <array>
#include <iterator>
#include <sys/random.h>

#include <fmt/format.h>

#include "protocol/codec.h"

namespace trawl::worker {
namespace {

constexpr std::array<const char*, 4> kMigrations = {R"sql(
  CREATE TABLE spool(id INTEGER NOT NULL) STRICT;
  CREATE TABLE report(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    kind INTEGER NOT NULL,     -- the index of the body in core::ReportBody
    body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX report_of_attempt ON report(job, number, attempt);
)sql",
                                                    R"sql(
  ALTER TABLE spool ADD COLUMN store INTEGER NOT NULL DEFAULT 0;  -- whose reports these are
)sql",
                                                    // AUTOINCREMENT writes a page more each time.
                                                    R"sql(
  ALTER TABLE spool ADD COLUMN last INTEGER NOT NULL DEFAULT 0;  -- the newest number ever discarded
  UPDATE spool SET last = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'report'), 0);
  CREATE TABLE new_report(
    seq INTEGER PRIMARY KEY,
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    kind INTEGER NOT NULL,     -- the index of the body in core::ReportBody
    body BLOB NOT NULL
  ) STRICT;
  INSERT INTO new_report SELECT seq, job, number, attempt, kind, body FROM report;
  DROP TABLE report;
  ALTER TABLE new_report RENAME TO report;
  CREATE INDEX report_of_attempt ON report(job, number, attempt);
)sql",
                                                    R"sql(
  ALTER TABLE spool ADD COLUMN incarnation INTEGER NOT NULL DEFAULT 0;  -- starts so far
)sql"};

constexpr std::chrono::milliseconds kPatience{10};

constexpr int kLogged = 1;  // indices in core::ReportBody
constexpr int kEnded = 2;
static_assert(
    std::is_same_v<std::variant_alternative_t<kLogged, core::ReportBody>, core::AttemptLogged>);
static_assert(
    std::is_same_v<std::variant_alternative_t<kEnded, core::ReportBody>, core::AttemptEnded>);

core::AttemptId attempt_of(const core::ReportBody& body) {
  return std::visit([](const auto& kind) { return kind.attempt; }, body);
}

std::string_view blob(const SQLite::Column& column) {
  return {static_cast<const char*>(column.getBlob()), static_cast<std::size_t>(column.getBytes())};
}

std::int64_t as_signed(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

// Made once and used again; an earlier use may have failed half way.
SQLite::Statement& prepared(std::unique_ptr<SQLite::Statement>& slot, SQLite::Database& db,
                            const char* sql) {
  if (slot == nullptr) slot = std::make_unique<SQLite::Statement>(db, sql);
  slot->tryReset();
  return *slot;
}

Result<core::ReportBody> read_body(const SQLite::Column& column, std::uint64_t seq) {
  auto body = protocol::decode_report(blob(column));
  if (!body)
    return fail(ErrorCode::kInvalid,
                fmt::format("report {} of the spool: {}", seq, body.error().message));
  return body;
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(const std::string& path, OnDurable on_durable,
                                           OnTrouble on_trouble) {
  auto database = sqlite::open(path, sqlite::Access::kWrite, kMigrations);
  if (!database) return tl::unexpected(database.error());
  std::uint64_t fresh = 0;
  if (getrandom(&fresh, sizeof fresh, 0) != sizeof fresh) return fail_errno("getrandom", errno);
  fresh >>= 1;  // SQLite's integers are signed
  struct Identity {
    std::int64_t id{};
    std::int64_t incarnation{};
  };
  const auto identity = sqlite::guarded("cannot write " + path, [&] {
    SQLite::Database& db = **database;
    if (db.execAndGet("SELECT count(*) FROM spool").getInt() == 0) {
      SQLite::Statement insert(db, "INSERT INTO spool(id) VALUES (?)");
      insert.bind(1, as_signed(fresh));
      insert.exec();
    }
    SQLite::Statement update(
        db, "UPDATE spool SET incarnation = incarnation + 1 RETURNING id, incarnation");
    update.executeStep();
    const Identity read{update.getColumn(0).getInt64(), update.getColumn(1).getInt64()};
    while (update.executeStep()) {
    }
    return read;
  });
  if (!identity) return tl::unexpected(identity.error());
  auto reader = sqlite::open(path, sqlite::Access::kRead, kMigrations);
  if (!reader) return tl::unexpected(reader.error());
  std::unique_ptr<Spool> spool(new Spool("cannot read " + path, std::move(*reader),
                                         std::move(on_durable), std::move(on_trouble)));
  spool->id_ = static_cast<std::uint64_t>(identity->id);
  spool->incarnation_ = static_cast<std::uint64_t>(identity->incarnation);
  spool->writer_ = std::make_unique<sqlite::GroupCommit>(std::move(*database),
                                                         "cannot write " + path, kPatience);
  const auto left = spool->leftovers();
  if (!left) return tl::unexpected(left.error());
  for (const Leftover& leftover : *left) {
    spool->with_records_.insert(leftover.attempt);
    if (leftover.end_seq != 0) spool->ends_.emplace(leftover.end_seq, leftover.attempt);
  }
  return spool;
}

Spool::~Spool() {
  if (writer_ == nullptr) return;
  writer_->submit(
      [this](SQLite::Database&) {
        insert_.reset();
        erase_.reset();
        note_last_.reset();
      },
      [](const Result<void>&) {});
}

Result<bool> Spool::fits(std::uint64_t store, std::uint64_t committed) {
  struct Found {
    std::uint64_t owner{};
    std::uint64_t last{};  // number given
    std::uint64_t next{};  // after `committed`, of those that are here; 0: none
  };
  const auto found = [&] {
    const std::lock_guard lock(reader_mutex_);
    return sqlite::guarded(what_, [&] {
      SQLite::Statement select(*reader_,
                               "SELECT store, max(coalesce((SELECT max(seq) FROM report), 0), "
                               "last), coalesce((SELECT min(seq) FROM report WHERE seq > ?), 0) "
                               "FROM spool");
      select.bind(1, as_signed(committed));
      select.executeStep();
      const auto number = [&](int column) {
        return static_cast<std::uint64_t>(select.getColumn(column).getInt64());
      };
      return Found{number(0), number(1), number(2)};
    });
  }();
  if (!found) return tl::unexpected(found.error());
  const bool is_its_own = found->owner == 0 || found->owner == store;
  const bool has_gap = found->last > committed && found->next != committed + 1;
  if (!is_its_own || has_gap) return false;
  if (found->owner == store) return true;
  const auto noted = writer_->commit([store](SQLite::Database& db) {
    SQLite::Statement update(db, "UPDATE spool SET store = ?");
    update.bind(1, as_signed(store));
    update.exec();
  });
  if (!noted) return tl::unexpected(noted.error());
  return true;
}

Spool::Piece Spool::piece_of(core::ReportBody body) {
  struct Pending {
    core::Report report;
    std::string bytes;
  };
  if (body.index() == kLogged) {
    const std::lock_guard lock(rows_mutex_);
    with_records_.insert(attempt_of(body));
  }
  auto pending = std::make_shared<Pending>();
  pending->bytes = protocol::encode_report(body);
  pending->report.body = std::move(body);
  const auto work = [this, pending](SQLite::Database& db) {
    const core::AttemptId attempt = attempt_of(pending->report.body);
    SQLite::Statement& insert =
        prepared(insert_, db,
                 "INSERT INTO report(seq, job, number, attempt, kind, body) VALUES ((SELECT "
                 "max(coalesce((SELECT max(seq) FROM report), 0), last) FROM spool) + 1, ?, ?, ?, "
                 "?, ?)");
    insert.bind(1, attempt.trial.job.number);
    insert.bind(2, attempt.trial.number);
    insert.bind(3, attempt.attempt);
    insert.bind(4, static_cast<int>(pending->report.body.index()));
    insert.bindNoCopy(5, pending->bytes.data(), static_cast<int>(pending->bytes.size()));
    insert.exec();
    pending->report.seq = static_cast<std::uint64_t>(db.getLastInsertRowid());
  };
  const auto done = [this, pending](const Result<void>& result) {
    if (result) {
      if (pending->report.body.index() == kEnded) {
        const std::lock_guard lock(rows_mutex_);
        ends_.emplace(pending->report.seq, attempt_of(pending->report.body));
      }
      on_durable_(std::move(pending->report));
    }
    note_trouble(result ? "" : result.error().message);
  };
  return {work, done};
}

void Spool::note_trouble(const std::string& trouble) {
  if (trouble == trouble_ || !on_trouble_) return;
  trouble_ = trouble;
  on_trouble_(trouble);
}

Result<void> Spool::append(core::ReportBody body) {
  Piece piece = piece_of(std::move(body));
  return writer_->commit(std::move(piece.work), std::move(piece.done));
}

void Spool::append_later(core::ReportBody body, sqlite::GroupCommit::Urgency urgency,
                         std::function<void(const Error&)> on_error) {
  Piece piece = piece_of(std::move(body));
  writer_->submit(
      std::move(piece.work),
      [done = std::move(piece.done), on_error = std::move(on_error)](const Result<void>& result) {
        done(result);
        if (!result) on_error(result.error());
      },
      urgency);
}

Result<std::vector<core::Report>> Spool::read_after(std::uint64_t seq, std::int64_t count) {
  const std::lock_guard lock(reader_mutex_);
  auto read = sqlite::guarded(what_, [&]() -> Result<std::vector<core::Report>> {
    SQLite::Statement select(*reader_,
                             "SELECT seq, body FROM report WHERE seq > ? ORDER BY seq LIMIT ?");
    select.bind(1, as_signed(seq));
    select.bind(2, count);
    std::vector<core::Report> reports;
    while (select.executeStep()) {
      const auto number = static_cast<std::uint64_t>(select.getColumn(0).getInt64());
      auto body = read_body(select.getColumn(1), number);
      if (!body) return tl::unexpected(body.error());
      reports.push_back({number, std::move(*body)});
    }
    return reports;
  });
  if (!read) return tl::unexpected(read.error());
  return std::move(*read);
}

Result<std::vector<Record>> Spool::records_of(core::AttemptId attempt) {
  {
    const std::lock_guard lock(rows_mutex_);
    if (!with_records_.contains(attempt)) return std::vector<Record>{};
  }
  const std::lock_guard lock(reader_mutex_);
  auto read = sqlite::guarded(what_, [&]() -> Result<std::vector<Record>> {
    SQLite::Statement& select = prepared(select_records_, *reader_,
                                         "SELECT seq, body FROM report WHERE job = ? AND number = "
                                         "? AND attempt = ? AND kind = ? ORDER BY seq");
    select.bind(1, attempt.trial.job.number);
    select.bind(2, attempt.trial.number);
    select.bind(3, attempt.attempt);
    select.bind(4, kLogged);
    std::vector<Record> records;
    while (select.executeStep()) {
      auto body = read_body(select.getColumn(1),
                            static_cast<std::uint64_t>(select.getColumn(0).getInt64()));
      if (!body) return tl::unexpected(body.error());
      auto& logged = std::get<core::AttemptLogged>(*body);
      std::move(logged.records.begin(), logged.records.end(), std::back_inserter(records));
    }
    select.reset();  // a read transaction left open would hold up the checkpoints
    return records;
  });
  if (!read) return tl::unexpected(read.error());
  return std::move(*read);
}

Result<std::vector<Spool::Leftover>> Spool::leftovers() {
  const std::lock_guard lock(reader_mutex_);
  return sqlite::guarded(what_, [&] {
    SQLite::Statement select(*reader_,
                             "SELECT job, number, attempt, max(CASE kind WHEN ? THEN seq ELSE 0 "
                             "END) FROM report GROUP BY job, number, attempt");
    select.bind(1, kEnded);
    std::vector<Leftover> found;
    while (select.executeStep()) {
      const core::AttemptId attempt{
          {core::JobId{select.getColumn(0).getInt64()}, select.getColumn(1).getInt64()},
          select.getColumn(2).getInt()};
      found.push_back({attempt, static_cast<std::uint64_t>(select.getColumn(3).getInt64())});
    }
    return found;
  });
}

void Spool::discard(std::uint64_t committed) {
  std::vector<core::AttemptId> acknowledged;
  {
    const std::lock_guard lock(rows_mutex_);
    const auto past = ends_.upper_bound(committed);
    for (auto end = ends_.begin(); end != past; ++end) {
      acknowledged.push_back(end->second);
      with_records_.erase(end->second);
    }
    ends_.erase(ends_.begin(), past);
  }
  if (acknowledged.empty()) return;
  // Losing this delete costs nothing: the rows go at the next acknowledgement after a restart.
  writer_->submit(
      [this, acknowledged](SQLite::Database& db) {
        prepared(note_last_, db,
                 "UPDATE spool SET last = max(last, coalesce((SELECT max(seq) FROM report), 0))")
            .exec();
        for (const core::AttemptId& attempt : acknowledged) {
          SQLite::Statement& erase = prepared(
              erase_, db, "DELETE FROM report WHERE job = ? AND number = ? AND attempt = ?");
          erase.bind(1, attempt.trial.job.number);
          erase.bind(2, attempt.trial.number);
          erase.bind(3, attempt.attempt);
          erase.exec();
        }
      },
      [](const Result<void>&) {}, sqlite::GroupCommit::Urgency::kLazy);
}

}  // namespace trawl::worker
