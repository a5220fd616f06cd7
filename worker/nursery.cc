#include "worker/nursery.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "worker/cgroup.h"
#include "worker/handover.h"
#include "worker/keeper.h"
#include "worker/process_tree.h"
#include "worker/small_process.h"

namespace trawl::worker {
namespace {

class NurseryProcess {
 public:
  NurseryProcess(Descriptor worker, int listener, const NurseryOptions& options,
                 const Limits& limits)
      : worker_(std::move(worker)), listener_(listener), options_(options), limits_(limits) {}

  /// Returns what a keeper needs in a keeper that it has made, and nothing when its own work is
  /// over.
  std::optional<KeeperPlace> run() {
    while (true) {
      const bool is_childless = settle();
      if (is_childless && worker_.get() < 0) return std::nullopt;
      const bool has_worker = worker_.get() >= 0;
      constexpr std::size_t kWorker = 0, kListener = 1, kNext = 2;
      std::array<int, ChildSignals::kDescriptors> descriptors{};
      descriptors[kWorker] = worker_.get();
      descriptors[kListener] = has_worker ? -1 : listener_;
      descriptors[kNext] = next_worker_.get();
      const auto ready = child_signals_.wait(descriptors);
      if (auto place = obey()) return place;
      if (ready[kNext]) read_next_worker();
      if (ready[kListener]) meet_next_worker();
    }
  }

 private:
  // Something in a keeper.
  std::optional<KeeperPlace> obey() {
    while (worker_.get() >= 0) {
      NurseryRequest request;
      Received received = receive_packet(worker_.get(), request);
      if (received.kind == Received::Kind::kNothing) return std::nullopt;
      if (received.kind == Received::Kind::kEnd) {
        worker_ = Descriptor();
        return std::nullopt;
      }
      if (request.kind == NurseryRequest::Kind::kKillKeeper) {
        kill_keepers([&](const KeeperProcess& keeper) { return keeper.id == request.id; });
      } else if (auto place = make_keeper(request.id, std::move(received.descriptor))) {
        return place;
      }
    }
    return std::nullopt;
  }

  std::optional<KeeperPlace> make_keeper(std::uint64_t id, Descriptor socket) {
    id_max_ = std::max(id_max_, id);
    const std::string cgroup = keeper_cgroup(options_, id);
    const bool has_cgroup = !cgroup.empty() && make_cgroup(cgroup);
    std::array<int, 2> pair{};
    const bool has_pair = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) == 0;
    Descriptor ours(has_pair ? pair[0] : -1);
    Descriptor theirs(has_pair ? pair[1] : -1);
    const pid_t pid = has_pair ? fork() : -1;
    if (pid == 0) {
      return KeeperPlace{std::move(socket), std::move(theirs), &limits_, has_cgroup ? cgroup : ""};
    }
    if (pid > 0) {
      keepers_.emplace(pid, KeeperProcess{id, std::move(ours)});
      return std::nullopt;
    }
    KeeperReply reply;
    reply.kind = KeeperReply::Kind::kUnstarted;
    reply.error = errno;
    reply.step = StartStep::kFork;
    send_packet(socket.get(), reply);
    gone_.push_back(id);
    return std::nullopt;
  }

  // The newest is the one that lives: the lock of the folder admits one at a time.
  void meet_next_worker() {
    for (Descriptor next = accept_worker(listener_); next.get() >= 0;
         next = accept_worker(listener_)) {
      if (send_packet(next.get(), HandoverOffer{})) next_worker_ = std::move(next);
    }
  }

  void read_next_worker() {
    HandoverWish wish;
    const Received received = receive_packet(next_worker_.get(), wish);
    if (received.kind == Received::Kind::kNothing) return;
    Descriptor next = std::move(next_worker_);
    if (received.kind == Received::Kind::kEnd || wish.magic != kHandoverMagic) return;
    if (wish.kind == HandoverWish::Kind::kEnd || wish.version != kHandoverVersion) {
      kill_keepers([](const KeeperProcess&) { return true; });
      return;
    }
    worker_ = std::move(next);
    hand_over();
  }

  // Where it breaks off, the worker has ended again, which is seen by reading.
  void hand_over() {
    using Kind = NurserySays::Kind;
    const auto give = [&](Kind kind, int descriptor) {
      if (descriptor >= 0) send_packet(worker_.get(), NurserySays{kind, 0}, descriptor);
    };
    give(Kind::kLock, options_.kept);
    give(Kind::kLimits, limits_.descriptor());
    give(Kind::kTracking, options_.tracking);
    for (auto& [pid, keeper] : keepers_) {
      std::array<int, 2> pair{};
      if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) continue;
      const Descriptor for_worker(pair[0]);
      const Descriptor for_keeper(pair[1]);
      send_packet(keeper.channel.get(), AnotherWorker{}, for_keeper.get());
      send_packet(worker_.get(), NurserySays{Kind::kKeeper, keeper.id}, for_worker.get());
    }
    send_packet(worker_.get(), NurserySays{Kind::kThatIsAll, id_max_});
  }

  // Takes what has ended, kills what ended keepers left, and tells the worker of those keepers once
  // nothing of theirs is left. True if no child is left.
  bool settle() {
    while (true) {
      const Reaped reaped = reap();
      if (reaped.is_childless) {
        tell_gone();
        return true;
      }
      if (gone_.empty()) return false;
      const bool orphans_left =
          kill_below(tree_, getpid(), [&](pid_t pid) { return keepers_.contains(pid); });
      // The end of those is heard of here. None seen counts only if none ended during the look: its
      // children may have changed their place meanwhile.
      if (orphans_left) return false;
      if (!reap().any) {
        tell_gone();
        return false;
      }
    }
  }

  void tell_gone() {
    for (const std::uint64_t id : gone_) {
      const std::string cgroup = keeper_cgroup(options_, id);
      if (!cgroup.empty()) remove_cgroup(cgroup);
      if (worker_.get() >= 0) {
        send_packet(worker_.get(), NurserySays{NurserySays::Kind::kGone, id});
      }
    }
    gone_.clear();
  }

  struct Reaped {
    bool any = false;
    bool is_childless = false;
  };

  Reaped reap() {
    Reaped reaped;
    while (true) {
      int status = 0;
      const pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED);
      if (pid < 0 && errno == EINTR) continue;
      reaped.is_childless = pid < 0;
      if (pid <= 0) return reaped;
      const auto found = keepers_.find(pid);
      if (WIFSTOPPED(status)) {
        if (found != keepers_.end()) go_on(pid, found->second);
        continue;
      }
      reaped.any = true;
      if (found == keepers_.end()) continue;
      gone_.push_back(found->second.id);
      keepers_.erase(found);
    }
  }

  struct KeeperProcess {
    std::uint64_t id{};
    Descriptor channel;
    int stop_count = 0;
  };

  // What is below them dies with them, or is killed here.
  template <class Predicate>
  void kill_keepers(Predicate is_meant) const {
    for (const auto& [pid, keeper] : keepers_) {
      if (is_meant(keeper)) kill(pid, SIGKILL);
    }
  }

  // A keeper that a trial has stopped (SIGSTOP) could end nothing. Where this happens faster than
  // the keeper gets on, it is killed, and what is below it with it.
  static void go_on(pid_t pid, KeeperProcess& keeper) {
    constexpr int kStopsMax = 100;
    kill(pid, ++keeper.stop_count <= kStopsMax ? SIGCONT : SIGKILL);
  }

  Descriptor worker_;       // none while there is no worker
  Descriptor next_worker_;  // has connected and not yet said what it wants
  const int listener_;      // -1: none
  const NurseryOptions& options_;
  const Limits& limits_;
  const ProcessTree tree_;
  ChildSignals child_signals_;
  std::uint64_t id_max_ = 0;
  std::map<pid_t, KeeperProcess> keepers_;
  std::vector<std::uint64_t> gone_;  // ended keepers of which the worker has not been told
};

[[noreturn]] void be_nursery(Descriptor worker, int listener, const NurseryOptions& options,
                             const Limits& limits) {
  become_quiet({worker.get(), listener, options.kept, options.tracking, limits.descriptor()});
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  name_process("trawl-nursery");
  if (listener >= 0 && !listen_for_workers(listener)) listener = -1;
  std::optional<KeeperPlace> place;
  {
    NurseryProcess nursery(std::move(worker), listener, options, limits);
    place = nursery.run();
    if (!place) {
      if (!options.cgroup.empty()) remove_cgroup(options.cgroup);
      _exit(0);
    }
  }
  // What the nursery had is closed by now but for this; the ends of the other keepers' channels,
  // above all, would else never be seen to close.
  close_others({place->worker.get(), place->nursery.get(), options.kept});
  name_process("trawl-keeper");
  run_keeper(*std::move(place));
  _exit(0);
}

}  // namespace

Result<Nursery> start_nursery(const NurseryOptions& options, const Limits& limits, int listener) {
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return fail_errno("cannot make a socket", errno);
  }
  Descriptor ours(pair[0]);
  Descriptor theirs(pair[1]);
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("cannot start the nursery of the trials' processes", errno);
  if (pid == 0) be_nursery(std::move(theirs), listener, options, limits);
  return Nursery{pid, std::move(ours)};
}

std::string keeper_cgroup(const NurseryOptions& options, std::uint64_t keeper) {
  return options.cgroup.empty() ? "" : options.cgroup + "/" + std::to_string(keeper);
}

}  // namespace trawl::worker
