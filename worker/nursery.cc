#include "worker/nursery.h"

#include <array>
#include <cerrno>
#include <map>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "worker/cgroup.h"
#include "worker/keeper.h"
#include "worker/process_tree.h"
#include "worker/small_process.h"

namespace trawl::worker {
namespace {

class NurseryProcess {
 public:
  NurseryProcess(int socket, const NurseryOptions& options) : socket_(socket), options_(options) {}

  /// Returns true in a keeper that it has made, with `keeper_socket()` and `cgroup_of_keeper()`,
  /// and false when its own work is over.
  bool run() {
    while (true) {
      const bool is_childless = settle();
      if (is_childless && !worker_is_there_) return false;
      child_signals_.wait_or_readable(worker_is_there_ ? socket_ : -1);
      if (make_keepers()) return true;
    }
  }

  int keeper_socket() const { return keeper_socket_; }
  const std::string& cgroup_of_keeper() const { return cgroup_of_keeper_; }

 private:
  // True in a keeper.
  bool make_keepers() {
    while (worker_is_there_) {
      KeeperWanted wanted;
      Received received = receive_packet(socket_, wanted);
      if (received.kind == Received::Kind::kNothing) return false;
      if (received.kind == Received::Kind::kEnd) {
        worker_is_there_ = false;
        return false;
      }
      const std::string cgroup = keeper_cgroup(options_, wanted.id);
      const bool has_cgroup = !cgroup.empty() && make_cgroup(cgroup);
      const pid_t pid = fork();
      if (pid == 0) {
        cgroup_of_keeper_ = has_cgroup ? cgroup : "";
        keeper_socket_ = received.descriptor.release();
        return true;
      }
      if (pid > 0) {
        keepers_.emplace(pid, KeeperProcess{wanted.id});
        continue;
      }
      KeeperReply reply;
      reply.kind = KeeperReply::Kind::kUnstarted;
      reply.error = errno;
      reply.step = StartStep::kFork;
      send_packet(received.descriptor.get(), reply);
      gone_.push_back(wanted.id);
    }
    return false;
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
      send_packet(socket_, KeeperGone{id});
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
    int stop_count = 0;
  };

  // A keeper that a trial has stopped (SIGSTOP) could end nothing. Where this happens faster than
  // the keeper gets on, it is killed, and what is below it with it.
  static void go_on(pid_t pid, KeeperProcess& keeper) {
    constexpr int kStopsMax = 100;
    kill(pid, ++keeper.stop_count <= kStopsMax ? SIGCONT : SIGKILL);
  }

  const int socket_;
  const NurseryOptions& options_;
  const ProcessTree tree_;
  ChildSignals child_signals_;
  bool worker_is_there_ = true;
  int keeper_socket_ = -1;
  std::string cgroup_of_keeper_;
  std::map<pid_t, KeeperProcess> keepers_;
  std::vector<std::uint64_t> gone_;  // ended keepers of which the worker has not been told
};

[[noreturn]] void be_nursery(int socket, const NurseryOptions& options) {
  become_quiet(options.kept >= 0 ? std::vector{socket, options.kept} : std::vector{socket});
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  name_process("trawl-nursery");
  int keeper_socket = -1;
  std::string cgroup;
  {
    NurseryProcess nursery(socket, options);
    if (!nursery.run()) {
      if (!options.cgroup.empty()) remove_cgroup(options.cgroup);
      _exit(0);
    }
    keeper_socket = nursery.keeper_socket();
    cgroup = nursery.cgroup_of_keeper();
  }
  close(socket);
  name_process("trawl-keeper");
  run_keeper(keeper_socket, cgroup);
  _exit(0);
}

}  // namespace

Result<Nursery> start_nursery(const NurseryOptions& options) {
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return fail_errno("cannot make a socket", errno);
  }
  Descriptor ours(pair[0]);
  const Descriptor theirs(pair[1]);
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("cannot start the nursery of the trials' processes", errno);
  if (pid == 0) be_nursery(theirs.get(), options);
  return Nursery{pid, std::move(ours)};
}

std::string keeper_cgroup(const NurseryOptions& options, std::uint64_t keeper) {
  return options.cgroup.empty() ? "" : options.cgroup + "/" + std::to_string(keeper);
}

}  // namespace trawl::worker
