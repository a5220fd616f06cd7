// Which snapshots of jobs are removed, and that they are.
#include "coordinator/snapshots.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "cluster/file_lock.h"
#include "tests/unit/sqlite/temporary_folder.h"
#include "tests/unit/worker/waiting.h"

namespace trawl::coordinator {
namespace {

namespace fs = std::filesystem;
using worker::eventually;

// A snapshot with code and variables, and the file of its variables.
std::string make_snapshot(const TemporaryFolder& home, const std::string& id) {
  const std::string snapshot = home.file("snapshots/" + id);
  fs::create_directories(snapshot + "/code/pkg");
  std::ofstream(snapshot + "/code/pkg/a.py") << "x";
  std::ofstream(snapshot + "/environment") << "TOKEN=secret";
  return snapshot + "/environment";
}

TEST_CASE("snapshots of unfinished jobs and of submissions under way are needed", "[snapshots]") {
  TemporaryFolder home;
  CHECK(unneeded_snapshots(home.path(), {}).empty());  // before the first job
  const std::string unfinished = make_snapshot(home, "a");
  make_snapshot(home, "b");
  make_snapshot(home, "c");
  std::ofstream(home.file("snapshots/d.lock"));  // its snapshot is not made yet
  const int lock =
      cluster::take_lock(cluster::snapshot_lock_path(home.file("snapshots/c")), "").value();
  CHECK(unneeded_snapshots(home.path(), {unfinished}) ==
        std::vector<std::string>{home.file("snapshots/b")});
  close(lock);  // the submission broke off
  CHECK(unneeded_snapshots(home.path(), {unfinished}).size() == 2);
}

TEST_CASE("a removed snapshot leaves nothing, and others stay", "[snapshots]") {
  TemporaryFolder home;
  make_snapshot(home, "a");
  make_snapshot(home, "b");
  std::ofstream(home.file("snapshots/a.lock"));
  SnapshotRemover remover;
  remover.remove(home.file("snapshots/a"));
  remover.remove(home.file("snapshots/gone"));
  REQUIRE(eventually([&] { return !fs::exists(home.file("snapshots/a.lock")); }));
  CHECK_FALSE(fs::exists(home.file("snapshots/a")));
  CHECK(fs::exists(home.file("snapshots/b/code/pkg/a.py")));
}

TEST_CASE("only what is a snapshot of this state folder counts as one", "[snapshots]") {
  CHECK(snapshot_around("/home", "/home/snapshots/a/environment") == "/home/snapshots/a");
  for (const char* path :
       {"", "/", "environment", "/home/snapshots/environment", "/home/snapshots/../environment",
        "/home/snapshots/./environment", "/home/snapshots/a/b/environment",
        "/home/snapshots//environment", "/other/snapshots/a/environment", "/home/jobs/a/x"}) {
    CAPTURE(path);
    CHECK(snapshot_around("/home", path).empty());
  }
}

}  // namespace
}  // namespace trawl::coordinator
