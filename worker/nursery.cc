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

#include "worker/keeper.h"
#include "worker/process_tree.h"
#include "worker/small_process.h"

namespace trawl::worker {
namespace {

class NurseryProcess {
 public:
  explicit NurseryProcess(int socket) : socket_(socket) {}

  /// Returns true in a keeper that it has made, whose socket is then `keeper_socket()`, and false
  /// when its own work is over.
  bool run() {
    while (true) {
      const bool is_childless = settle();
      if (is_childless && !worker_is_there_) return false;
      child_signals_.wait_or_readable(worker_is_there_ ? socket_ : -1);
      if (make_keepers()) return true;
    }
  }

  int keeper_socket() const { return keeper_socket_; }

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
      const pid_t pid = fork();
      if (pid == 0) {
        keeper_socket_ = received.descriptor.release();
        return true;
      }
      if (pid > 0) {
        keepers_.emplace(pid, wanted.id);
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
    for (const std::uint64_t id : gone_) send_packet(socket_, KeeperGone{id});
    gone_.clear();
  }

  struct Reaped {
    bool any = false;
    bool is_childless = false;
  };

  Reaped reap() {
    Reaped reaped;
    while (true) {
      const pid_t pid = waitpid(-1, nullptr, WNOHANG);
      if (pid < 0 && errno == EINTR) continue;
      reaped.is_childless = pid < 0;
      if (pid <= 0) return reaped;
      reaped.any = true;
      const auto found = keepers_.find(pid);
      if (found == keepers_.end()) continue;
      gone_.push_back(found->second);
      keepers_.erase(found);
    }
  }

  const int socket_;
  const ProcessTree tree_;
  ChildSignals child_signals_;
  bool worker_is_there_ = true;
  int keeper_socket_ = -1;
  std::map<pid_t, std::uint64_t> keepers_;
  std::vector<std::uint64_t> gone_;  // ended keepers of which the worker has not been told
};

[[noreturn]] void be_nursery(int socket, int kept) {
  become_quiet(kept >= 0 ? std::vector{socket, kept} : std::vector{socket});
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  name_process("trawl-nursery");
  int keeper_socket = -1;
  {
    NurseryProcess nursery(socket);
    if (!nursery.run()) _exit(0);
    keeper_socket = nursery.keeper_socket();
  }
  close(socket);
  name_process("trawl-keeper");
  run_keeper(keeper_socket);
  _exit(0);
}

}  // namespace

Result<Nursery> start_nursery(int kept) {
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return fail_errno("cannot make a socket", errno);
  }
  Descriptor ours(pair[0]);
  const Descriptor theirs(pair[1]);
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("cannot start the nursery of the trials' processes", errno);
  if (pid == 0) be_nursery(theirs.get(), kept);
  return Nursery{pid, std::move(ours)};
}

}  // namespace trawl::worker
