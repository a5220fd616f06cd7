#include "coordinator/store.h"

#include "coordinator/schema.h"

namespace trawl::coordinator {

Result<std::unique_ptr<Store>> Store::open(const std::string& path) {
  auto database = sqlite::open(path, sqlite::Access::kWrite, kMigrations);
  if (!database) return tl::unexpected(database.error());
  auto reader = sqlite::open(path, sqlite::Access::kRead, kMigrations);
  if (!reader) return tl::unexpected(reader.error());
  std::unique_ptr<Store> store(new Store());
  store->reader_ = std::make_unique<StoreReader>(std::move(*reader));
  store->writer_ =
      std::make_unique<sqlite::GroupCommit>(std::move(*database), "cannot write " + path);
  return store;
}

Store::~Store() {
  if (writer_ == nullptr) return;
  writer_->submit([this](SQLite::Database&) { tables_.forget_statements(); },
                  [](const Result<void>&) {});
}

void Store::append(std::vector<core::Fact> facts, std::function<void(const Result<void>&)> done) {
  auto shared = std::make_shared<std::vector<core::Fact>>(std::move(facts));
  writer_->submit([this, shared](SQLite::Database& database) { tables_.write(database, *shared); },
                  std::move(done));
}

}  // namespace trawl::coordinator
