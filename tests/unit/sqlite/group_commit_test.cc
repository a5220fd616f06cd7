// The writer that shares one sync among many: order, durability, and errors that stay within their
// batch.
#include "sqlite/group_commit.h"

#include <array>
#include <future>
#include <numeric>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::sqlite {
namespace {

constexpr std::array kSchema = {"CREATE TABLE log(entry INTEGER PRIMARY KEY)"};

GroupCommit::Work insert(int entry) {
  return [entry](SQLite::Database& database) {
    database.exec("INSERT INTO log VALUES(" + std::to_string(entry) + ")");
  };
}

class Writing {
 public:
  Writing() {
    auto opened = open(path(), Access::kWrite, kSchema);
    REQUIRE(opened);
    writer_ = std::make_unique<GroupCommit>(std::move(*opened), "cannot write " + path(),
                                            std::chrono::milliseconds(10));
  }
  std::string path() const { return folder_.file("a.db"); }
  GroupCommit* operator->() { return writer_.get(); }
  void close() { writer_.reset(); }

  /// The entries that another connection sees.
  std::vector<int> entries() const {
    const auto reader = open(path(), Access::kRead, kSchema);
    REQUIRE(reader);
    SQLite::Statement select(**reader, "SELECT entry FROM log ORDER BY entry");
    std::vector<int> found;
    while (select.executeStep()) found.push_back(select.getColumn(0).getInt());
    return found;
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<GroupCommit> writer_;
};

/// Work during which the writer stands still, so that what is submitted meanwhile is one batch.
class Gate {
 public:
  GroupCommit::Work work() {
    return [this](SQLite::Database&) {
      reached_.set_value();
      open_.get_future().get();
    };
  }
  void wait() { reached_.get_future().get(); }
  void open() { open_.set_value(); }

 private:
  std::promise<void> reached_, open_;
};

std::vector<int> count_from(int first, int count) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

TEST_CASE("what was committed is there for another connection", "[sqlite]") {
  Writing writer;
  REQUIRE(writer->commit(insert(1)));
  CHECK(writer.entries() == std::vector{1});
  REQUIRE(writer->commit(insert(2)));
  CHECK(writer.entries() == std::vector{1, 2});
}

TEST_CASE("done is told in the order of submission, after the commit", "[sqlite]") {
  Writing writer;
  std::vector<int> told;
  std::promise<std::vector<int>> seen_by_last;
  for (int i = 0; i < 500; ++i) {
    writer->submit(insert(i), [&, i](const Result<void>& result) {
      if (result) told.push_back(i);
      if (i == 499) seen_by_last.set_value(writer.entries());
    });
  }
  CHECK(seen_by_last.get_future().get() == count_from(0, 500));
  CHECK(told == count_from(0, 500));
}

TEST_CASE("an error fails its whole batch, and what comes later goes on", "[sqlite]") {
  Writing writer;
  Gate gate;
  std::vector<std::string> told;
  const auto tell = [&](const std::string& name) {
    return [&told, name](const Result<void>& result) {
      told.push_back(name + ": " + (result ? "ok" : result.error().message));
    };
  };
  writer->submit(gate.work(), tell("gate"));
  gate.wait();
  writer->submit(insert(1), tell("before"));
  writer->submit(insert(1), tell("twice"));
  std::promise<void> batch_over;
  writer->submit(insert(3), [&](const Result<void>& result) {
    tell("behind")(result);
    batch_over.set_value();
  });
  gate.open();
  batch_over.get_future().get();
  REQUIRE(writer->commit(insert(4)));
  const std::string refusal =
      ": cannot write " + writer.path() + ": UNIQUE constraint failed: log.entry";
  CHECK(told == std::vector<std::string>{"gate: ok", "before" + refusal, "twice" + refusal,
                                         "behind" + refusal});
  CHECK(writer.entries() == std::vector{4});
}

TEST_CASE("a commit that nothing is before runs on the calling thread, and done before it returns",
          "[sqlite]") {
  Writing writer;
  std::thread::id worked;
  bool is_told = false;
  REQUIRE(writer->commit(
      [&](SQLite::Database& database) {
        worked = std::this_thread::get_id();
        insert(1)(database);
      },
      [&](const Result<void>& result) { is_told = result.has_value(); }));
  CHECK(is_told);
  CHECK(worked == std::this_thread::get_id());
  CHECK(writer.entries() == std::vector{1});
}

TEST_CASE("a commit comes after what was handed in before it", "[sqlite]") {
  Writing writer;
  std::vector<int> order;
  for (int i = 0; i < 10; ++i) {
    writer->submit(
        insert(i), [&order, i](const Result<void>&) { order.push_back(i); },
        GroupCommit::Urgency::kLazy);
  }
  REQUIRE(writer->commit(insert(10), [&](const Result<void>&) { order.push_back(10); }));
  CHECK(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
}

TEST_CASE("closing commits what was handed in", "[sqlite]") {
  Writing writer;
  Gate gate;
  int told = 0;
  writer->submit(gate.work(), [](const Result<void>&) {});
  gate.wait();
  for (int i = 0; i < 10'000; ++i) {  // several batches
    writer->submit(insert(i), [&](const Result<void>& result) { told += result ? 1 : 0; });
  }
  gate.open();
  writer.close();
  CHECK(told == 10'000);
  CHECK(writer.entries() == count_from(0, 10'000));
}

TEST_CASE("done may hand in more", "[sqlite]") {
  Writing writer;
  std::promise<Result<void>> second;
  writer->submit(insert(1), [&](const Result<void>&) {
    writer->submit(insert(2), [&](const Result<void>& result) { second.set_value(result); });
  });
  CHECK(second.get_future().get());
  CHECK(writer.entries() == std::vector{1, 2});
}

TEST_CASE("many threads commit at once, each in its own order", "[sqlite]") {
  constexpr int kEach = 100;
  Writing writer;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&writer, thread] {
      for (int i = 0; i < kEach; ++i) {
        const int entry = thread * kEach + i;
        const auto done = writer->commit([entry](SQLite::Database& database) {
          const int before =
              database
                  .execAndGet("SELECT count(*) FROM log WHERE entry = " + std::to_string(entry - 1))
                  .getInt();
          if (before == 0 && entry % kEach != 0) database.exec("SELECT RAISE(ABORT, 'order')");
          database.exec("INSERT INTO log VALUES(" + std::to_string(entry) + ")");
        });
        if (!done) return;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(writer.entries() == count_from(0, 4 * kEach));
}

}  // namespace
}  // namespace trawl::sqlite
