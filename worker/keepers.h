// worker/keepers.h: the worker's keepers: it takes an idle one for each attempt or has the nursery
// make one, passes on what to do, and says what they tell. One thread uses it; nothing here waits.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/instant.h"
#include "core/message.h"
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
  /// No process of the attempt is left; `outcome.detail` says why where it is kOrphaned.
  struct Ended {
    core::AttemptId attempt;
    core::Outcome outcome;
    bool is_unattended = false;  // nobody saw to what it left: the marker is the only trace
  };
  using Event = std::variant<Started, Unstarted, Ended>;

  /// Starts the nursery; best before the first thread.
  static Result<std::unique_ptr<Keepers>> start(NurseryOptions options);
  /// Kills what runs, and returns when it is gone.
  ~Keepers();
  Keepers(const Keepers&) = delete;
  Keepers& operator=(const Keepers&) = delete;

  /// Has one keeper made before it is needed. Errors come with the launch that needs it.
  void warm_up();

  /// Has it started; Started or Unstarted follows. An error when a keeper cannot be asked.
  Result<void> launch(core::AttemptId attempt, const SpawnOptions& options);

  /// SIGTERM to all of its processes; what is left goes on. Nothing happens to an unknown attempt.
  void terminate(core::AttemptId attempt);
  /// Ends all of its processes.
  void kill(core::AttemptId attempt);

  /// Readable when read() has something to say.
  int descriptor() const { return poll_.get(); }
  std::vector<Event> read();

  /// Lets keepers go that have had nothing to do for a while. nullopt when none is idle, else when
  /// to call it again.
  std::optional<Instant> retire(Instant now);

 private:
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
  using Id = std::uint64_t;

  Keepers() = default;
  Result<void> start_nursery();
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
  Descriptor poll_;
  Nursery nursery_;
  Id next_id_ = 1;
  std::map<Id, Keeper> keepers_;
  std::map<core::AttemptId, Id> attempts_;
};

}  // namespace trawl::worker
