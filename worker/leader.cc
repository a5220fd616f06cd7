#include "worker/leader.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace trawl::worker {
namespace {

struct Birth {
  const LeaderSpec* spec;
  pid_t keeper;
  int error;
  StartStep step;
};

// Runs in the child, in the keeper's memory, while the keeper stands still: system calls only.
int become_leader(void* argument) {
  auto* birth = static_cast<Birth*>(argument);
  const LeaderSpec& spec = *birth->spec;
  const auto fail = [birth](StartStep step) {
    birth->step = step;
    birth->error = errno;
    _exit(1);
  };
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != birth->keeper) _exit(1);  // it died before the line above
  const int log = open(spec.log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) {
    fail(StartStep::kOpenLog);
  }
  if (chdir(spec.working_folder) != 0) fail(StartStep::kEnterFolder);
  umask(spec.umask);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(spec.argv[0], spec.argv, spec.environment);
  fail(StartStep::kExecute);
  return 1;
}

}  // namespace

LeaderStart start_leader(const LeaderSpec& spec) {
  // The child's frames, used until it runs the program. Sharing the memory saves the copy of the
  // page tables that a fork makes.
  constexpr std::size_t kStackBytes = 64 * 1024;
  alignas(16) static std::array<char, kStackBytes> stack;
  Birth birth{&spec, getpid(), 0, StartStep::kFork};
  const pid_t pid =
      clone(become_leader, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, &birth);
  if (pid < 0) return {0, errno, StartStep::kFork};
  if (birth.error == 0) return {pid, 0, StartStep::kExecute};
  int result = 0;
  do {
    result = waitpid(pid, nullptr, 0);
  } while (result < 0 && errno == EINTR);
  return {0, birth.error, birth.step};
}

}  // namespace trawl::worker
