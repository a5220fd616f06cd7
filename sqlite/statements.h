// sqlite/statements.h: prepared statements of one connection, kept for use again.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

namespace trawl::sqlite {

/// Used by the connection's thread; must be destroyed before the connection is closed. Throws
/// SQLite::Exception.
class Statements {
 public:
  explicit Statements(SQLite::Database& database) : database_(database) {}

  /// The statement of that literal (it is known by its address), ready to bind.
  SQLite::Statement& get(const char* sql);

  /// Binds the values in order (an absent one as NULL), runs the statement, and gives back how many
  /// rows it changed.
  template <class... Values>
  int run(const char* sql, const Values&... values) {
    SQLite::Statement& statement = get(sql);
    int index = 0;
    (bind(statement, ++index, values), ...);
    const int changed = statement.exec();
    statement.reset();
    return changed;
  }

  SQLite::Database& database() { return database_; }

 private:
  template <class Value>
  static void bind(SQLite::Statement& statement, int index, const Value& value) {
    statement.bind(index, value);
  }
  // The texts outlive the run, so SQLite needs no copy of them.
  static void bind(SQLite::Statement& statement, int index, const std::string& text) {
    statement.bindNoCopy(index, text);
  }
  static void bind(SQLite::Statement& statement, int index, const char* text) {
    statement.bindNoCopy(index, text);
  }
  template <class Value>
  static void bind(SQLite::Statement& statement, int index, const std::optional<Value>& value) {
    if (value) bind(statement, index, *value);  // get() has unbound it
  }

  SQLite::Database& database_;
  std::map<const char*, std::unique_ptr<SQLite::Statement>> statements_;
};

}  // namespace trawl::sqlite
