#include "worker/cgroup.h"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "worker/cgroup_path.h"
#include "worker/endpoint.h"
#include "worker/keeper_message.h"

namespace trawl::worker {
namespace {

constexpr std::string_view kNamePrefix = "trawl-";

bool write_to(const std::string& path, std::string_view text) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file.get() >= 0 &&
         write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// Removes the group once it has no living process; its file of events tells of that.
void remove_when_empty(const std::string& path) {
  const Descriptor events(open((path + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (rmdir(path.c_str()) != 0 && errno == EBUSY) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    // Read before the wait, so that only a change after it counts. A change between that and the
    // attempt above would be missed: hence the limit.
    constexpr int kMissedMs = 20;
    char byte = 0;
    if (pread(events.get(), &byte, 1, 0) < 0) return;
    pollfd polled{events.get(), POLLPRI, 0};
    poll(&polled, 1, kMissedMs);
  }
}

// What stands in the record may be old or damaged: only a group that we made may be touched.
bool is_ours(const std::filesystem::path& path, const std::string& mount) {
  return path.native().starts_with(mount + "/") &&
         path.filename().native().starts_with(kNamePrefix) && path.lexically_normal() == path;
}

}  // namespace

std::string make_worker_cgroup(const std::string& record) {
  const auto own = cgroup_path(read_small_file("/proc/self/cgroup"),
                               read_small_file("/proc/self/mountinfo"), "");
  if (!own) return "";
  const std::string earlier = read_small_file(record);
  if (is_ours(earlier, own->mount)) remove_cgroup(earlier);
  constexpr std::size_t kRandomBytes = 4;  // process numbers repeat
  const std::string path =
      fmt::format("{}/{}{}-{}", own->path(), kNamePrefix, getpid(), random_hex(kRandomBytes));
  std::ofstream out(record);
  out << path << std::flush;  // first, so that none is forgotten
  return out.good() && make_cgroup(path) ? path : "";
}

std::string worker_cgroup(const std::string& record) {
  const auto own = cgroup_path(read_small_file("/proc/self/cgroup"),
                               read_small_file("/proc/self/mountinfo"), "");
  if (!own) return "";
  const std::string path = read_small_file(record);
  return is_ours(path, own->mount) && access(path.c_str(), F_OK) == 0 ? path : "";
}

bool make_cgroup(const std::string& path) {
  constexpr mode_t kMode = 0755;
  // A kernel before 5.14 cannot kill a group; there it would be of no use.
  if (mkdir(path.c_str(), kMode) != 0) return false;
  if (access((path + "/cgroup.kill").c_str(), W_OK) == 0) return true;
  rmdir(path.c_str());
  return false;
}

bool enter_cgroup(const std::string& path) {
  return write_to(path + "/cgroup.procs", "0");
}

bool kill_cgroup(const std::string& path) {
  return write_to(path + "/cgroup.kill", "1");
}

void remove_cgroup(const std::string& path) {
  if (rmdir(path.c_str()) == 0 || !kill_cgroup(path)) return;
  std::error_code gone;
  std::vector<std::string> below;
  for (const auto& entry : std::filesystem::directory_iterator(path, gone)) {
    if (entry.is_directory(gone)) below.push_back(entry.path());
  }
  for (const std::string& group : below) remove_cgroup(group);
  remove_when_empty(path);
}

}  // namespace trawl::worker
