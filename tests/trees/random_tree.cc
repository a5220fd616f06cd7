// tests/trees/random_tree.cc: becomes a random tree of processes, from a seed: children in sessions
// and groups of their own, double forks, ignored or answered SIGTERM, parents that end before their
// children, children that keep being started anew. For the tests and the bench of clean-up.
//
//   random_tree SEED [DEPTH]
#include <cstdint>
#include <cstdlib>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int kDepth = 4;
constexpr std::uint64_t kChildrenMax = 3;

// splitmix64: one number a draw, the same on every machine.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t count) { return next() % count; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }

 private:
  std::uint64_t state_;
};

// One that is asked to end starts a child instead.
void answer_with_a_child(int) {
  if (fork() == 0) {
    setsid();
    signal(SIGTERM, SIG_IGN);
  }
}

[[noreturn]] void idle() {
  while (true) pause();
}

// Starts a short-lived child again and again, as a supervisor does.
[[noreturn]] void supervise() {
  constexpr useconds_t kLifeUs = 2000;
  while (true) {
    const pid_t child = fork();
    if (child == 0) {
      setsid();
      usleep(kLifeUs);
      _exit(0);
    }
    if (child > 0) waitpid(child, nullptr, 0);
  }
}

[[noreturn]] void be_process(Draws draws, int depth) {
  if (draws.one_in(3)) setsid();
  if (draws.one_in(4)) setpgid(0, 0);
  if (draws.one_in(4)) signal(SIGTERM, SIG_IGN);
  if (draws.one_in(16)) signal(SIGTERM, answer_with_a_child);
  const std::uint64_t children = depth > 0 ? 1 + draws.below(kChildrenMax) : 0;
  for (std::uint64_t i = 0; i < children; ++i) {
    const Draws theirs(draws.next());
    const bool twice = draws.one_in(3);
    if (fork() != 0) continue;
    if (twice && fork() != 0) _exit(0);
    be_process(theirs, depth - 1);
  }
  if (draws.one_in(5)) _exit(0);
  if (draws.one_in(12)) supervise();
  idle();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  signal(SIGCHLD, SIG_DFL);
  const int depth = argc > 2 ? std::atoi(argv[2]) : kDepth;
  be_process(Draws(std::strtoull(argv[1], nullptr, 10)), depth);
}
