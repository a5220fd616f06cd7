#include "worker/small_process.h"

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <signal.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/assert.h"

namespace trawl::worker {
namespace {

/// Where the kernel finds this process's arguments: fields 48 and 49 of its stat file.
std::pair<char*, char*> argument_memory() {
  constexpr int kFieldsBetween = 45;  // of 3 (state) to 47
  std::ifstream in("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  const std::size_t end_of_name = text.rfind(") ");
  if (end_of_name == std::string::npos) return {};
  std::istringstream fields(text.substr(end_of_name + 2));
  std::string skipped;
  for (int i = 0; i < kFieldsBetween; ++i) fields >> skipped;
  std::uintptr_t begin = 0, end = 0;
  fields >> begin >> end;
  if (!fields || begin >= end) return {};
  return {reinterpret_cast<char*>(begin), reinterpret_cast<char*>(end)};
}

}  // namespace

ChildSignals::ChildSignals() {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  signals_ = Descriptor(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  TRAWL_ASSERT(signals_.get() >= 0);
}

std::bitset<ChildSignals::kDescriptors> ChildSignals::wait(
    const std::array<int, kDescriptors>& descriptors,
    std::optional<std::chrono::nanoseconds> timeout) {
  std::array<pollfd, kDescriptors + 1> polled{};
  for (std::size_t i = 0; i < kDescriptors; ++i) polled[i] = {descriptors[i], POLLIN, 0};
  polled.back() = {signals_.get(), POLLIN, 0};
  int timeout_ms = -1;
  if (timeout) {
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(*timeout).count();
    timeout_ms = static_cast<int>(std::clamp<std::int64_t>(rounded, 0, INT_MAX));
  }
  poll(polled.data(), polled.size(), timeout_ms);
  // Emptied before the caller looks for ended children: an end after that is a new signal.
  signalfd_siginfo ignored{};
  while (read(signals_.get(), &ignored, sizeof ignored) > 0) {
  }
  std::bitset<kDescriptors> ready;
  for (std::size_t i = 0; i < kDescriptors; ++i) ready[i] = polled[i].revents != 0;
  return ready;
}

void become_quiet(const std::vector<int>& kept) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  close_others(kept);

  for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; ++standard) {
    const int null = open("/dev/null", standard == STDIN_FILENO ? O_RDONLY : O_WRONLY);
    TRAWL_ASSERT(null >= 0);
    if (null == standard) continue;
    dup2(null, standard);
    close(null);
  }
}

void close_others(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = STDERR_FILENO + 1;
  for (const int descriptor : kept) {
    if (descriptor < 0) continue;
    const auto next = static_cast<unsigned>(descriptor);
    if (next > first) close_range(first, next - 1, 0);
    first = std::max(first, next + 1);
  }
  close_range(first, ~0U, 0);
}

void name_process(const std::string& name) {
  prctl(PR_SET_NAME, name.c_str());
  const auto [begin, end] = argument_memory();
  if (begin == nullptr) return;
  const auto size = static_cast<std::size_t>(end - begin);
  std::memset(begin, 0, size);
  std::memcpy(begin, name.data(), std::min(name.size(), size - 1));
}

}  // namespace trawl::worker
