// worker/keepers.h: the worker's keepers: it takes an idle one for each attempt or has the nursery
// make one, passes on what to do, and says what they tell. One thread uses it; only taking over,
// end_all() and the end wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/instant.h"
#include "core/message.h"
#include "worker/limits.h"
#include "worker/nursery.h"

namespace trawl::worker {

class Keepers {
 public:
  /// The attempt's first process runs its program.
  struct Started {
    core::AttemptId attempt;
    pid_t pid{};
  };
  /// It could not be started; `reason` is for people.
  struct Unstarted {
    core::AttemptId attempt;
    std::string reason;
  };
  /// No process of the attempt is left; `outcome.detail` says why where it is kOrphaned or kFenced.
  struct Ended {
    core::AttemptId attempt;
    core::Outcome outcome;
    bool is_unattended = false;  // nobody saw to what it left: the marker is the only trace
  };
  using Event = std::variant<Started, Unstarted, Ended>;

  /// Starts the nursery; best before the first thread. Its descriptors are to stay open.
  static Result<std::unique_ptr<Keepers>> start(NurseryOptions options);

  /// An attempt of an earlier worker. It runs, or has ended, and nobody may have heard of that:
  /// then Ended or Unstarted follows from read(), else when it ends.
  struct Adopted {
    core::AttemptId attempt;
    pid_t pid{};  // of the leader; 0: it did not start
    bool has_ended{};
    std::string carried;  // of its SpawnOptions; empty where it could not be read
  };

  /// Takes over what an earlier worker of `options.folder` has left, with the lock and the tracking
  /// socket that its nursery holds: `kept` and `tracking` need not be set. Waits for the nursery's
  /// and the keepers' first words, some seconds at most; keepers that say none are killed. Null
  /// where there is nothing to take over; where there is but `options.takeover` is zero, or it is
  /// of another build that this one does not understand, it has been told to end, and holds its
  /// lock until it has.
  static Result<std::unique_ptr<Keepers>> take_over(NurseryOptions options);
  const std::vector<Adopted>& adopted() const { return adopted_; }

  /// The descriptors of which it has heard from the nursery or from start().
  const NurseryOptions& options() const { return options_; }

  /// Like the death of the worker: what runs goes on and waits for another worker, for the time of
  /// the takeover; where that is zero, it is ended, and waited for.
  ~Keepers();
  Keepers(const Keepers&) = delete;
  Keepers& operator=(const Keepers&) = delete;

  /// Ends all keepers and what runs below them; returns when it is gone. Nothing else may be called
  /// afterwards.
  void end_all();

  /// Has one keeper made before it is needed. Errors come with the launch that needs it.
  void warm_up();

  /// Has it started; Started or Unstarted follows. An error when a keeper cannot be asked.
  Result<void> launch(core::AttemptId attempt, const SpawnOptions& options);

  /// SIGTERM to all of its processes; what is left goes on. Nothing happens to an unknown attempt.
  void terminate(core::AttemptId attempt);
  /// Ends all of its processes.
  void kill(core::AttemptId attempt);

  /// Until when attempts may run, also while this process stands still or is gone; then their
  /// keepers end them, and start none, until a later time is set. nullopt: without limit, as at the
  /// start; a successor begins with what was set last.
  void set_lease(std::optional<BootTime> until);

  /// Readable when read() has something to say.
  int descriptor() const { return poll_.get(); }
  std::vector<Event> read();

  /// Lets keepers go that have had nothing to do for a while. nullopt when none is idle, else when
  /// to call it again.
  std::optional<Instant> retire(Instant now);

 private:
  using Id = std::uint64_t;
  struct Keeper {
    Descriptor socket;
    Descriptor memory;        // what it is to start is written here
    bool has_memory = false;  // so has the keeper
    std::optional<core::AttemptId> attempt;
    std::string what;                   // "cannot start X in Y", of its attempt
    std::string log_path;               // of its attempt
    std::optional<Instant> idle_since;  // seen by retire()
    bool is_gone = false;               // its process has ended, or is about to
    bool is_unattended = false;         // its nursery has ended
  };
  explicit Keepers(Limits limits) : limits_(std::move(limits)) {}
  struct Given;
  Result<void> adopt(Id id, Descriptor socket, const KeeperState& state, Descriptor memory);
  void wait_for_gone(std::set<Id> unsure, std::chrono::steady_clock::time_point deadline);
  Result<void> watch_nursery();
  Result<void> watch_keeper(Id id, const Descriptor& socket);
  static std::string what_of(std::string_view program, std::string_view folder);
  Result<void> start_nursery();
  void wait_for_nursery();
  void reap_nursery();
  void wake_nursery() const;
  Result<Id> make_keeper();
  Result<Id> find_keeper();
  void ask(core::AttemptId attempt, KeeperRequest::Kind kind);
  void read_keeper(Id id, std::vector<Event>& events);
  void read_nursery(std::vector<Event>& events);
  void nursery_ended(std::vector<Event>& events);
  void forget(Id id, std::vector<Event>& events);
  void take(Keeper& keeper, const KeeperReply& reply, std::vector<Event>& events);

  NurseryOptions options_;
  Limits limits_;
  Descriptor poll_;
  Nursery nursery_;
  Descriptor nursery_end_;  // readable when an earlier worker's has ended; none: it is our child
  std::vector<Descriptor> held_;  // that an earlier worker's nursery gave
  std::vector<Adopted> adopted_;
  std::vector<Event> early_;  // what happened while taking over
  Id next_id_ = 1;
  std::map<Id, Keeper> keepers_;
  std::map<core::AttemptId, Id> attempts_;
};

}  // namespace trawl::worker
