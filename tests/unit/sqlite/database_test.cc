// Opening SQLite files: modes, migrations, and what a person is told about files that cannot be
// used.
#include "sqlite/database.h"

#include <array>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::sqlite {
namespace {

constexpr std::array kOne = {"CREATE TABLE log(entry TEXT); INSERT INTO log VALUES('one')"};
constexpr std::array kThree = {kOne[0], "INSERT INTO log VALUES('two')",
                               "ALTER TABLE log ADD COLUMN more TEXT; INSERT INTO log "
                               "VALUES('three', 'x')"};

std::string entries(SQLite::Database& database) {
  return database.execAndGet("SELECT group_concat(entry, ' ') FROM log").getString();
}

int version(SQLite::Database& database) {
  return database.execAndGet("PRAGMA user_version").getInt();
}

TEST_CASE("a new file is made with all migrations, synced and logged ahead", "[sqlite]") {
  TemporaryFolder folder;
  const auto opened = open(folder.file("a.db"), Access::kWrite, kThree);
  REQUIRE(opened);
  CHECK(entries(**opened) == "one two three");
  CHECK(version(**opened) == 3);
  CHECK((*opened)->execAndGet("PRAGMA journal_mode").getString() == "wal");
  CHECK((*opened)->execAndGet("PRAGMA synchronous").getInt() == 2);
}

TEST_CASE("an older file is brought up to date, each step once and in order", "[sqlite]") {
  TemporaryFolder folder;
  const std::string path = folder.file("a.db");
  REQUIRE(open(path, Access::kWrite, kOne));
  for (int i = 0; i < 2; ++i) {
    const auto opened = open(path, Access::kWrite, kThree);
    REQUIRE(opened);
    CHECK(entries(**opened) == "one two three");
    CHECK(version(**opened) == 3);
  }
}

TEST_CASE("a migration that fails leaves the file as it was", "[sqlite]") {
  TemporaryFolder folder;
  const std::string path = folder.file("a.db");
  REQUIRE(open(path, Access::kWrite, kOne));
  constexpr std::array kBad = {kOne[0], kThree[1], "INSERT INTO nowhere VALUES(1)"};
  const auto refused = open(path, Access::kWrite, kBad);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        Error{ErrorCode::kSystem, "cannot open " + path + ": no such table: nowhere"});
  const auto opened = open(path, Access::kWrite, kOne);
  REQUIRE(opened);
  CHECK(entries(**opened) == "one");
}

TEST_CASE("a file of a newer release is refused, for writing and for reading", "[sqlite]") {
  TemporaryFolder folder;
  const std::string path = folder.file("a.db");
  REQUIRE(open(path, Access::kWrite, kThree));
  for (const Access access : {Access::kWrite, Access::kRead}) {
    const auto refused = open(path, access, kOne);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() ==
          Error{ErrorCode::kInvalid, "cannot open " + path +
                                         ": its schema version is 3, this release knows 1: use a "
                                         "newer trawl"});
  }
}

TEST_CASE("a reader sees what is committed and writes nothing", "[sqlite]") {
  TemporaryFolder folder;
  const std::string path = folder.file("a.db");
  const auto writer = open(path, Access::kWrite, kOne);
  const auto reader = open(path, Access::kRead, kOne);
  REQUIRE(writer);
  REQUIRE(reader);
  SQLite::Transaction transaction(**writer);
  (*writer)->exec("INSERT INTO log VALUES('later')");
  CHECK(entries(**reader) == "one");
  transaction.commit();
  CHECK(entries(**reader) == "one later");
  const auto refused =
      guarded("cannot write", [&] { (*reader)->exec("INSERT INTO log VALUES('x')"); });
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == Error{ErrorCode::kSystem,
                                 "cannot write: attempt to write a readonly database: check the "
                                 "permissions of the file and its folder"});
}

TEST_CASE("a file that is not there is not made by a reader", "[sqlite]") {
  TemporaryFolder folder;
  const std::string path = folder.file("a.db");
  const auto refused = open(path, Access::kRead, kOne);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == Error{ErrorCode::kSystem,
                                 "cannot open " + path +
                                     ": unable to open database file: check the permissions of the "
                                     "file and its folder"});
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK_FALSE(open(folder.file("no/folder/a.db"), Access::kWrite, kOne));
}

TEST_CASE("a file that is no database is refused with what to do", "[sqlite]") {
  TemporaryFolder folder;
  const std::string path = folder.file("a.db");
  std::ofstream(path) << std::string(10'000, 'x');
  for (const Access access : {Access::kWrite, Access::kRead}) {
    const auto refused = open(path, access, kOne);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() ==
          Error{ErrorCode::kSystem,
                "cannot open " + path +
                    ": file is not a database: the file is damaged; restore a copy, or move it and "
                    "its -wal aside to go on without it (docs/faults.md)"});
  }
}

TEST_CASE("damage inside the file is told where it is met", "[sqlite]") {
  TemporaryFolder folder;
  const std::string path = folder.file("a.db");
  {
    const auto opened = open(path, Access::kWrite, kOne);
    REQUIRE(opened);
    (*opened)->exec(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT "
        "INTO "
        "log SELECT 'entry ' || i FROM n");
  }
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);  // past the first page, which lists the tables
    file << std::string(40'000, '\xee');
  }
  const auto opened = open(path, Access::kRead, kOne);
  REQUIRE(opened);
  const auto refused = guarded("cannot read the log", [&] { return entries(**opened); });
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == Error{ErrorCode::kSystem,
                                 "cannot read the log: database disk image is malformed: the file "
                                 "is damaged; restore a copy, or move it and its -wal aside to go "
                                 "on without it (docs/faults.md)"});
}

TEST_CASE("a guarded body's value comes through", "[sqlite]") {
  CHECK(guarded("x", [] { return 7; }).value() == 7);
  CHECK(guarded("x", [] {}).has_value());
}

}  // namespace
}  // namespace trawl::sqlite
