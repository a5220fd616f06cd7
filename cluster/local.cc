#include "cluster/local.h"

#include <cerrno>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cluster/file_lock.h"

extern char** environ;

namespace trawl::cluster {

Result<LocalProcess> start_self(const std::vector<std::string>& arguments,
                                const std::string& log_path, int inherited) {
  constexpr int kInheritedAs = 3;
  constexpr const char* kSelf = "/proc/self/exe";
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   S_IRUSR | S_IWUSR);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  if (inherited >= 0) posix_spawn_file_actions_adddup2(&actions, inherited, kInheritedAs);
  // Nothing else: a caller that waits for the end of a pipe would wait for this process.
  posix_spawn_file_actions_addclosefrom_np(&actions, kInheritedAs + (inherited >= 0 ? 1 : 0));
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);

  std::vector<std::string> words = {"trawl"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  LocalProcess process;
  struct stat log {};
  if (stat(log_path.c_str(), &log) == 0) process.log_begin = log.st_size;
  const int error = posix_spawn(&process.pid, kSelf, &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno("cannot start " + words[1], error);
  process.pidfd = static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0));
  if (process.pidfd < 0) return fail_errno("cannot watch the started process", errno);
  return process;
}

Result<std::optional<LocalProcess>> start_local_worker(const std::string& home,
                                                       const std::string& endpoint) {
  if (is_locked(worker_lock_path(local_worker_home(home)))) return std::nullopt;
  auto started =
      start_self({"worker", "start", "--home", home, "--coordinator", endpoint, "--name", "local"},
                 home + "/worker.log", -1);
  if (!started) return tl::unexpected(started.error());
  return *started;
}

void end(const LocalProcess& process) {
  kill(process.pid, SIGTERM);
  reap(process);
  close(process.pidfd);
}

int reap(const LocalProcess& process) {
  int status = 0;
  pid_t result = 0;
  do {
    result = waitpid(process.pid, &status, 0);
  } while (result < 0 && errno == EINTR);
  constexpr int kSignalBase = 128;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalBase + WTERMSIG(status);
}

}  // namespace trawl::cluster
