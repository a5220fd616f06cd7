// Where the local socket lies: beside the state if its path fits, else below the user's own folder,
// and never where another user could have put it.
#include "protocol/local_endpoint.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::protocol {
namespace {

namespace fs = std::filesystem;

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

/// A state folder below `folder` for which the socket's path has `size` bytes.
std::string home_of_size(const TemporaryFolder& folder, std::size_t size) {
  const std::size_t rest = folder.path().size() + std::string("//run/coordinator.sock").size();
  REQUIRE(size > rest);
  return folder.file(std::string(size - rest, 'h'));
}

TEST_CASE("the socket lies in the state folder, in a folder of the user alone", "[endpoint]") {
  TemporaryFolder home;
  CHECK(local_endpoint(home.path()).value() == "ipc://" + home.file("run/coordinator.sock"));
  CHECK(mode_of(home.file("run")) == 0700);
  CHECK(local_endpoint(home.path()).value() == "ipc://" + home.file("run/coordinator.sock"));
}

TEST_CASE("a folder that others could enter is closed to them", "[endpoint]") {
  TemporaryFolder home;
  fs::create_directory(home.file("run"));
  REQUIRE(chmod(home.file("run").c_str(), 0777) == 0);
  REQUIRE(local_endpoint(home.path()));
  CHECK(mode_of(home.file("run")) == 0700);
}

TEST_CASE("a path that a socket's address holds stays; one byte more moves away", "[endpoint]") {
  TemporaryFolder folder;
  const std::string fits = home_of_size(folder, 107);
  CHECK(local_endpoint(fits).value() == "ipc://" + fits + "/run/coordinator.sock");
  const std::string too_long = home_of_size(folder, 108);
  const std::string moved = local_endpoint(too_long).value();
  const std::string own_folder = fmt::format("/tmp/trawl-{}", getuid());
  CHECK_THAT(moved, Catch::StartsWith("ipc://" + own_folder + "/"));
  CHECK(moved.size() - std::string("ipc://").size() <= 107);
  CHECK(mode_of(own_folder) == 0700);
  CHECK_FALSE(fs::exists(too_long));
  CHECK(local_endpoint(too_long).value() == moved);
  CHECK(local_endpoint(too_long + "2").value() != moved);
}

TEST_CASE("a file where the socket's folder should be is refused", "[endpoint]") {
  TemporaryFolder home;
  std::ofstream(home.file("run")) << "x";
  const auto refused = local_endpoint(home.path());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kSystem);
  CHECK_THAT(refused.error().message, Catch::Contains(home.file("run")));
}

TEST_CASE("a link where the socket's folder should be is refused", "[endpoint]") {
  TemporaryFolder home;
  fs::create_directory(home.file("elsewhere"));
  fs::create_directory_symlink("elsewhere", home.file("run"));
  CHECK(local_endpoint(home.path()).error() ==
        Error{ErrorCode::kSystem, home.file("run") + " is not a folder of this user"});
}

TEST_CASE("a folder of somebody else is refused", "[endpoint]") {
  if (geteuid() != 0) {
    WARN("skipped: only the superuser can give a folder away");
    return;
  }
  constexpr uid_t kNobody = 65534;
  TemporaryFolder home;
  fs::create_directory(home.file("run"));
  REQUIRE(chown(home.file("run").c_str(), kNobody, kNobody) == 0);
  CHECK(local_endpoint(home.path()).error() ==
        Error{ErrorCode::kSystem, home.file("run") + " is not a folder of this user"});
}

}  // namespace
}  // namespace trawl::protocol
