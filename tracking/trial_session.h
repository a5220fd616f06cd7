// tracking/trial_session.h: one attempt of one trial as its script sees it: the trial's own run,
// which exists before the script starts, and whatever else the script creates, behind one URL
// prefix and one token.
//
// Durability. A request changes the state under the session's lock and its records join a queue in
// the same order; the first thread that finds no commit on its way takes the whole queue to the
// sink, so requests that arrive together share one commit and the sink sees records in the order in
// which they were applied. A writing request answers only when everything queued before its answer
// was made is durable, also if it added nothing itself: a repeated row is never confirmed before
// the first copy is safe. If a commit fails, every answer that depended on it is 503 (the client
// tries again) and the state is rebuilt from `reload`, so nothing that is not durable stays
// visible.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/error.h"
#include "sweep/job.h"
#include "sweep/record.h"
#include "tracking/artifact_requests.h"
#include "tracking/artifacts.h"
#include "tracking/method.h"
#include "tracking/rest.h"
#include "tracking/run_state.h"
#include "tracking/session.h"

namespace trawl::tracking {

/// Where accepted records go.
class Sink {
 public:
  virtual ~Sink() = default;

  /// Returns when `records` (at least one) are durable, in this order, all or none; an error means
  /// that it is unknown whether they are (the session then calls `reload`). Called from any of the
  /// server's threads, for one session by one thread at a time, for several sessions at once.
  virtual Result<void> commit(std::span<const Record> records) = 0;
};

/// All of one session.
struct TrialSettings {
  std::string trial;  // the name in the URL: http://127.0.0.1:PORT/t/<trial>; [A-Za-z0-9_.-]+
  std::string token;  // what the client sends as `Authorization: Bearer <token>`; not empty

  std::string run_id;  // the trial's own run: 1 to 256 letters, digits, _ or -
  std::string run_name;
  std::string user;
  std::int64_t start_time_ms{};
  std::string experiment_id;
  std::string experiment_name;
  std::int64_t experiment_creation_ms{};

  /// Tags and params that the trial's own run has from the start (mlflow.user, mlflow.source.name,
  /// mlflow.source.type, mlflow.parentRunId, ...; the sampled params). They never reach the sink:
  /// whoever made the session has them. mlflow.runName follows run_name.
  std::vector<NamedText> tags;
  std::vector<NamedText> params;

  /// A folder (made if absent) that holds `<run_id>/<path>` for every run's artifacts,
  /// `models/<model_id>/<path>` for logged models, and `.uploads/` for what is on its way.
  std::string artifacts_root;

  Sink* sink{};  // outlives the session

  /// Every record that the sink has made durable for this session, those already handed on
  /// included, in commit order. Called at open and after a failed commit.
  std::function<Result<std::vector<Record>>()> reload;

  std::function<std::int64_t()> now_ms;  // milliseconds since the Unix epoch; any thread
  std::function<std::string()> new_id;   // 32 hexadecimal digits, never the same; any thread
  /// Takes a sentence for the trial's log. From any thread, under the session's lock: it must not
  /// call the session.
  std::function<void(const std::string&)> warn;
};

class TrialSession : public Session {
 public:
  /// Makes the artifacts folder and replays `reload`. kSystem: the folder or the reload failed;
  /// kInvalid: a setting is missing or malformed.
  static Result<std::unique_ptr<TrialSession>> open(TrialSettings settings);

  bool admits(std::string_view authorization) const override;
  Response handle(const Request& request) override;
  tl::expected<Upload, Refusal> begin_upload(std::string_view path) override;

 private:
  explicit TrialSession(TrialSettings settings);

  Result<void> rebuild();  // mutex_ held
  Response handle_method(const Request& request);
  bool wait_until_durable(std::unique_lock<std::mutex>& lock, std::uint64_t ticket);
  void commit_queue(std::unique_lock<std::mutex>& lock);
  tl::expected<ArtifactPlace, Refusal> find_artifacts(const ArtifactOwner& owner);

  const TrialSettings settings_;
  const Policy policy_;
  const ArtifactStore artifacts_;

  std::mutex mutex_;
  std::condition_variable changed_;  // a commit ended
  RunState state_;
  bool state_is_durable_ = false;    // false after a failed commit, until rebuild() succeeds
  std::vector<Record> queue_;        // applied, not yet with the sink
  bool committing_ = false;          // a thread is inside sink->commit
  std::uint64_t queued_ = 0;         // requests that have put records into the queue so far
  std::uint64_t durable_ = 0;        // requests up to this one are settled, well or badly
  std::uint64_t failure_count_ = 0;  // failed commits so far
};

}  // namespace trawl::tracking
