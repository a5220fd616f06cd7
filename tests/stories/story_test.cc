// Plays every golden story and compares it with what it says. TRAWL_BLESS=1 rewrites the stories
// instead: commit only a difference that you understand.
#include "tests/stories/story.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

namespace trawl::core {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void tell(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(TRAWL_STORIES) / (name + ".txt");
  const std::string text = read(path);
  REQUIRE_FALSE(text.empty());
  const std::string played = Story{}.play(text);
  if (std::getenv("TRAWL_BLESS") != nullptr) {
    std::ofstream(path) << played;
  } else {
    CHECK(played == text);
  }
}

TEST_CASE("story: a sweep's life, with a policy that stops a trial", "[stories]") {
  tell("sweep");
}
TEST_CASE("story: a sweep is canceled", "[stories]") {
  tell("cancel");
}
TEST_CASE("story: a worker crashes, and its attempts are tried again", "[stories]") {
  tell("worker_crash");
}
TEST_CASE("story: a worker is cut off, and its trial runs elsewhere once its lease is over",
          "[stories]") {
  tell("lease");
}

TEST_CASE("story: losses that count, and losses that do not", "[stories]") {
  tell("losses");
}
TEST_CASE("story: the coordinator crashes in the middle of everything", "[stories]") {
  tell("coordinator_crash");
}
TEST_CASE("story: a grid runs out", "[stories]") {
  tell("grid");
}
TEST_CASE("story: short trials follow each other without the coordinator", "[stories]") {
  tell("successors");
}
TEST_CASE("story: time runs out", "[stories]") {
  tell("timeouts");
}

}  // namespace
}  // namespace trawl::core
