// coordinator/loop.h: the coordinator's one loop: messages in, core::Coordinator decides, facts to
// the store, and what was decided goes out when they are on disk. Internal to coordinator/.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/local.h"
#include "coordinator/coordinator.h"
#include "coordinator/journal_clock.h"
#include "coordinator/peer_faults.h"
#include "coordinator/snapshots.h"
#include "coordinator/store.h"
#include "coordinator/tracking_server.h"
#include "core/coordinator.h"
#include "protocol/codec.h"
#include "protocol/mailbox.h"
#include "protocol/socket.h"

namespace trawl::coordinator {

class Loop {
 public:
  struct Parts {
    std::unique_ptr<protocol::Router> router;
    std::string listen;                           // what other machines know it by; "" for nobody
    std::optional<cluster::LocalProcess> worker;  // started already
    std::unique_ptr<Store> store;
    std::unique_ptr<TrackingServer> tracking;  // may be null
  };
  Loop(const CoordinatorOptions& options, std::string endpoint, Parts parts);
  ~Loop();
  Result<void> run();

 private:
  /// A client's question that waits for news, or for a decision.
  struct Watcher {
    std::string peer;
    std::uint64_t request{};
    std::string name;
    std::int64_t after{};
    Instant not_before;  // while the job runs
    Instant until;
  };
  struct Asker {
    std::string peer;
    std::uint64_t request{};
    bool of_worker = false;  // the answer names a worker, not a job
  };
  /// What was decided in one turn of the loop, waiting for its facts to be on disk.
  using Decided = std::deque<core::Command>;  // large ones, by the thousand: none is moved to grow

  void happened(decltype(core::Event::body) body);
  void commit_turn();
  void release(const Decided& decided);
  void perform(const core::Command& command);
  void dismiss(core::WorkerId worker);
  void take_committed();
  void take_trouble();
  void mind_clock();
  void keep_clock();
  void keep_lease(Duration wait);
  void keep_longer_lease();
  void keep_shorter_lease();
  std::string trouble() const;
  void read_router();
  void read_worker(const protocol::Received& from, core::FromWorker message);
  void read_client(const std::string& peer, protocol::ClientEnvelope envelope);
  void answer(const std::string& peer, std::uint64_t request, Result<std::string> json);
  Result<std::string> show(const std::string& name);
  Result<std::string> read_log(const protocol::ReadLog& request);
  Result<std::string> status();
  std::string list_workers() const;
  void watch(const std::string& peer, std::uint64_t request, const protocol::WatchJob& watch);
  void answer_watchers();
  void remove_unneeded_snapshots();
  bool wants_worker() const;
  bool has_local_worker() const;
  void keep_worker();
  void tell_worker_end(const std::string& end);
  void mind_adopted_worker();
  void lose_local_workers();
  void leave_if_idle();
  std::optional<Duration> wait_time() const;

  const CoordinatorOptions options_;
  const std::string endpoint_;
  const std::string listen_;  // HOST:PORT for other machines; "" where they are not served
  const std::string worker_home_;
  const std::string worker_log_;
  std::unique_ptr<protocol::Mailbox<Result<void>>> committed_;  // the writer's thread fills it
  std::unique_ptr<Store> store_;
  std::unique_ptr<TrackingServer> tracking_;  // may be null; its threads use the store
  std::unique_ptr<protocol::Router> router_;
  PeerFaults faults_;
  SnapshotRemover snapshots_;
  core::Coordinator core_;
  JournalClock clock_;  // what the core and people are told; the instants below are of this process

  std::vector<core::Fact> facts_;                    // of this turn, not yet with the store
  Decided turn_;                                     // what they lead to
  std::deque<Decided> decided_;                      // with the store; oldest first
  std::map<std::string, core::WorkerId> worker_of_;  // by peer
  std::map<core::WorkerId, std::string> peer_of_;
  std::map<core::WorkerId, std::string> address_of_;  // "" on this machine
  std::set<core::WorkerId> local_workers_;            // those of them that are on this machine
  std::map<core::RequestId, Asker> askers_;
  std::vector<Watcher> watchers_;
  bool news_ = false;  // something was committed since the watchers were last looked at
  std::optional<Instant> news_due_;  // when the first of them may hear of it
  std::int64_t worker_id_last_ = 0;
  std::int64_t request_id_last_ = 0;
  std::optional<Instant> timer_;
  std::optional<Instant> shorter_lease_at_;

  std::optional<cluster::LocalProcess> worker_process_;
  std::optional<Instant> worker_retry_;  // not to be started before
  Duration worker_backoff_{};
  int idle_ends_ = 0;  // workers that said hello and ended, since the last report
  std::optional<Instant> adopted_check_;  // of a worker that this process did not start
  std::optional<Instant> leaving_until_;  // set: the workers were told to leave
  Instant active_;                        // when somebody last wanted something
  Instant started_;
  bool stopping_ = false;
  std::optional<Error> failure_;

  // What keeps things from going on, in words; empty where nothing does.
  std::string store_trouble_;
  std::string clock_trouble_;
  Duration wall_ahead_{};  // as that says it
  std::map<core::WorkerId, std::string> worker_trouble_;
  std::string start_trouble_;
  bool worker_was_here_ = false;  // the last one that was started has said hello
};

}  // namespace trawl::coordinator
