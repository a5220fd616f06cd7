// worker/loop.h: the worker's one loop. Internal to worker/.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/instant.h"
#include "core/agent.h"
#include "protocol/mailbox.h"
#include "protocol/socket.h"
#include "worker/attempt_folder.h"
#include "worker/download_cache.h"
#include "worker/endpoint.h"
#include "worker/keepers.h"
#include "worker/link_log.h"
#include "worker/preparation.h"
#include "worker/program.h"
#include "worker/spool.h"
#include "worker/worker.h"

namespace trawl::worker {

/// Reports that became durable, on their way from the spool's thread to the loop.
using DurableQueue = protocol::Mailbox<core::Report>;

class Loop {
 public:
  struct Parts {
    std::unique_ptr<Keepers> keepers;
    std::unique_ptr<DurableQueue> durable;
    std::unique_ptr<protocol::Mailbox<std::string>> trouble;  // of the spool's disk, likewise
    std::unique_ptr<Spool> spool;
    std::unique_ptr<Endpoint> endpoint;
    std::unique_ptr<protocol::Dealer> dealer;
    Descriptor stop_signals;  // a signalfd: this process shall end
  };
  Loop(const WorkerOptions& options, Parts parts);
  Result<void> run();

  /// After run(): the spool is not this coordinator's, and must make way for a new one.
  bool has_foreign_spool() const { return has_foreign_spool_; }

 private:
  struct Preparing {
    core::LaunchOrder order;
    AttemptFolder folder;
    std::jthread thread;
  };
  struct Ready {  // to be spawned, or why not
    core::LaunchOrder order;
    AttemptFolder folder;
    Result<SpawnOptions> options;
  };
  struct Live {
    core::LaunchOrder order;
    AttemptFolder folder;
    bool of_shell = false;  // a shell runs the command
    pid_t pid = 0;          // 0: not told yet; a stop of before is told again then
  };

  Result<void> take_up_leftovers();
  std::set<core::AttemptId> adopt(const std::set<core::AttemptId>& ended);
  bool adopt_one(const Keepers::Adopted& adopted);
  void step(core::AgentEvent event);
  void happened(decltype(core::AgentEvent::body) body);
  void perform(const core::AgentCommand& command);
  void launch(const core::LaunchOrder& order);
  void take_prepared();
  Ready make_ready(const core::LaunchOrder& order);
  void prepare_ahead();
  void forget(core::AttemptId attempt);
  void spawn(const Ready& ready);
  Result<SpawnOptions> spawn_options(const core::LaunchOrder& order, const AttemptFolder& folder,
                                     const Prepared& prepared);
  void wait_for_room(const core::LaunchOrder& order, const std::string& reason);
  void launch_again();
  void could_not_start(const core::LaunchOrder& order, const std::string& reason);
  void signal(const core::Signal& signal);
  void append(const core::Append& append);
  void retry_owed();
  void read_keepers();
  void finish(const Live& live, const Keepers::Ended& ended);
  void send_durable();
  void send_report(const core::Report& report);
  void resend(std::uint64_t committed);
  void say_heartbeat(const core::SayHeartbeat& beat);
  void read_link();
  void take_change(protocol::Dealer::Change change);
  void reconnect();
  bool has_waited_long_enough() const;
  void read_stop_signals();
  bool may_take(const core::ToWorker& message);
  void tell_trouble();
  std::optional<Duration> wait_time() const;
  bool is_idle() const { return live_.empty() && preparing_.empty() && roomless_.empty(); }

  const WorkerOptions options_;
  const std::string shell_;
  ProgramFinder programs_;
  std::unique_ptr<Keepers> keepers_;
  // The spool's thread fills these three: they outlive the spool.
  std::unique_ptr<protocol::Mailbox<std::string>> trouble_;
  std::unique_ptr<DurableQueue> durable_;
  std::unique_ptr<protocol::Mailbox<core::ReportBody>> refused_;  // the disk did not take them
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Endpoint> endpoint_;
  std::unique_ptr<protocol::Dealer> dealer_;
  const Descriptor stop_signals_;
  core::Agent agent_;
  // The preparing threads use these two: they outlive the threads.
  DownloadCache downloads_;
  PreparationQueue prepared_;
  std::map<core::AttemptId, Preparing> preparing_;
  std::deque<core::LaunchOrder> to_prepare_;  // ahead of their turn, where that is quick
  std::map<core::AttemptId, Ready> ready_;
  std::map<core::AttemptId, Live> live_;
  std::deque<core::AgentCommand> commands_;
  std::vector<core::ReportBody> owed_;  // refused, to be tried again at retry_at_
  std::optional<Instant> retry_at_;
  std::vector<core::LaunchOrder> roomless_;  // the disk was full; again at launch_again_at_
  std::optional<Instant> launch_again_at_;
  std::optional<Instant> timer_;
  std::optional<Instant> retire_at_;  // keepers that are idle
  std::uint64_t sent_ = 0;            // the last report sent in this session
  std::uint64_t spooled_ = 0;         // the last durable report that was heard of
  LinkLog link_log_;
  std::optional<Instant> alone_since_;  // no link
  bool performing_ = false;             // inside happened()
  bool quitting_ = false;
  bool is_told_to_end_ = false;  // by a signal: what runs is for the next worker
  std::string disk_trouble_;     // as last heard of the spool
  std::string room_trouble_;     // why attempts wait for room; empty: none does
  bool has_foreign_spool_ = false;
  std::optional<Error> failure_;
};

}  // namespace trawl::worker
