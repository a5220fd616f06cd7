#include "worker/keeper.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <poll.h>
#include <set>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "worker/cgroup.h"
#include "worker/keeper_message.h"
#include "worker/oom_counter.h"
#include "worker/process_tree.h"
#include "worker/small_process.h"

namespace trawl::worker {
namespace {

class Keeper {
 public:
  explicit Keeper(KeeperPlace place)
      : worker_(std::move(place.worker)),
        nursery_(std::move(place.nursery)),
        limits_(*place.limits),
        cgroup_(std::move(place.cgroup)) {}

  void run() {
    while (true) {
      settle();
      if (is_over()) return;
      if (const auto limit = next_limit()) timer_.arm(*limit);
      constexpr std::size_t kWorker = 0, kNursery = 1, kTimer = 2;
      std::array<int, ChildSignals::kDescriptors> descriptors{};
      descriptors[kWorker] = worker_.get();
      descriptors[kNursery] = nursery_.get();
      descriptors[kTimer] = timer_.descriptor();
      const auto ready = child_signals_.wait(descriptors, time_to_tell());
      if (ready[kTimer]) timer_.clear();
      tell_start();
      read_requests();
      if (ready[kNursery]) read_nursery();
      mind_limits();
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  // The end of a short attempt tells of its start too, so that the worker wakes once.
  static constexpr auto kTellAfter = std::chrono::milliseconds(2);

  struct Attempt {
    core::AttemptId id;
    pid_t leader{};
    Clock::time_point started = Clock::now();
    bool is_told = false;              // that it has started
    std::optional<int> leader_status;  // once it has been reaped
    bool terminating = false;
    bool killing = false;
    int kill_looks = 0;
    std::int64_t cpu_us = 0;
    std::int64_t max_rss_bytes = 0;
    std::int64_t oom_kills = 0;    // counted before it started
    bool killed_by_other = false;  // one of its processes, with SIGKILL
    bool fenced = false;           // the lease was over before it was
  };

  // Of an attempt that has ended, for another worker.
  struct Ended {
    core::AttemptId id;
    pid_t leader{};  // 0: it did not start
    KeeperReply reply;
  };

  // A worker that is gone may have left an end that nobody else knows of.
  bool is_over() const { return worker_.get() < 0 && !attempt_ && !(alone_until_ && ended_); }

  void read_requests() {
    while (worker_.get() >= 0) {
      KeeperRequest request;
      Received received = receive_packet(worker_.get(), request);
      if (received.kind == Received::Kind::kNothing) return;
      if (received.kind == Received::Kind::kEnd) {
        lose_worker();
        return;
      }
      if (received.descriptor.get() >= 0) memory_ = std::move(received.descriptor);
      obey(request);
    }
  }

  void lose_worker() {
    worker_ = Descriptor();
    const Duration takeover = limits_.takeover();
    if (nursery_.get() < 0 || takeover == Duration::zero()) return give_up();
    alone_until_ = boot_now() + takeover;
  }

  // No worker will come.
  void give_up() {
    worker_ = Descriptor();
    nursery_ = Descriptor();
    alone_until_.reset();
    if (attempt_) attempt_->killing = true;
  }

  void read_nursery() {
    while (nursery_.get() >= 0) {
      AnotherWorker news;
      Received received = receive_packet(nursery_.get(), news);
      if (received.kind == Received::Kind::kNothing) return;
      if (received.kind == Received::Kind::kEnd) {
        nursery_ = Descriptor();
        if (worker_.get() < 0) give_up();
        return;
      }
      // The one before has said all that it could: it has ended.
      worker_ = std::move(received.descriptor);
      alone_until_.reset();
      introduce();
    }
  }

  void introduce() {
    KeeperState state;
    state.size = size_;
    if (attempt_) {
      state.attempt = attempt_->id;
      state.pid = attempt_->leader;
      attempt_->is_told = true;
    } else if (ended_) {
      state.attempt = ended_->id;
      state.pid = ended_->leader;
      state.has_ended = 1;
    }
    send_packet(worker_.get(), state, memory_.get());
    if (attempt_ || !ended_) return;
    ended_->reply.pid = 0;  // it is told
    say(ended_->reply);
  }

  void obey(const KeeperRequest& request) {
    switch (request.kind) {
      case KeeperRequest::Kind::kStart:
        return start(request);
      case KeeperRequest::Kind::kTerminate:
        if (attempt_) terminate();  // else it ended while the request was on its way
        return;
      case KeeperRequest::Kind::kKill:
        if (attempt_) attempt_->killing = true;
        return;
      case KeeperRequest::Kind::kLook:
        return;  // every turn does
      case KeeperRequest::Kind::kEnd:
        return give_up();
    }
  }

  // When a limit is to be looked at again.
  std::optional<BootTime> next_limit() const {
    std::optional<BootTime> next = alone_until_;
    const bool has_lease = attempt_ && !attempt_->killing;
    const auto lease = has_lease ? limits_.lease() : std::nullopt;
    if (lease && (!next || *lease < *next)) next = lease;
    return next;
  }

  bool is_lease_over() const {
    const auto lease = limits_.lease();
    return lease && *lease <= boot_now();
  }

  void mind_limits() {
    if (attempt_ && !attempt_->killing && is_lease_over()) {
      attempt_->killing = true;
      attempt_->fenced = true;
    }
    if (alone_until_ && *alone_until_ <= boot_now()) give_up();
  }

  void start(const KeeperRequest& request) {
    TRAWL_ASSERT(!attempt_);
    size_ = request.size;
    if (is_lease_over()) {
      KeeperReply reply;
      reply.kind = KeeperReply::Kind::kEnded;
      reply.fenced = 1;
      tell_end({request.attempt, 0, reply});
      return;
    }
    const std::int64_t oom_kills = oom_counter_.read();
    const std::optional<PackedSpawn> packed = PackedSpawn::read(memory_, request.size);
    const LeaderStart started =
        packed ? start_leader(packed->spec()) : LeaderStart{0, errno, StartStep::kFork};
    if (started.pid == 0) {
      KeeperReply reply;
      reply.kind = KeeperReply::Kind::kUnstarted;
      reply.error = started.error;
      reply.step = started.step;
      tell_end({request.attempt, 0, reply});
      return;
    }
    attempt_ = Attempt{};
    attempt_->id = request.attempt;
    attempt_->leader = started.pid;
    attempt_->oom_kills = oom_kills;
  }

  std::optional<Clock::duration> time_to_tell() const {
    if (!attempt_ || attempt_->is_told) return std::nullopt;
    return attempt_->started + kTellAfter - Clock::now();
  }

  void tell_start() {
    const auto left = time_to_tell();
    if (!left || *left > Clock::duration::zero()) return;
    attempt_->is_told = true;
    KeeperReply reply;
    reply.kind = KeeperReply::Kind::kStarted;
    reply.pid = attempt_->leader;
    say(reply);
  }

  void terminate() {
    attempt_->terminating = true;
    const auto ask = [](pid_t target) {
      kill(target, SIGTERM);
      kill(target, SIGCONT);  // one that is stopped could not obey
    };
    // The leader has not been reaped, so its number is its own. Its group comes first: for most
    // attempts that is all of it.
    const pid_t leader_group = attempt_->leader_status ? 0 : attempt_->leader;
    if (leader_group != 0) ask(-leader_group);
    // A process whose parent ends during a look may be missed by it, and the signal itself makes
    // parents end; so looks follow each other at once until nothing is new and nobody has ended.
    constexpr int kLooksMax = 20;
    std::set<pid_t> asked;
    for (int look = 0; look < kLooksMax; ++look) {
      const std::int64_t ended_before = ended_count_;
      const std::size_t asked_before = asked.size();
      tree_.visit(getpid(), [&](const TreeProcess& process) {
        const bool is_new = asked.insert(process.pid).second;
        if (is_new && process.group != leader_group) ask(process.pid);
        return true;
      });
      reap();
      if (asked.size() == asked_before && ended_count_ == ended_before) return;
    }
  }

  // Takes what has ended; kills what must end and says when nothing is left.
  void settle() {
    const bool is_childless = reap();
    if (!attempt_) return;
    if (is_childless) {
      KeeperReply reply;
      reply.kind = KeeperReply::Kind::kEnded;
      reply.pid = attempt_->is_told ? 0 : attempt_->leader;
      reply.elapsed_us =
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - attempt_->started)
              .count();
      reply.wait_status = attempt_->leader_status.value();
      reply.cpu_us = attempt_->cpu_us;
      reply.max_rss_bytes = attempt_->max_rss_bytes;
      reply.out_of_memory = was_out_of_memory() ? 1 : 0;
      reply.fenced = attempt_->fenced ? 1 : 0;
      const Ended ended{attempt_->id, attempt_->leader, reply};
      attempt_.reset();
      tell_end(ended);
      return;
    }
    if (attempt_->leader_status && !attempt_->terminating) attempt_->killing = true;
    if (!attempt_->killing) return;
    // What escapes this look was started by a process that it kills. That one's end is heard of
    // here, since the dead one's own parent dies too, and brings the next look.
    if (!attempt_->leader_status) kill(-attempt_->leader, SIGKILL);
    kill_below(tree_, getpid(), [](pid_t) { return false; });
    constexpr int kLooksMax = 3;  // most trees are gone after the first
    if (++attempt_->kill_looks == kLooksMax && !cgroup_.empty()) kill_group();
  }

  // The whole group at one stroke: what forks faster than a look sees it, or belongs to another
  // user. The keeper steps aside meanwhile.
  void kill_group() {
    const std::string above = cgroup_.substr(0, cgroup_.rfind('/'));
    if (!enter_cgroup(above)) return;
    kill_cgroup(cgroup_);
    enter_cgroup(cgroup_);
  }

  /// True if no child is left.
  bool reap() {
    while (true) {
      int status = 0;
      rusage usage{};
      const pid_t pid = wait4(-1, &status, WNOHANG, &usage);
      if (pid < 0 && errno == EINTR) continue;
      if (pid <= 0) return pid < 0;
      ++ended_count_;
      if (!attempt_) continue;
      account(usage);
      const bool was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
      if (was_killed && !attempt_->killing) attempt_->killed_by_other = true;
      if (pid == attempt_->leader) attempt_->leader_status = status;
    }
  }

  // A process's usage holds that of the children which it waited for itself.
  void account(const rusage& usage) {
    constexpr std::int64_t kUsPerSecond = 1'000'000;
    constexpr std::int64_t kBytesPerKib = 1024;
    for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
      attempt_->cpu_us += time.tv_sec * kUsPerSecond + time.tv_usec;
    }
    attempt_->max_rss_bytes = std::max(attempt_->max_rss_bytes, usage.ru_maxrss * kBytesPerKib);
  }

  // The kernel's counter is of all that shares its memory limit, neighbours too; so one of ours
  // must have been killed, and by nobody whom we know. A shell says that of its child by its exit
  // code.
  bool was_out_of_memory() const {
    constexpr int kKilledInShell = 128 + SIGKILL;
    const int status = *attempt_->leader_status;
    const bool shell_saw = WIFEXITED(status) && WEXITSTATUS(status) == kKilledInShell;
    if (!attempt_->killed_by_other && !shell_saw) return false;
    return oom_counter_.read() > attempt_->oom_kills;
  }

  void tell_end(const Ended& ended) {
    ended_ = ended;
    say(ended.reply);
  }

  // A worker that is gone is noticed by reading.
  void say(const KeeperReply& reply) {
    if (worker_.get() >= 0) send_packet(worker_.get(), reply);
  }

  Descriptor worker_;   // none while there is no worker
  Descriptor nursery_;  // none: no other worker can come
  const Limits& limits_;
  Descriptor memory_;         // of what it is to start
  std::uint64_t size_ = 0;    // of what lies there
  const std::string cgroup_;  // empty: none
  const ProcessTree tree_;
  ChildSignals child_signals_;
  const OomCounter oom_counter_;
  BootTimer timer_;
  std::optional<BootTime> alone_until_;  // while another worker may come
  std::int64_t ended_count_ = 0;         // children that it has reaped
  std::optional<Attempt> attempt_;
  std::optional<Ended> ended_;  // the last attempt before
};

}  // namespace

void run_keeper(KeeperPlace place) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const bool is_inside = !place.cgroup.empty() && enter_cgroup(place.cgroup);
  if (!is_inside) place.cgroup.clear();
  Keeper(std::move(place)).run();
}

}  // namespace trawl::worker
