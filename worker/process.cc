#include "worker/process.h"

#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <poll.h>
#include <signal.h>
#include <sstream>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "worker/keeper_message.h"

namespace trawl::worker {
namespace {

// What can be read of it: a file of /proc fails in the middle when its process ends.
std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

constexpr std::string_view kVariable = "TRAWL_ATTEMPT=";

using IsMeant = std::function<bool(std::string_view marker)>;

bool is_marked(const std::string& environment, const IsMeant& is_meant) {
  for (const std::string_view entry : split(environment, '\0')) {
    if (entry.starts_with(kVariable) && is_meant(entry.substr(kVariable.size()))) return true;
  }
  return false;
}

bool is_zombie(const std::string& pid) {
  const std::string stat = read_file("/proc/" + pid + "/stat");
  const std::size_t end_of_name = stat.rfind(')');
  return end_of_name == std::string::npos || stat.compare(end_of_name, 3, ") Z") == 0;
}

std::vector<pid_t> find_marked(const IsMeant& is_meant) {
  std::vector<pid_t> found;
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return found;
  while (const dirent* entry = readdir(proc)) {
    const std::string name = entry->d_name;
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ptr != name.data() + name.size() || pid == getpid()) continue;
    const std::string environment = read_file("/proc/" + name + "/environ");
    if (is_marked(environment, is_meant) && !is_zombie(name)) found.push_back(pid);
  }
  closedir(proc);
  return found;
}

// A killed process loses its environment, and with it its marker, a moment before it is gone; so it
// is waited for. One that the kernel holds (a dead disk) is left to it after a second.
void kill_and_wait(pid_t pid) {
  constexpr int kWaitMs = 1000;
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) return;  // gone already
  syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
  pollfd ended{pidfd, POLLIN, 0};
  poll(&ended, 1, kWaitMs);
  close(pidfd);
}

// Each pass kills what it finds; a process that forks meanwhile is found by the next.
void kill_all(const IsMeant& is_meant) {
  for (auto found = find_marked(is_meant); !found.empty(); found = find_marked(is_meant)) {
    for (const pid_t pid : found) kill_and_wait(pid);
  }
}

// What is no UTF-8 becomes U+FFFD, byte by byte.
std::string valid_utf8(std::string_view text) {
  constexpr std::size_t kCharacterBytesMax = 4;
  std::string valid;
  while (!text.empty()) {
    std::size_t size = 1;
    while (size <= kCharacterBytesMax && !is_utf8(text.substr(0, size))) ++size;
    const bool is_character = size <= kCharacterBytesMax;
    valid += is_character ? text.substr(0, size) : "\xef\xbf\xbd";
    text.remove_prefix(is_character ? size : 1);
  }
  return valid;
}

}  // namespace

std::string marker_prefix(const std::string& home) {
  return home + ":";
}

std::string marker(const std::string& home, core::AttemptId attempt) {
  return marker_prefix(home) + core::to_string(attempt);
}

void kill_marked(const std::string& marker) {
  kill_all([&](std::string_view found) { return found == marker; });
}

void kill_marked_but(const std::string& prefix, const std::set<std::string>& spared) {
  kill_all([&](std::string_view found) {
    return found.starts_with(prefix) && !spared.contains(std::string(found));
  });
}

std::string tail_of(const std::string& path, std::size_t bytes_max) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (file.get() < 0 || fstat(file.get(), &info) != 0) return "";
  const auto size = static_cast<std::size_t>(std::max<off_t>(info.st_size, 0));
  const std::size_t count = std::min(size, bytes_max);
  std::string text(count, '\0');
  const ssize_t got = pread(file.get(), text.data(), count, static_cast<off_t>(size - count));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  const std::size_t first_line_end = text.find('\n');
  if (count < size && first_line_end != std::string::npos && first_line_end + 1 < text.size()) {
    text.erase(0, first_line_end + 1);
  }
  return valid_utf8(text);
}

}  // namespace trawl::worker
