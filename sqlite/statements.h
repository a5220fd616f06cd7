// sqlite/statements.h: prepared statements of one connection, kept for use again.
#pragma once

#include <map>
#include <memory>

#include <SQLiteCpp/SQLiteCpp.h>

namespace trawl::sqlite {

/// Used by the connection's thread; must be destroyed before the connection is closed. Throws
/// SQLite::Exception.
class Statements {
 public:
  explicit Statements(SQLite::Database& database) : database_(database) {}

  /// The statement of that literal (it is known by its address), ready to bind.
  SQLite::Statement& get(const char* sql);

  /// Binds the values in order, runs the statement, and gives back how many rows it changed.
  template <class... Values>
  int run(const char* sql, const Values&... values) {
    SQLite::Statement& statement = get(sql);
    int index = 0;
    (statement.bind(++index, values), ...);
    const int changed = statement.exec();
    statement.reset();
    return changed;
  }

  SQLite::Database& database() { return database_; }

 private:
  SQLite::Database& database_;
  std::map<const char*, std::unique_ptr<SQLite::Statement>> statements_;
};

}  // namespace trawl::sqlite
