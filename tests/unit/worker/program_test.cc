// Which program a command's first word is.
#include "worker/program.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::worker {
namespace {

namespace fs = std::filesystem;

class Folders {
 public:
  std::string put(const std::string& file, const std::string& text, mode_t mode = 0755) {
    const std::string path = home_.file(file);
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
    REQUIRE(chmod(path.c_str(), mode) == 0);
    return path;
  }
  std::string search_path() const { return home_.file("a") + ":" + home_.file("b"); }

 private:
  TemporaryFolder home_;
};

TEST_CASE("a program is the first executable file of that name", "[program]") {
  Folders folders;
  folders.put("a/tool", "#!/bin/sh\n", 0644);
  const std::string second = folders.put("b/tool", "#!/bin/sh\n");
  CHECK(find_program("tool", folders.search_path()) == second);
  CHECK(find_program("other", folders.search_path()) == std::nullopt);
}

TEST_CASE("what only a shell can run, and what depends on the place, is left to a shell",
          "[program]") {
  Folders folders;
  folders.put("a/tool", "echo no first line\n");
  CHECK(find_program("tool", folders.search_path()) == std::nullopt);
  CHECK(find_program("tool", "." + folders.search_path()) == std::nullopt);
}

TEST_CASE("a found program is remembered until it goes", "[program]") {
  Folders folders;
  ProgramFinder finder;
  const std::string second = folders.put("b/tool", "#!/bin/sh\n");
  CHECK(finder.find("tool", folders.search_path()) == second);
  const std::string first = folders.put("a/tool", "#!/bin/sh\n");
  CHECK(finder.find("tool", folders.search_path()) == second);  // as a shell would
  const std::string other = folders.put("a/other", "#!/bin/sh\n");
  CHECK(finder.find("other", folders.search_path()) == other);
  CHECK(finder.find("tool", folders.search_path()) == first);
  fs::remove(first);
  CHECK(finder.find("tool", folders.search_path()) == second);
  CHECK(finder.find("tool", "/nowhere") == std::nullopt);
}

}  // namespace
}  // namespace trawl::worker
