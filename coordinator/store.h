// coordinator/store.h: trawl.db: one writer thread with group commit, one reader for the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "coordinator/store_reader.h"
#include "coordinator/store_writer.h"
#include "core/fact.h"
#include "sqlite/group_commit.h"

namespace trawl::coordinator {

class Store {
 public:
  static Result<std::unique_ptr<Store>> open(const std::string& path);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Puts the facts on disk; `done` runs on the writer's thread, in the order of the calls.
  void append(std::vector<core::Fact> facts, std::function<void(const Result<void>&)> done);

  StoreReader& reader() { return *reader_; }

 private:
  Store() = default;

  StoreWriter tables_;  // the writer thread's
  std::unique_ptr<StoreReader> reader_;
  std::unique_ptr<sqlite::GroupCommit> writer_;
};

}  // namespace trawl::coordinator
