// Processes told apart by a marker, environments, and the ends of logs.
#include "worker/process.h"

#include <cstdlib>
#include <fstream>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/unit/sqlite/temporary_folder.h"
#include "tests/unit/worker/kept.h"

namespace trawl::worker {
namespace {

TEST_CASE("marked processes end also in sessions of their own, by whole marker", "[process]") {
  const std::string home = TemporaryFolder().path();  // a name that no other test has
  Kept kept;
  const auto start = [&](int number, const std::string& script, const NamedText& variable) {
    auto options = kept.shell(script, number);
    options.environment.push_back(variable);
    return kept.start(options, number);
  };
  start(0, "setsid sh -c 'echo $$ > child; exec sleep 1000' & wait",
        {"TRAWL_ATTEMPT", home + ":attempt/1.0.1"});
  const pid_t other = start(1, "exec sleep 1000", {"TRAWL_ATTEMPT", home + ":attempt/1.0.10"});
  const pid_t unmarked = start(2, "exec sleep 1000", {"OTHER", home + ":attempt/1.0.1"});
  const pid_t child = kept.number_in("child");
  REQUIRE(getsid(child) == child);
  kill_marked(home + ":attempt/1.0.1");
  CHECK(is_gone(child));
  CHECK(kept.end(0).code == SIGKILL);
  CHECK_FALSE(is_gone(other));
  CHECK_FALSE(is_gone(unmarked));
  kill_marked(home + ":attempt/1.0.1");                     // none is left
  kill_marked_but(home + ":", {home + ":attempt/1.0.10"});  // taken over
  CHECK_FALSE(is_gone(other));
  kill_marked_but(home + ":", {home + ":attempt/1.0.1"});
  CHECK(is_gone(other));
  CHECK_FALSE(is_gone(unmarked));
}

TEST_CASE("marked processes that keep forking end too", "[process]") {
  const std::string marker = TemporaryFolder().path() + ":x";
  Kept kept;
  auto options =
      kept.shell("echo $$ > self; spin() { while :; do (exec sleep 0.01) & done; }; spin & spin");
  options.environment.push_back({"TRAWL_ATTEMPT", marker});
  kept.start(options);
  kept.number_in("self");
  kill_marked(marker);
  CHECK(kept.end().code == SIGKILL);
}

std::string tail_of_text(const std::string& text, std::size_t bytes_max) {
  TemporaryFolder folder;
  std::ofstream(folder.file("log"), std::ios::binary) << text;
  return tail_of(folder.file("log"), bytes_max);
}

TEST_CASE("the tail of a log is its last whole lines", "[process]") {
  CHECK(tail_of("/no/such/file", 10).empty());
  CHECK(tail_of_text("", 10).empty());
  CHECK(tail_of_text("one\ntwo\n", 100) == "one\ntwo\n");
  CHECK(tail_of_text("one\ntwo\n", 8) == "one\ntwo\n");
  CHECK(tail_of_text("one\ntwo\n", 7) == "two\n");
  CHECK(tail_of_text("one\ntwo", 6) == "two");
}

TEST_CASE("of a line that is longer than the tail its end is kept", "[process]") {
  CHECK(tail_of_text(std::string(100, 'a') + "end", 10) == "aaaaaaaend");
  CHECK(tail_of_text(std::string(100, 'a') + "end\n", 10) == "aaaaaaend\n");
}

TEST_CASE("a tail is UTF-8 whatever was printed", "[process]") {
  CHECK(tail_of_text("größe\n", 100) == "größe\n");
  CHECK(tail_of_text("caf\xe9\n", 100) == "caf\xef\xbf\xbd\n");
  CHECK(tail_of_text("größe caf\xe9\n", 100) == "größe caf\xef\xbf\xbd\n");
  // The cut falls into the two bytes of ü.
  CHECK(tail_of_text(std::string(50, 'a') + "üben", 4) ==
        "\xef\xbf\xbd"
        "ben");
}

}  // namespace
}  // namespace trawl::worker
