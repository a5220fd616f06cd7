// The worker's spool on a real file: numbers without gaps, rows that stay as long as they are owed.
#include "worker/spool.h"

#include <fstream>
#include <limits>
#include <mutex>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::worker {
namespace {

core::AttemptId attempt_id(std::int64_t number, std::int32_t attempt = 1) {
  return {{core::JobId{1}, number}, attempt};
}

core::ReportBody started(std::int64_t number) {
  return core::AttemptStarted{attempt_id(number), 7, "/folder"};
}

core::ReportBody logged(std::int64_t number, double value) {
  return core::AttemptLogged{attempt_id(number), {MetricLogged{"run", "acc", value, 1, 2}}};
}

core::ReportBody ended(std::int64_t number) {
  return core::AttemptEnded{attempt_id(number), {}};
}

/// A spool whose file survives being closed, and what it told of.
class Spooling {
 public:
  Spooling() { reopen(); }

  void reopen() {
    spool_.reset();
    auto opened = Spool::open(folder_.file("spool.db"), [this](core::Report report) {
      const std::lock_guard lock(mutex_);
      told_.push_back(report.seq);
    });
    REQUIRE(opened);
    spool_ = std::move(*opened);
  }
  Spool* operator->() { return spool_.get(); }

  std::vector<std::uint64_t> told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  std::vector<std::uint64_t> numbers() {
    std::vector<std::uint64_t> found;
    const auto reports = spool_->read_after(0, 100'000).value();
    for (const core::Report& report : reports) found.push_back(report.seq);
    return found;
  }
  std::vector<std::pair<core::AttemptId, std::uint64_t>> leftovers() {
    std::vector<std::pair<core::AttemptId, std::uint64_t>> found;
    const auto left = spool_->leftovers().value();
    for (const Spool::Leftover& one : left) found.emplace_back(one.attempt, one.end_seq);
    return found;
  }

 private:
  TemporaryFolder folder_;
  std::mutex mutex_;
  std::vector<std::uint64_t> told_;
  std::unique_ptr<Spool> spool_;
};

using Numbers = std::vector<std::uint64_t>;

TEST_CASE("reports come back as they were appended, numbered from 1", "[spool]") {
  Spooling spool;
  REQUIRE(spool->append(started(0)));
  REQUIRE(spool->append(logged(0, 0.5)));
  REQUIRE(spool->append(ended(0)));
  const auto reports = spool->read_after(0, 10);
  REQUIRE(reports);
  CHECK(*reports == std::vector<core::Report>{{1, started(0)}, {2, logged(0, 0.5)}, {3, ended(0)}});
  CHECK(spool.told() == Numbers{1, 2, 3});
}

TEST_CASE("a spool is read from any number on, so many at a time", "[spool]") {
  Spooling spool;
  for (int i = 0; i < 5; ++i) REQUIRE(spool->append(started(i)));
  const auto two = spool->read_after(1, 2);
  REQUIRE(two);
  CHECK(*two == std::vector<core::Report>{{2, started(1)}, {3, started(2)}});
  CHECK(spool->read_after(5, 2).value().empty());
  CHECK(spool->read_after(99, 2).value().empty());
}

TEST_CASE("numbers go on without a gap after a restart, also when all rows are gone", "[spool]") {
  Spooling spool;
  REQUIRE(spool->append(started(0)));
  REQUIRE(spool->append(ended(0)));
  spool.reopen();
  REQUIRE(spool->append(started(1)));
  REQUIRE(spool->append(ended(1)));
  CHECK(spool.numbers() == Numbers{1, 2, 3, 4});
  spool->discard(4);
  spool.reopen();
  CHECK(spool.numbers().empty());
  REQUIRE(spool->append(started(2)));
  CHECK(spool.numbers() == Numbers{5});
}

TEST_CASE("a spool keeps its name; another file has another", "[spool]") {
  Spooling spool, other;
  const std::uint64_t id = spool->id();
  CHECK(id != other->id());
  CHECK(id <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  spool.reopen();
  CHECK(spool->id() == id);
}

TEST_CASE("an attempt's records are its own, in order, across restarts", "[spool]") {
  Spooling spool;
  REQUIRE(spool->append(logged(0, 1)));
  REQUIRE(spool->append(logged(1, 2)));
  REQUIRE(spool->append(core::AttemptLogged{attempt_id(0, 2), {TagSet{"run", "of", "attempt 2"}}}));
  spool.reopen();
  REQUIRE(spool->append(core::AttemptLogged{
      attempt_id(0), {ParamLogged{"run", "a", "b"}, MetricLogged{"run", "acc", 3, 1, 2}}}));
  const auto records = spool->records_of(attempt_id(0));
  REQUIRE(records);
  CHECK(*records == std::vector<Record>{MetricLogged{"run", "acc", 1, 1, 2},
                                        ParamLogged{"run", "a", "b"},
                                        MetricLogged{"run", "acc", 3, 1, 2}});
  CHECK(spool->records_of(attempt_id(0, 2)).value().size() == 1);
  CHECK(spool->records_of(attempt_id(9)).value().empty());
}

TEST_CASE("what an earlier process left is listed, with its end where there is one", "[spool]") {
  Spooling spool;
  REQUIRE(spool->append(started(0)));
  REQUIRE(spool->append(started(1)));
  REQUIRE(spool->append(ended(0)));
  spool.reopen();
  CHECK(spool.leftovers() == std::vector{std::pair{attempt_id(0), std::uint64_t{3}},
                                         std::pair{attempt_id(1), std::uint64_t{0}}});
}

TEST_CASE("an acknowledged report stays while its attempt lives", "[spool]") {
  Spooling spool;
  REQUIRE(spool->append(started(0)));
  REQUIRE(spool->append(logged(0, 0.5)));
  spool->discard(2);
  REQUIRE(spool->append(started(1)));  // after the discard's work
  CHECK(spool.numbers() == Numbers{1, 2, 3});
  CHECK(spool->records_of(attempt_id(0)).value().size() == 1);
}

TEST_CASE("an attempt's rows go when its end is acknowledged, and only then", "[spool]") {
  Spooling spool;
  REQUIRE(spool->append(started(0)));
  REQUIRE(spool->append(logged(1, 0.5)));
  REQUIRE(spool->append(ended(0)));
  REQUIRE(spool->append(ended(1)));
  spool->discard(2);
  REQUIRE(spool->append(started(2)));
  CHECK(spool.numbers() == Numbers{1, 2, 3, 4, 5});
  spool->discard(3);
  REQUIRE(spool->append(started(3)));
  CHECK(spool.numbers() == Numbers{2, 4, 5, 6});
  spool->discard(3);  // again
  spool->discard(4);
  REQUIRE(spool->append(started(4)));
  CHECK(spool.numbers() == Numbers{5, 6, 7});
}

TEST_CASE("an end that an earlier process wrote is forgotten when it is acknowledged", "[spool]") {
  Spooling spool;
  REQUIRE(spool->append(started(0)));
  REQUIRE(spool->append(ended(0)));
  spool.reopen();
  spool->discard(2);
  spool.reopen();
  CHECK(spool.numbers().empty());
  CHECK(spool.leftovers().empty());
}

TEST_CASE("two threads append at once: one order, no gap, told in that order", "[spool]") {
  constexpr int kEach = 300;
  Spooling spool;
  const auto append = [&spool](std::int64_t number) {
    for (int i = 0; i < kEach; ++i) {
      if (!spool->append(logged(number, i))) return;
    }
  };
  std::thread first(append, 0);
  std::thread second(append, 1);
  first.join();
  second.join();
  Numbers expected;
  for (std::uint64_t seq = 1; seq <= 2 * kEach; ++seq) expected.push_back(seq);
  CHECK(spool.numbers() == expected);
  CHECK(spool.told() == expected);
  const auto records = spool->records_of(attempt_id(1)).value();
  REQUIRE(records.size() == kEach);
  for (int i = 0; i < kEach; ++i) {
    CHECK(records[static_cast<std::size_t>(i)] ==
          Record(MetricLogged{"run", "acc", double(i), 1, 2}));
  }
}

TEST_CASE("a report is readable when it is told of", "[spool]") {
  TemporaryFolder folder;
  Spool* spool = nullptr;
  bool was_readable = false;
  auto opened = Spool::open(folder.file("spool.db"), [&](const core::Report& report) {
    const auto reports = spool->read_after(report.seq - 1, 1);
    was_readable = reports && reports->size() == 1 && reports->front() == report;
  });
  REQUIRE(opened);
  spool = opened->get();
  REQUIRE((*opened)->append(logged(0, 0.5)));
  CHECK(was_readable);
}

TEST_CASE("what was appended without waiting is on disk when the spool is closed", "[spool]") {
  Spooling spool;
  for (int i = 0; i < 100; ++i)
    spool->append_later(started(i), sqlite::GroupCommit::Urgency::kLazy, [](const Error&) {});
  spool.reopen();
  CHECK(spool.numbers().size() == 100);
  CHECK(spool.told().size() == 100);
}

TEST_CASE("a spool goes with the first store that asks, and with no other", "[spool]") {
  TemporaryFolder folder;
  const auto opened = Spool::open(folder.file("spool.db"), [](core::Report) {});
  REQUIRE(opened);
  CHECK((*opened)->fits(7, 0).value());
  CHECK((*opened)->fits(7, 0).value());
  CHECK_FALSE((*opened)->fits(8, 0).value());
}

TEST_CASE("a spool does not go with a copy of its store that lacks reports which are gone",
          "[spool]") {
  TemporaryFolder folder;
  const auto opened = Spool::open(folder.file("spool.db"), [](core::Report) {});
  REQUIRE(opened);
  const core::AttemptId first{{core::JobId{1}, 0}, 1};
  const core::AttemptId second{{core::JobId{1}, 1}, 1};
  REQUIRE((*opened)->append(core::AttemptStarted{first, 1, "/f"}));
  REQUIRE((*opened)->append(core::AttemptEnded{first, {}}));
  CHECK((*opened)->fits(7, 0).value());
  CHECK((*opened)->fits(7, 2).value());
  (*opened)->discard(2);
  REQUIRE((*opened)->append(core::AttemptStarted{second, 1, "/f"}));  // behind the deletion
  CHECK((*opened)->fits(7, 2).value());
  CHECK((*opened)->fits(7, 3).value());
  CHECK_FALSE((*opened)->fits(7, 1).value());
}

TEST_CASE("a spool that is no database is refused with what to do", "[spool]") {
  TemporaryFolder folder;
  const std::string path = folder.file("spool.db");
  std::ofstream(path) << std::string(10'000, 'x');
  const auto opened = Spool::open(path, [](core::Report) {});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::kSystem);
  CHECK_THAT(opened.error().message, Catch::Contains("the file is damaged; restore a copy"));
}

}  // namespace
}  // namespace trawl::worker
