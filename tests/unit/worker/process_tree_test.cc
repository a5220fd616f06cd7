// Finding what is below a process, in the real /proc and in one that lists children.
#include "worker/process_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/unit/worker/kept.h"

namespace trawl::worker {
namespace {

std::vector<pid_t> pids_below(const ProcessTree& tree, pid_t root, pid_t not_into = 0) {
  std::vector<pid_t> pids;
  tree.visit(root, [&](const TreeProcess& process) {
    pids.push_back(process.pid);
    return process.pid != not_into;
  });
  std::sort(pids.begin(), pids.end());
  return pids;
}

/// A /proc of files: `children` as the kernel lists them, by thread.
class FakeProc {
 public:
  explicit FakeProc(bool lists_children) : lists_children_(lists_children) {}
  void add(pid_t pid, pid_t parent, const std::string& children, const std::string& more = "S") {
    const std::string root = folder_.file(std::to_string(pid));
    const std::string task = root + "/task/" + std::to_string(pid);
    std::filesystem::create_directories(task);
    std::ofstream(root + "/stat") << pid << " (a) S 1 name) " << more << " " << parent << " "
                                  << pid + 1000 << " 5 0 -1\n";
    if (lists_children_) std::ofstream(task + "/children") << children;
  }
  void add_thread(pid_t pid, pid_t thread, const std::string& children) {
    const std::string task = folder_.file(std::to_string(pid)) + "/task/" + std::to_string(thread);
    std::filesystem::create_directories(task);
    if (lists_children_) std::ofstream(task + "/children") << children;
  }
  ProcessTree tree() const { return ProcessTree(folder_.path()); }

 private:
  TemporaryFolder folder_;
  bool lists_children_;
};

TEST_CASE("every living process below is found, with or without lists of children", "[tree]") {
  FakeProc proc(GENERATE(true, false));
  proc.add(1, 0, "10 60 ");
  proc.add(10, 1, "20 30 40 ");
  proc.add(20, 10, "");
  proc.add_thread(20, 21, "8 ");
  proc.add(8, 20, "50 ");  // numbers start again from the lowest
  proc.add(30, 10, "", "Z");
  proc.add(40, 10, "");
  proc.add(50, 8, "");
  proc.add(60, 1, "");
  CHECK(pids_below(proc.tree(), 10) == std::vector<pid_t>{8, 20, 40, 50});
  CHECK(pids_below(proc.tree(), 10, 20) == std::vector<pid_t>{20, 40});
  CHECK(pids_below(proc.tree(), 50).empty());
  CHECK(pids_below(proc.tree(), 99).empty());
  CHECK(pids_below(proc.tree(), 40).empty());
  std::vector<TreeProcess> found;
  proc.tree().visit(8, [&](const TreeProcess& process) {
    found.push_back(process);
    return true;
  });
  CHECK(found == std::vector<TreeProcess>{{50, 1050}});
}

TEST_CASE("a place without processes has none", "[tree]") {
  CHECK(pids_below(ProcessTree("/no/such/folder"), 1).empty());
}

TEST_CASE("the kernel's tree is found", "[tree]") {
  Kept kept;
  const pid_t leader = kept.start("sleep 1000 & echo $! > child; setsid sleep 1000 & wait");
  const pid_t child = kept.number_in("child");
  REQUIRE(eventually([&] { return kept.living().size() == 3; }));
  std::vector<pid_t> expected = kept.living();
  std::sort(expected.begin(), expected.end());
  CHECK(pids_below(ProcessTree(), kept.keeper_processes().at(0)) == expected);
  CHECK(std::find(expected.begin(), expected.end(), leader) != expected.end());
  CHECK(pids_below(ProcessTree(), child).empty());
}

}  // namespace
}  // namespace trawl::worker
