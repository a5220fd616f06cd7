// A disk that is really full: a small file system in memory. Needs the right to mount one.
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/mount.h>
#include <vector>

#include <catch2/catch.hpp>

#include "sqlite/group_commit.h"
#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::sqlite {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(10);
constexpr std::array kSchema = {"CREATE TABLE log(entry BLOB)"};

class SmallDisk {
 public:
  SmallDisk() {
    mounted_ = mount("trawl-test", folder_.path().c_str(), "tmpfs", 0, "size=512k") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_mounted() const { return mounted_; }
  std::string file(const std::string& name) const { return folder_.file(name); }

 private:
  TemporaryFolder folder_;
  bool mounted_ = false;
};

Result<void> commit_bytes(GroupCommit& writer, int count) {
  return writer.commit([count](SQLite::Database& database) {
    database.exec("INSERT INTO log VALUES(zeroblob(" + std::to_string(count) + "))");
  });
}

TEST_CASE("a patient writer tries again until there is room, and says so", "[sqlite]") {
  const SmallDisk disk;
  if (!disk.is_mounted()) {
    WARN("skipped: no right to mount a small file system (" << std::strerror(errno) << ")");
    return;
  }
  std::ofstream(disk.file("ballast")) << std::string(200'000, 'x');
  auto opened = open(disk.file("a.db"), Access::kWrite, kSchema);
  REQUIRE(opened);
  std::vector<std::string> told;
  GroupCommit writer(std::move(*opened), "cannot write", kPatience, [&](const Error* error) {
    told.push_back(error != nullptr ? error->message : "over");
    if (error != nullptr) std::filesystem::remove(disk.file("ballast"));
  });
  REQUIRE(commit_bytes(writer, 300'000));
  CHECK(told == std::vector<std::string>{
                    "cannot write: database or disk is full: free some disk space", "over"});
}

TEST_CASE("a full disk is an error that says so, and writing goes on when there is room",
          "[sqlite]") {
  const SmallDisk disk;
  if (!disk.is_mounted()) {
    WARN("skipped: no right to mount a small file system (" << std::strerror(errno) << ")");
    return;
  }
  std::ofstream(disk.file("ballast")) << std::string(200'000, 'x');
  auto opened = open(disk.file("a.db"), Access::kWrite, kSchema);
  REQUIRE(opened);
  GroupCommit writer(std::move(*opened), "cannot write " + disk.file("a.db"), kPatience);
  REQUIRE(commit_bytes(writer, 10'000));
  const auto refused = commit_bytes(writer, 400'000);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        Error{ErrorCode::kFull, "cannot write " + disk.file("a.db") +
                                    ": database or disk is full: free some disk space"});
  std::filesystem::remove(disk.file("ballast"));
  REQUIRE(commit_bytes(writer, 20'000));
  const auto reader = open(disk.file("a.db"), Access::kRead, kSchema);
  REQUIRE(reader);
  CHECK((*reader)->execAndGet("SELECT group_concat(length(entry)) FROM log").getString() ==
        "10000,20000");
}

}  // namespace
}  // namespace trawl::sqlite
