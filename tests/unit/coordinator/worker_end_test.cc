// What is said of a worker's end.
#include "coordinator/worker_end.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::coordinator {
namespace {

TEST_CASE("a worker's last words are its error, without time and level", "[worker_end]") {
  const std::string info = "2025-07-01T12:00:00.000 info 1.0.1 of lr_0 ended: exit code 0\n";
  CHECK(last_words(info + "2025-07-01T12:00:00.001 error cannot open x\n") == "cannot open x");
  CHECK(last_words(info + "2025-07-01T12:00:00.001 error no\ntrawl: error: cannot open x\n\n") ==
        "cannot open x");
  CHECK(last_words(info + "trawl: error while loading shared libraries: libzmq.so.5: ...\n") ==
        "trawl: error while loading shared libraries: libzmq.so.5: ...");
}

TEST_CASE("what was noted before a worker's end is not taken for its reason", "[worker_end]") {
  for (const char* log :
       {"", "\n", "2025-07-01T12:00:00.000 info a\n", "2025-07-01T12:00:00.000 warning a\n",
        "2025-07-01T12:00:00.000 error a\n2025-07-01T12:00:00.001 info b\n",
        "2025-07-01T12:00:00.000 ", "2025-07-01T12:00:00.000"}) {
    CAPTURE(log);
    CHECK(last_words(log).empty());
  }
}

TEST_CASE("only what the ended worker wrote counts", "[worker_end]") {
  TemporaryFolder folder;
  const std::string path = folder.file("worker.log");
  CHECK(to_text({5, path, 0}) == "(exit code 5, " + path + ")");
  std::ofstream(path) << "trawl: error: of an earlier one\n";
  const std::int64_t begin = static_cast<std::int64_t>(std::filesystem::file_size(path));
  CHECK(to_text({139, path, begin}) == "(signal 11, " + path + ")");
  std::ofstream(path, std::ios::app) << "trawl: error: of this one\n";
  CHECK(to_text({5, path, begin}) == "of this one (exit code 5, " + path + ")");
  std::ofstream(path) << "trawl: error: x\n";  // somebody emptied the log meanwhile
  CHECK(to_text({5, path, begin}) == "(exit code 5, " + path + ")");
  std::ofstream(path) << std::string(100'000, 'x') << "\ntrawl: error: y\n";
  CHECK(to_text({5, path, 0}) == "y (exit code 5, " + path + ")");
}

}  // namespace
}  // namespace trawl::coordinator
