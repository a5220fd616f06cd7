// Starting this very program again, watching it and reaping it. The hidden tests at the end are
// what the started process does: they are named on its command line.
#include "cluster/local.h"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "cluster/file_lock.h"
#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::cluster {
namespace {

constexpr int kDeadlineMs = 20'000;
constexpr int kInherited = 3;

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

int wait(const LocalProcess& process) {
  pollfd polled{process.pidfd, POLLIN, 0};
  REQUIRE(poll(&polled, 1, kDeadlineMs) == 1);
  const int code = reap(process);
  close(process.pidfd);
  return code;
}

/// Everything that comes out of the pipe until its other end is closed everywhere.
std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 256> buffer{};
  pollfd polled{descriptor, POLLIN, 0};
  while (poll(&polled, 1, kDeadlineMs) == 1) {
    const ssize_t count = read(descriptor, buffer.data(), buffer.size());
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

TEST_CASE("a started process leads a session and says what it was told on descriptor 3",
          "[cluster]") {
  TemporaryFolder folder;
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  const auto process = start_self({"child: speaks"}, folder.file("log"), ends[1]);
  REQUIRE(process);
  close(ends[1]);
  const std::string pid = std::to_string(process->pid);
  CHECK(read_all(ends[0]) == "session " + pid + " of " + pid + "\n");
  close(ends[0]);
  CHECK(wait(*process) == 0);
}

TEST_CASE("what a started process prints is appended to a log of the user alone", "[cluster]") {
  TemporaryFolder folder;
  std::ofstream(folder.file("old")) << "";
  for (int i = 0; i < 2; ++i) {
    const auto process = start_self({"child: prints"}, folder.file("log"), -1);
    REQUIRE(process);
    CHECK(wait(*process) == 0);
  }
  const std::string log = text_of(folder.file("log"));
  const std::size_t first = log.find("to stdout\nto stderr\n");
  REQUIRE(first != std::string::npos);
  CHECK(log.find("to stdout\nto stderr\n", first + 1) != std::string::npos);
  struct stat info {};
  REQUIRE(stat(folder.file("log").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("a started process has no other descriptor of ours", "[cluster]") {
  TemporaryFolder folder;
  std::array<int, 2> open_by_chance{};
  REQUIRE(pipe(open_by_chance.data()) == 0);
  const auto process = start_self({"child: lists"}, folder.file("log"), -1);
  REQUIRE(process);
  CHECK(wait(*process) == 0);
  CHECK_THAT(text_of(folder.file("log")), Catch::Contains("descriptors: 0 1 2\n"));
  for (const int descriptor : open_by_chance) close(descriptor);
}

TEST_CASE("an exit code comes back, and 128 more than a signal", "[cluster]") {
  TemporaryFolder folder;
  const auto ends = start_self({"child: exits with 7"}, folder.file("log"), -1);
  REQUIRE(ends);
  CHECK(wait(*ends) == 7);
  const auto killed = start_self({"child: waits"}, folder.file("log"), -1);
  REQUIRE(killed);
  kill(killed->pid, SIGKILL);
  CHECK(wait(*killed) == 128 + SIGKILL);
}

TEST_CASE("a lock is seen while somebody holds it", "[cluster]") {
  TemporaryFolder folder;
  const std::string path = folder.file("lock");
  CHECK_FALSE(is_locked(path));  // there is no such file
  const int holder = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(holder >= 0);
  CHECK_FALSE(is_locked(path));
  struct flock whole_file {};
  whole_file.l_type = F_WRLCK;
  REQUIRE(fcntl(holder, F_OFD_SETLK, &whole_file) == 0);
  CHECK(is_locked(path));
  CHECK(is_locked(path));
  close(holder);
  CHECK_FALSE(is_locked(path));
}

TEST_CASE("child: speaks", "[.child]") {
  const std::string said =
      "session " + std::to_string(getsid(0)) + " of " + std::to_string(getpid()) + "\n";
  CHECK(write(kInherited, said.data(), said.size()) == static_cast<ssize_t>(said.size()));
}

TEST_CASE("child: prints", "[.child]") {
  CHECK(write(1, "to stdout\n", 10) == 10);
  CHECK(write(2, "to stderr\n", 10) == 10);
}

TEST_CASE("child: lists", "[.child]") {
  std::string said = "descriptors:";
  for (int descriptor = 0; descriptor < 1000; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) < 0) continue;
    said += ' ';
    said += std::to_string(descriptor);
  }
  said += "\n";
  CHECK(write(1, said.data(), said.size()) == static_cast<ssize_t>(said.size()));
}

TEST_CASE("child: exits with 7", "[.child]") {
  _exit(7);
}

TEST_CASE("child: waits", "[.child]") {
  while (true) pause();
}

}  // namespace
}  // namespace trawl::cluster
