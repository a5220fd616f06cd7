#include "coordinator/store.h"

#include <exception>

#include "coordinator/schema.h"

namespace trawl::coordinator {
namespace {

// What may wait is on a worker's disk, or is told to people, who hear of it every 50 ms.
constexpr std::chrono::milliseconds kPatience{25};

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::string& path) {
  auto database = sqlite::open(path, sqlite::Access::kWrite, kMigrations);
  if (!database) return tl::unexpected(database.error());
  std::unique_ptr<Store> store(new Store());
  store->path_ = path;
  auto reader = store->open_reader();
  if (!reader) return tl::unexpected(reader.error());
  const auto read = sqlite::guarded("cannot read " + path, [&] {
    SQLite::Statement row(**reader, "SELECT id, lease_wait_us, boot, clock_offset_us FROM store");
    row.executeStep();
    store->id_ = static_cast<std::uint64_t>(row.getColumn(0).getInt64());
    store->kept_lease_wait_ = Duration{row.getColumn(1).getInt64()};
    if (row.getColumn(2).isNull()) return;
    store->kept_clock_ = {row.getColumn(2).getString(), Duration{row.getColumn(3).getInt64()}};
  });
  if (!read) return tl::unexpected(read.error());
  store->reader_ = std::make_unique<StoreReader>(std::move(*reader), "cannot read " + path);
  store->writing_ = std::make_unique<Writing>(**database);
  store->writer_ =
      std::make_unique<sqlite::GroupCommit>(std::move(*database), "cannot write " + path, kPatience,
                                            [trouble = &store->trouble_](const Error* error) {
                                              trouble->push(error != nullptr ? error->message : "");
                                            });
  return store;
}

// The statements must go before the database that the writer closes.
Store::~Store() {
  if (writer_ == nullptr) return;
  writer_->submit([this](SQLite::Database&) { writing_.reset(); }, [](const Result<void>&) {});
}

void Store::append(std::vector<core::Fact> facts, std::function<void(const Result<void>&)> done,
                   sqlite::GroupCommit::Urgency urgency) {
  auto shared = std::make_shared<std::vector<core::Fact>>(std::move(facts));
  writer_->submit([this, shared](SQLite::Database&) { writing_->tables.write(*shared); },
                  std::move(done), urgency);
}

void Store::keep_clock(const ClockAnchor& anchor, std::function<void(const Result<void>&)> done) {
  writer_->submit(
      [this, anchor](SQLite::Database&) {
        writing_->statements.run("UPDATE store SET boot = ?1, clock_offset_us = ?2", anchor.boot,
                                 static_cast<std::int64_t>(anchor.offset.count()));
      },
      std::move(done), sqlite::GroupCommit::Urgency::kLazy);
}

void Store::keep_lease_wait(Duration wait, std::function<void(const Result<void>&)> done) {
  writer_->submit(
      [this, wait](SQLite::Database&) {
        writing_->statements.run("UPDATE store SET lease_wait_us = ?1",
                                 static_cast<std::int64_t>(wait.count()));
      },
      std::move(done), sqlite::GroupCommit::Urgency::kLazy);
}

Result<void> Store::change_runs(const std::function<void(RunTables&)>& body) {
  std::exception_ptr thrown;
  auto committed = writer_->commit([&](SQLite::Database& database) {
    // Others share the transaction, so what goes wrong in here must end here. Where SQLite has
    // given up the whole transaction (a full disk), going back fails, and with it the commit.
    database.exec("SAVEPOINT change");
    try {
      body(writing_->runs);
    } catch (const std::exception&) {
      database.exec("ROLLBACK TO change");
      thrown = std::current_exception();
    }
    database.exec("RELEASE change");
  });
  if (!committed || !thrown) return committed;
  return sqlite::guarded("cannot change the runs", [&] { std::rethrow_exception(thrown); });
}

Result<std::unique_ptr<SQLite::Database>> Store::open_reader() const {
  return sqlite::open(path_, sqlite::Access::kRead, kMigrations);
}

}  // namespace trawl::coordinator
