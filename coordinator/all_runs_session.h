// coordinator/all_runs_session.h: the MLflow API over the runs of all jobs and of other clients,
// for notebooks and whatever else speaks it. What a client may do is in tracking/; here are the
// database below it and the files beside it.
//
// Reading methods run on the HTTP server's threads, each in a transaction of its own on a
// connection of its own. A writing method runs whole, its checks included, on the store's writer
// thread inside the next transaction, and is answered when that is on disk: so writes are judged
// one after the other by what is really there, and share a sync with the core's.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/store.h"
#include "tracking/method.h"
#include "tracking/session.h"

namespace trawl::coordinator {

class AllRunsSession : public tracking::Session {
 public:
  struct Settings {
    std::string artifacts_root;  // of runs that belong to no trial; absolute, made if absent
    std::string token;           // what clients send as bearer token; empty: nobody is asked
  };

  /// `store` outlives it.
  AllRunsSession(Store* store, Settings settings);
  ~AllRunsSession() override;

  bool admits(std::string_view authorization) const override;
  tracking::Response handle(const tracking::Request& request) override;
  tl::expected<tracking::Upload, tracking::Refusal> begin_upload(std::string_view path) override;

 private:
  struct Reader;  // a connection

  tracking::Response read(const tracking::PreparedCall& call);
  tracking::Response write(const tracking::PreparedCall& call);
  tl::expected<tracking::ArtifactPlace, tracking::Refusal> find_artifacts(
      const tracking::ArtifactOwner& owner);

  /// Runs `body` with the tables as they are now, in one transaction.
  Result<void> with_reader(const std::function<void(RunTables&)>& body);
  Result<std::unique_ptr<Reader>> take_reader();

  Store* const store_;
  const Settings settings_;
  const tracking::ArtifactStore artifacts_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Reader>> idle_readers_;  // guarded by mutex_
};

}  // namespace trawl::coordinator
