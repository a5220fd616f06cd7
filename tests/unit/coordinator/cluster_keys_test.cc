// The key files of a coordinator that serves other machines.
#include "coordinator/cluster_keys.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::coordinator {
namespace {

namespace fs = std::filesystem;
using protocol::KeyUse;
using protocol::read_key_file;

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

protocol::ClusterKeys made(const TemporaryFolder& home, int port) {
  const auto files = ClusterKeyFiles::open(home.path());
  REQUIRE(files);
  REQUIRE(files->write({"head", port}));
  return files->keys();
}

TEST_CASE("each role has a file with all that it needs, for its owner alone", "[cluster_keys]") {
  const TemporaryFolder home;
  const auto keys = made(home, 7700);
  CHECK(mode_of(home.file("keys")) == 0700);
  for (const auto& [name, use, public_key] :
       {std::tuple{"worker.key", KeyUse::kWorker, keys.worker},
        {"submit.key", KeyUse::kSubmitter, keys.submitter}}) {
    const auto file = read_key_file(home.file(std::string("keys/") + name));
    REQUIRE(file);
    CHECK(file->use == use);
    CHECK(file->coordinator == "head:7700");
    CHECK(file->coordinator_key == keys.coordinator.public_key);
    CHECK(file->own.public_key == public_key);
    CHECK(mode_of(home.file(std::string("keys/") + name)) == 0600);
  }
  const auto own = read_key_file(home.file("keys/coordinator.key"));
  REQUIRE(own);
  CHECK(own->own == keys.coordinator);
  CHECK(keys.worker != keys.submitter);
}

TEST_CASE("keys stay, and the address is told anew", "[cluster_keys]") {
  const TemporaryFolder home;
  const auto before = made(home, 7700);
  const auto after = made(home, 7701);
  CHECK(after.coordinator == before.coordinator);
  CHECK(after.worker == before.worker);
  CHECK(after.submitter == before.submitter);
  CHECK(read_key_file(home.file("keys/worker.key"))->coordinator == "head:7701");
}

TEST_CASE("a key that was removed is made anew, and the others stay", "[cluster_keys]") {
  const TemporaryFolder home;
  const auto before = made(home, 7700);
  fs::remove(home.file("keys/worker.key"));
  const auto after = made(home, 7700);
  CHECK(after.worker != before.worker);
  CHECK(after.submitter == before.submitter);
  fs::remove(home.file("keys/coordinator.key"));
  const auto last = made(home, 7700);
  CHECK(last.coordinator.public_key != before.coordinator.public_key);
  CHECK(read_key_file(home.file("keys/submit.key"))->coordinator_key ==
        last.coordinator.public_key);
}

TEST_CASE("a key file that is open to others or of another role is no key", "[cluster_keys]") {
  const TemporaryFolder home;
  made(home, 7700);
  REQUIRE(chmod(home.file("keys/submit.key").c_str(), 0644) == 0);
  const auto open = ClusterKeyFiles::open(home.path());
  REQUIRE_FALSE(open);
  CHECK_THAT(open.error().message, Catch::Contains("chmod 600 "));
  fs::remove(home.file("keys/submit.key"));
  fs::copy_file(home.file("keys/worker.key"), home.file("keys/submit.key"));
  const auto swapped = ClusterKeyFiles::open(home.path());
  REQUIRE_FALSE(swapped);
  CHECK(swapped.error().message ==
        home.file("keys/submit.key") + ": the key of another role; remove it, and another is made");
}

}  // namespace
}  // namespace trawl::coordinator
