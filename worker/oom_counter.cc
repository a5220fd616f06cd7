#include "worker/oom_counter.h"

#include <array>
#include <charconv>
#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "worker/cgroup_path.h"

namespace trawl::worker {
namespace {

bool can_be_read(const std::string& path) {
  return access(path.c_str(), R_OK) == 0;
}

}  // namespace

std::int64_t oom_kills_in(std::string_view text) {
  constexpr std::string_view kName = "oom_kill ";
  for (const std::string_view line : split(text, '\n')) {
    if (!line.starts_with(kName)) continue;
    std::int64_t count = 0;
    std::from_chars(line.data() + kName.size(), line.data() + line.size(), count);
    return count;
  }
  return 0;
}

std::string oom_counter_path(std::string_view cgroups, std::string_view mounts,
                             bool (*exists)(const std::string&)) {
  if (const auto v1 = cgroup_path(cgroups, mounts, "memory")) {
    const std::string path = v1->path() + "/memory.oom_control";
    if (exists(path)) return path;
  }
  if (auto v2 = cgroup_path(cgroups, mounts, "")) {
    while (true) {
      const std::string path = v2->path() + "/memory.events";
      if (exists(path)) return path;
      if (v2->group.empty()) break;
      v2->group.erase(v2->group.rfind('/'));
    }
  }
  return "";
}

OomCounter::OomCounter() {
  std::string path = oom_counter_path(read_small_file("/proc/self/cgroup"),
                                      read_small_file("/proc/self/mountinfo"), can_be_read);
  if (path.empty()) path = "/proc/vmstat";
  file_ = Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

std::int64_t OomCounter::read() const {
  constexpr std::size_t kBytesMax = 32 * 1024;  // /proc/vmstat has 5 kB
  static std::array<char, kBytesMax> bytes;
  const ssize_t count = pread(file_.get(), bytes.data(), bytes.size(), 0);
  if (count <= 0) return 0;
  return oom_kills_in({bytes.data(), static_cast<std::size_t>(count)});
}

}  // namespace trawl::worker
