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
  Keeper(int socket, std::string cgroup) : socket_(socket), cgroup_(std::move(cgroup)) {}

  void run() {
    while (true) {
      settle();
      if (!worker_is_there_ && !attempt_) return;
      child_signals_.wait_or_readable(worker_is_there_ ? socket_ : -1, time_to_tell());
      tell_start();
      read_requests();
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  // The end of a short attempt tells of its start too, so that the worker wakes once.
  static constexpr auto kTellAfter = std::chrono::milliseconds(2);

  struct Attempt {
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
  };

  void read_requests() {
    while (worker_is_there_) {
      KeeperRequest request;
      Received received = receive_packet(socket_, request);
      if (received.kind == Received::Kind::kNothing) return;
      if (received.kind == Received::Kind::kEnd) {
        worker_is_there_ = false;
        if (attempt_) attempt_->killing = true;
        return;
      }
      if (received.descriptor.get() >= 0) memory_ = std::move(received.descriptor);
      obey(request);
    }
  }

  void obey(const KeeperRequest& request) {
    if (request.kind == KeeperRequest::Kind::kStart) {
      start(request.size);
    } else if (!attempt_) {
      return;  // it ended while the request was on its way
    } else if (request.kind == KeeperRequest::Kind::kTerminate) {
      terminate();
    } else {
      attempt_->killing = true;
    }
  }

  void start(std::size_t size) {
    TRAWL_ASSERT(!attempt_);
    const std::int64_t oom_kills = oom_counter_.read();
    const std::optional<PackedSpawn> packed = PackedSpawn::read(memory_, size);
    const LeaderStart started =
        packed ? start_leader(packed->spec()) : LeaderStart{0, errno, StartStep::kFork};
    if (started.pid == 0) {
      KeeperReply reply;
      reply.kind = KeeperReply::Kind::kUnstarted;
      reply.error = started.error;
      reply.step = started.step;
      say(reply);
      return;
    }
    attempt_ = Attempt{};
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
      attempt_.reset();
      say(reply);
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

  // A worker that is gone is noticed by reading.
  void say(const KeeperReply& reply) { send_packet(socket_, reply); }

  const int socket_;
  Descriptor memory_;         // of what it is to start
  const std::string cgroup_;  // empty: none
  const ProcessTree tree_;
  ChildSignals child_signals_;
  const OomCounter oom_counter_;
  bool worker_is_there_ = true;
  std::int64_t ended_count_ = 0;  // children that it has reaped
  std::optional<Attempt> attempt_;
};

}  // namespace

void run_keeper(int socket, const std::string& cgroup) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const bool is_inside = !cgroup.empty() && enter_cgroup(cgroup);
  Keeper(socket, is_inside ? cgroup : "").run();
}

}  // namespace trawl::worker
