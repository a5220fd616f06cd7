// Real control groups, where this machine lets them be made.
#include "worker/cgroup.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/unit/worker/kept.h"

namespace trawl::worker {
namespace {

namespace fs = std::filesystem;

/// A worker's group of this test's own, gone with the object; `path` is empty if there can be none.
struct OwnCgroup {
  TemporaryFolder folder;
  std::string record = folder.file("cgroup");
  std::string path = make_worker_cgroup(record);
  OwnCgroup() {
    if (path.empty()) WARN("skipped: no v2 control group can be made here");
  }
  ~OwnCgroup() {
    if (!path.empty()) remove_cgroup(path);
  }
};

/// A child that sleeps in the group.
pid_t start_in(const std::string& group) {
  const pid_t pid = fork();
  if (pid == 0) {
    if (!enter_cgroup(group)) _exit(1);
    while (true) pause();
  }
  const std::string line = std::to_string(pid) + "\n";
  REQUIRE(
      eventually([&] { return text_of(group + "/cgroup.procs").find(line) != std::string::npos; }));
  return pid;
}

TEST_CASE("a control group is removed with what is in it and below it", "[cgroup]") {
  const OwnCgroup own;
  if (own.path.empty()) return;
  REQUIRE(make_cgroup(own.path + "/a"));
  const pid_t above = start_in(own.path);
  const pid_t below = start_in(own.path + "/a");
  remove_cgroup(own.path);
  CHECK_FALSE(fs::exists(own.path));
  for (const pid_t pid : {above, below}) {
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
  }
  remove_cgroup(own.path);  // nothing happens
}

TEST_CASE("what an earlier worker left in its group is killed by the next", "[cgroup]") {
  const OwnCgroup own;
  if (own.path.empty()) return;
  const pid_t left = start_in(own.path);
  const std::string next = make_worker_cgroup(own.record);
  CHECK(next != own.path);
  CHECK(fs::exists(next));
  CHECK_FALSE(fs::exists(own.path));
  CHECK(waitpid(left, nullptr, 0) == left);
  remove_cgroup(next);
}

TEST_CASE("a record that names another group touches nothing", "[cgroup]") {
  const OwnCgroup own;
  if (own.path.empty()) return;
  const std::string other =
      fs::path(own.path).parent_path() / ("other-" + fs::path(own.path).filename().string());
  REQUIRE(make_cgroup(other));
  for (const std::string& name : {other, own.path + "/../" + fs::path(other).filename().string(),
                                  own.path + "/trawl-/../..", std::string("/"), std::string()}) {
    CAPTURE(name);
    std::ofstream(own.record) << name;
    const std::string made = make_worker_cgroup(own.record);
    CHECK(fs::exists(other));
    CHECK(fs::exists(own.path));
    remove_cgroup(made);
  }
  remove_cgroup(other);
}

TEST_CASE("each keeper and its attempt have a control group, which goes with them", "[cgroup]") {
  const OwnCgroup own;
  if (own.path.empty()) return;
  auto groups = [&] {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(own.path)) {
      if (entry.is_directory()) found.push_back(entry.path());
    }
    return found;
  };
  Kept kept({.kept = -1, .cgroup = own.path});
  const pid_t leader = kept.start("exec sleep 1000");
  REQUIRE(groups().size() == 1);
  CHECK_THAT(text_of(groups()[0] + "/cgroup.procs"), Catch::Contains(std::to_string(leader)));
  kept.keepers().kill(attempt_of(0));
  kept.end();
  CHECK(groups().size() == 1);
  SECTION("when the worker goes") {
    kept.end_worker();
    CHECK_FALSE(fs::exists(own.path));
  }
  SECTION("when the keeper is killed") {
    kept.start(
        "setsid sleep 1000 & while [ ! -e gate ]; do sleep 0.01; done; kill -KILL $PPID; "
        "sleep 1000");
    std::ofstream(kept.file("gate")) << "open\n";  // once the keeper has said that it started
    CHECK(kept.end().kind == core::Outcome::Kind::kOrphaned);
    CHECK(groups().empty());
    CHECK(kept.living().empty());
  }
  SECTION("when keeper and nursery are killed, with what escaped") {
    kept.start("(setsid sleep 1000 &) ; exec sleep 1000");
    REQUIRE(eventually([&] { return kept.living().size() == 2; }));
    const pid_t keeper = kept.keeper_processes().at(0);
    REQUIRE(kill(kept.nursery(), SIGKILL) == 0);
    REQUIRE(kill(keeper, SIGKILL) == 0);
    CHECK(kept.end().kind == core::Outcome::Kind::kOrphaned);
    CHECK(kept.living().empty());
    CHECK(groups().empty());
  }
}

TEST_CASE("in a control group, too, processes that keep forking lose", "[cgroup]") {
  const OwnCgroup own;
  if (own.path.empty()) return;
  Kept kept({.kept = -1, .cgroup = own.path});
  for (int round = 0; round < 10; ++round) {
    kept.start(
        "spin() { while :; do (exec setsid sleep 0.01) & done; }; spin & spin & setsid sh -c "
        "'while :; do setsid sh -c \"sleep 0.01 & sleep 0.01 &\"; done' & : > ready; wait");
    REQUIRE(eventually([&] { return fs::exists(kept.file("ready")); }));
    kept.keepers().kill(attempt_of(0));
    CHECK(kept.end().code == SIGKILL);
    CHECK(kept.living().empty());
    fs::remove(kept.file("ready"));
  }
}

}  // namespace
}  // namespace trawl::worker
