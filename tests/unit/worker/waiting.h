// tests/unit/worker/waiting.h: waiting for conditions, never for durations: each wait ends as soon
// as its condition holds, or with a failed test when a generous deadline is over.
#pragma once

#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <signal.h>
#include <sstream>
#include <string>
#include <thread>

namespace trawl::worker {

inline constexpr std::chrono::seconds kDeadline{60};

/// False when the deadline came first.
inline bool eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + kDeadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

inline std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;  // a file of /proc fails in the middle when its process ends
  text << in.rdbuf();
  return text.str();
}

/// True if no process has the number, or only one that waits to be reaped.
inline bool is_gone(pid_t pid) {
  if (kill(pid, 0) != 0) return true;
  const std::string stat = text_of("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t end_of_name = stat.rfind(')');
  return end_of_name == std::string::npos || stat.compare(end_of_name, 3, ") Z") == 0;
}

}  // namespace trawl::worker
