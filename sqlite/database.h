// sqlite/database.h: opens a SQLite file the way we use it: write-ahead log, synced on every
// commit, a schema version that only moves forward. SQLiteCpp does the rest. A connection is one
// thread's at a time. Foreign keys are declared for people and for the tests, which check them: to
// look each up would cost a tenth of what a trial's rows cost.
//
// SQLiteCpp throws SQLite::Exception; `guarded` turns that into a Result, so that it ends here.
#pragma once

#include <exception>
#include <memory>
#include <span>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "base/error.h"

namespace trawl::sqlite {

enum class Access { kWrite, kRead };

/// `migrations[v]` is the SQL that takes schema version v to v + 1; those still owed are applied in
/// one transaction when opening for kWrite. kInvalid: the file is of a newer release; kSystem: it
/// cannot be opened or written, is damaged, or no database; kFull.
Result<std::unique_ptr<SQLite::Database>> open(const std::string& path, Access access,
                                               std::span<const char* const> migrations);

/// SQLite's error as ours: what was tried, what SQLite said, and what a person can do.
Error to_error(const std::string& what, const SQLite::Exception& error);

/// Runs `body` and returns its value, or the SQLite error that it threw.
template <class Body>
auto guarded(const std::string& what, Body&& body) -> Result<decltype(body())> {
  try {
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
      return {};
    } else {
      return body();
    }
  } catch (const SQLite::Exception& error) {
    return tl::unexpected(to_error(what, error));
  }
}

}  // namespace trawl::sqlite
