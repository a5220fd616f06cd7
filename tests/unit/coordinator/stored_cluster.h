// tests/unit/coordinator/stored_cluster.h: a core whose decisions go into a real trawl.db. After
// every commit a second core, replayed from the file, must equal the first, and the tables must say
// of every unfinished job and trial what the core says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "coordinator/store.h"
#include "tests/unit/core/cluster.h"
#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::coordinator {

using Json = nlohmann::ordered_json;

class StoredCluster {
 public:
  explicit StoredCluster(core::CoordinatorOptions options = {});

  /// Puts the facts of a decision of `cluster` on disk and compares.
  core::Decision keep(core::Decision decision);

  /// Writes all facts so far into another file, `count` a write, and compares: its tables hold the
  /// same, but for how many facts share a row of events.
  void compare_in_turns_of(std::size_t count);

  /// Submits, answers the sampler's question and lets the launched attempts run.
  void start(const JobSpec& spec);

  /// Closes the file and opens it again, as a coordinator that starts does.
  void reopen();

  Json show(const std::string& name, const StoreReader::ShowNotes& notes = {});
  Json list(const std::string& parent = "", std::int64_t max_results = 0,
            protocol::Archived archived = protocol::Archived::kExcluded);
  Json watch(const std::string& name, std::int64_t after = 0);

  /// What another program reads: one text a row, columns parted by '|', '-' where there is NULL.
  std::vector<std::string> rows(const std::string& sql) const;
  std::string row(const std::string& sql) const;

  /// Edits the file by hand.
  void tamper(const std::string& sql);

  Store& store() { return *store_; }
  const std::string& path() const { return path_; }

  core::Cluster cluster;

 private:
  void commit(Store& store, std::vector<core::Fact> facts);
  void compare();

  core::CoordinatorOptions options_;
  TemporaryFolder folder_;
  std::string path_;
  std::unique_ptr<Store> store_;
  std::vector<core::Fact> facts_;
};

}  // namespace trawl::coordinator
