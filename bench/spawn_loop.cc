// bench/spawn_loop.cc: the limit that the rate of trials is measured against: what a plain loop
// does on this machine in the same run. For each trial it makes a folder and two files, spawns a
// program with them as standard output and error, waits for it, and journals start and end to one
// file with an fdatasync at most every 10 ms, in which it waits. No state, no metrics, no recovery.
//
//   bench_spawn_loop COUNT CONCURRENCY FOLDER PROGRAM [ARGUMENT...]      prints the seconds it took
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace {

using Clock = std::chrono::steady_clock;

void check(bool good, const char* what) {
  if (good) return;
  std::perror(what);
  std::exit(1);
}

class Journal {
 public:
  explicit Journal(const std::string& path)
      : descriptor_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)) {
    check(descriptor_ >= 0, path.c_str());
  }
  ~Journal() {
    sync();
    close(descriptor_);
  }

  void note(const char* what, int number) {
    char line[64];
    const int size = std::snprintf(line, sizeof line, "%s %d\n", what, number);
    check(write(descriptor_, line, static_cast<size_t>(size)) == size, "journal");
    if (Clock::now() - synced_ >= std::chrono::milliseconds(10)) sync();
  }

 private:
  void sync() {
    check(fdatasync(descriptor_) == 0, "fdatasync");
    synced_ = Clock::now();
  }

  int descriptor_;
  Clock::time_point synced_ = Clock::now();
};

void spawn(const std::string& folder, char** argv) {
  check(mkdir(folder.c_str(), 0700) == 0, folder.c_str());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::string out = folder + "/out";
  const std::string err = folder + "/err";
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT, 0600);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    std::fprintf(stderr, "%s: %s\n", argv[0], std::strerror(error));
    std::exit(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: %s COUNT CONCURRENCY FOLDER PROGRAM [ARGUMENT...]\n", argv[0]);
    return 3;
  }
  const int count = std::atoi(argv[1]);
  const int concurrency = std::atoi(argv[2]);
  const std::string root = argv[3];
  check(mkdir(root.c_str(), 0700) == 0, root.c_str());
  const auto begin = Clock::now();
  {
    Journal journal(root + "/journal");
    int started = 0;
    int running = 0;
    for (int ended = 0; ended < count; ++ended, --running) {
      for (; running < concurrency && started < count; ++started, ++running) {
        journal.note("start", started);
        spawn(root + "/" + std::to_string(started), argv + 4);
      }
      int status = 0;
      const pid_t pid = wait(&status);
      check(pid > 0 && status == 0, "wait");
      journal.note("end", pid);
    }
  }
  std::printf("%.6f\n", std::chrono::duration<double>(Clock::now() - begin).count());
  return 0;
}
