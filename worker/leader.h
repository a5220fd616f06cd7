// worker/leader.h: starts the first process of an attempt from a keeper.
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace trawl::worker {

/// Borrowed for the call; the arrays end with a null pointer.
struct LeaderSpec {
  char* const* argv{};  // argv[0] is an absolute path
  char* const* environment{};
  const char* working_folder{};
  const char* log_path{};  // standard output and error are appended here; made with 0600
  mode_t umask{};          // of the leader
};

enum class StartStep : std::int32_t { kFork, kOpenLog, kEnterFolder, kExecute };

struct LeaderStart {
  pid_t pid{};  // 0: it did not start
  int error{};  // why, an errno
  StartStep step{};
};

/// Starts it as the leader of a session of its own, with default signals, to be killed when the
/// calling thread's process ends. Returns when it runs the program, or the reason why it does not.
/// The caller is a process of one thread with every signal blocked and default dispositions, whose
/// standard input is what the leader shall read; every other descriptor of it closes by itself
/// (O_CLOEXEC).
LeaderStart start_leader(const LeaderSpec& spec);

}  // namespace trawl::worker
