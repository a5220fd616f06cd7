// Out of memory, told from a kill: which counter is read, and real processes in a real control
// group with too little memory, where this machine lets one be made.
#include "worker/oom_counter.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/unit/worker/kept.h"
#include "worker/cgroup_path.h"

namespace trawl::worker {
namespace {

constexpr const char* kMountsV1 =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "35 31 0:33 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "36 31 0:34 / /sys/fs/cgroup/memory rw,relatime shared:7 - cgroup cgroup rw,memory\n"
    "37 31 0:35 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
constexpr const char* kCgroupsV1 =
    "5:cpu,cpuacct:/a\n4:memory:/box/one\n1:name=systemd:/\n0::/user/me\n";
constexpr const char* kMountsV2 = "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";

TEST_CASE("a process's control group is found by its mount", "[oom]") {
  const auto found = [](const char* cgroups, const char* mounts, const char* controller) {
    const auto path = cgroup_path(cgroups, mounts, controller);
    return path ? path->path() : "(none)";
  };
  CHECK(found(kCgroupsV1, kMountsV1, "memory") == "/sys/fs/cgroup/memory/box/one");
  CHECK(found(kCgroupsV1, kMountsV1, "cpuacct") == "/sys/fs/cgroup/cpu,cpuacct/a");
  CHECK(found(kCgroupsV1, kMountsV1, "") == "/sys/fs/cgroup/unified/user/me");
  CHECK(found(kCgroupsV1, kMountsV1, "pids") == "(none)");
  CHECK(found(kCgroupsV1, kMountsV2, "memory") == "(none)");
  CHECK(found("0::/\n", kMountsV2, "") == "/sys/fs/cgroup");
  CHECK(found("", kMountsV2, "") == "(none)");
  CHECK(found("0::/a\n", "", "") == "(none)");
  // A container sees its own part of the hierarchy.
  constexpr const char* kPart = "29 23 0:26 /box /sys/fs/cgroup ro - cgroup2 cgroup2 ro\n";
  CHECK(found("0::/box/a\n", kPart, "") == "/sys/fs/cgroup/a");
  CHECK(found("0::/box\n", kPart, "") == "/sys/fs/cgroup");
  CHECK(found("0::/boxes\n", kPart, "") == "(none)");
  CHECK(found("0::/other\n", kPart, "") == "(none)");
}

TEST_CASE("the counter is the nearest one that is there", "[oom]") {
  const auto always = [](const std::string&) { return true; };
  CHECK(oom_counter_path(kCgroupsV1, kMountsV1, always) ==
        "/sys/fs/cgroup/memory/box/one/memory.oom_control");
  CHECK(oom_counter_path("0::/a/b\n", kMountsV2, always) == "/sys/fs/cgroup/a/b/memory.events");
  const auto above = [](const std::string& path) {
    return path == "/sys/fs/cgroup/a/memory.events";
  };
  CHECK(oom_counter_path("0::/a/b/c\n", kMountsV2, above) == "/sys/fs/cgroup/a/memory.events");
  const auto never = [](const std::string&) { return false; };
  CHECK(oom_counter_path("0::/a/b\n", kMountsV2, never).empty());
  CHECK(oom_counter_path(kCgroupsV1, kMountsV1, never).empty());
}

TEST_CASE("a counter is read by its name", "[oom]") {
  CHECK(oom_kills_in("oom_kill_disable 0\nunder_oom 0\noom_kill 12\n") == 12);
  CHECK(oom_kills_in("low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\noom_group_kill 0\n") == 1);
  CHECK(oom_kills_in("") == 0);
  CHECK(oom_kills_in("oom_kill x\n") == 0);
}

/// This process in a v1 control group with a limit, until the end of the object.
class LittleMemory {
 public:
  LittleMemory() {
    const auto own = cgroup_path(read_small_file("/proc/self/cgroup"),
                                 read_small_file("/proc/self/mountinfo"), "memory");
    if (!own) return;
    std::error_code error;
    const std::string path = own->path() + "/trawl-test-" + std::to_string(getpid());
    if (!std::filesystem::create_directory(path, error)) return;
    before_ = own->path();
    path_ = path;
    constexpr int kLimit = 96 << 20;
    const bool ready = write(path + "/memory.limit_in_bytes", std::to_string(kLimit)) &&
                       write(path + "/cgroup.procs", std::to_string(getpid()));
    is_there_ = ready;
  }
  ~LittleMemory() {
    if (path_.empty()) return;
    write(before_ + "/cgroup.procs", std::to_string(getpid()));
    rmdir(path_.c_str());
  }
  LittleMemory(const LittleMemory&) = delete;
  LittleMemory& operator=(const LittleMemory&) = delete;
  bool is_there() const { return is_there_; }

 private:
  static bool write(const std::string& path, const std::string& text) {
    std::ofstream out(path);
    out << text << std::flush;
    return out.good();
  }
  std::string before_;
  std::string path_;
  bool is_there_ = false;
};

TEST_CASE("out of memory is told from a kill by somebody", "[oom]") {
  const LittleMemory little;
  if (!little.is_there()) {
    WARN("skipped: no v1 memory control group can be made here");
    return;
  }
  Kept kept;
  constexpr const char* kHog = "python3 -c 'x = bytearray(300 << 20)'";
  kept.start(std::string("exec ") + kHog);
  const core::Outcome itself = kept.end();
  CHECK(itself.code == SIGKILL);
  CHECK(itself.out_of_memory);
  CHECK(itself.max_rss_bytes > 30 << 20);

  kept.start(std::string(kHog) + "; exit $?");
  const core::Outcome child = kept.end();
  CHECK(child.code == 128 + SIGKILL);
  CHECK(child.out_of_memory);

  kept.start("kill -KILL $$");
  CHECK_FALSE(kept.end().out_of_memory);
  kept.start("exec sleep 1000");
  kept.keepers().kill(attempt_of(0));
  CHECK_FALSE(kept.end().out_of_memory);
}

}  // namespace
}  // namespace trawl::worker
