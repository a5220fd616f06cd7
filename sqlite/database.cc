#include "sqlite/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace trawl::sqlite {
namespace {

constexpr int kBusyMs = 5000;  // readers wait this long for a checkpoint

void configure(SQLite::Database& database, Access access) {
  if (access == Access::kWrite) {
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");  // a commit is on the disk when it returns
    database.exec("PRAGMA wal_autocheckpoint = 4000");
  }
  // For one transaction of thousands of trials: a page that does not fit is written twice, and read
  // again. It is taken as it is needed.
  database.exec(access == Access::kWrite ? "PRAGMA cache_size = -16384"   // KiB
                                         : "PRAGMA cache_size = -2048");  // the system has the rest
}

void migrate(SQLite::Database& database, std::span<const char* const> migrations) {
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  const auto newest = static_cast<int>(migrations.size());
  // Also where none is owed: what an earlier process wrote and did not live to sync is read here as
  // if it were safe. A commit of our own makes it so before anybody acts on it, or fails.
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  for (int v = version; v < newest; ++v) database.exec(migrations[static_cast<std::size_t>(v)]);
  database.exec("PRAGMA user_version = " + std::to_string(newest));
  transaction.commit();
}

}  // namespace

Error to_error(const std::string& what, const SQLite::Exception& error) {
  const int code = error.getErrorCode();
  std::string advice;
  ErrorCode kind = ErrorCode::kSystem;
  if (code == SQLITE_FULL || error.getExtendedErrorCode() == SQLITE_IOERR_SHMSIZE) {
    return {ErrorCode::kFull, fmt::format("{}: {}: free some disk space", what, error.what())};
  }
  switch (code) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      advice =
          ": the file is damaged; restore a copy, or move it and its -wal aside to go on without "
          "it "
          "(docs/faults.md)";
      break;
    case SQLITE_IOERR:
      advice = fmt::format(" (SQLite code {}): the disk or its connection fails",
                           error.getExtendedErrorCode());
      break;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      advice = ": check the permissions of the file and its folder";
      break;
    default:
      break;
  }
  return {kind, fmt::format("{}: {}{}", what, error.what(), advice)};
}

Result<std::unique_ptr<SQLite::Database>> open(const std::string& path, Access access,
                                               std::span<const char* const> migrations) {
  const std::string what = "cannot open " + path;
  auto opened = guarded(what, [&] {
    const int mode = access == Access::kWrite ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE
                                              : SQLite::OPEN_READONLY;
    const int flags = mode | SQLite::OPEN_NOMUTEX;
    auto database = std::make_unique<SQLite::Database>(path, flags, kBusyMs);
    configure(*database, access);
    return database;
  });
  if (!opened) return opened;
  const auto version =
      guarded(what, [&] { return (*opened)->execAndGet("PRAGMA user_version").getInt(); });
  if (!version) return tl::unexpected(version.error());
  if (*version > static_cast<int>(migrations.size())) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("{}: its schema version is {}, this release knows {}: use a newer trawl", what,
                    *version, migrations.size()));
  }
  if (access == Access::kWrite) {
    const auto migrated = guarded(what, [&] { migrate(**opened, migrations); });
    if (!migrated) return tl::unexpected(migrated.error());
  }
  return opened;
}

}  // namespace trawl::sqlite
