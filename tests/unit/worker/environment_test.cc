// The variables of the submitting shell, kept in a file and put together for a command.
#include "worker/environment.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::worker {
namespace {

void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST_CASE("variables come back from their file as they were, and the file is private",
          "[environment]") {
  TemporaryFolder folder;
  const std::string path = folder.file("environment");
  const std::vector<NamedText> variables = {
      {"A", "x=1\n2"}, {"BASH_FUNC_module%%", "() {  eval x;\n}"}, {"EMPTY", ""}, {"B", "\xff"}};
  REQUIRE(write_environment(path, variables));
  CHECK(read_environment(path).value() == variables);
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  CHECK_FALSE(write_environment(path, variables));  // never over another's
}

TEST_CASE("no variables are an empty file", "[environment]") {
  TemporaryFolder folder;
  REQUIRE(write_environment(folder.file("e"), {}));
  CHECK(read_environment(folder.file("e")).value().empty());
}

TEST_CASE("variables have a bound, when written and when read", "[environment]") {
  TemporaryFolder folder;
  const auto written =
      write_environment(folder.file("e"), {{"A", std::string(kEnvironmentBytesMax, 'x')}});
  REQUIRE_FALSE(written);
  CHECK(written.error() == Error{ErrorCode::kInvalid,
                                 "the variables of the submitting shell are 1024 KiB in all, and "
                                 "at most 1024 KiB can be kept for the job: unset the large ones"});
  put(folder.file("large"), "A=" + std::string(kEnvironmentBytesMax, 'x') + std::string(1, '\0'));
  CHECK(read_environment(folder.file("large")).error().message ==
        "cannot read the variables of the submitting shell, " + folder.file("large") +
            ": it is larger than 1024 KiB");
}

TEST_CASE("a file of variables that is gone or damaged is named", "[environment]") {
  TemporaryFolder folder;
  const std::string what =
      "cannot read the variables of the submitting shell, " + folder.file("e") + ": ";
  CHECK(read_environment(folder.file("e")).error().message == what + "No such file or directory");
  put(folder.file("e"), "A=1");
  CHECK(read_environment(folder.file("e")).error().message == what + "it is cut off");
  put(folder.file("e"), std::string("A=1\0B\0", 6));
  CHECK(read_environment(folder.file("e")).error().message ==
        what + "it holds what is no variable");
}

TEST_CASE("without a file this process's own variables stand in", "[environment]") {
  setenv("TRAWL_TEST_KEPT", "kept=1", 1);
  CHECK(text_of(read_environment("").value(), "TRAWL_TEST_KEPT") == "kept=1");
}

TEST_CASE("what is added wins over what is there, and what is unset is gone", "[environment]") {
  const std::vector<NamedText> base = {{"KEPT", "1"}, {"GONE", "1"}, {"OLD", "1"}, {"BACK", "1"}};
  CHECK(merged(base, {"GONE", "BACK", "NEVER"},
               {{"OLD", "2"}, {"NEW", "1"}, {"NEW", "2"}, {"BACK", "2"}}) ==
        std::vector<NamedText>{{"BACK", "2"}, {"KEPT", "1"}, {"NEW", "2"}, {"OLD", "2"}});
}

}  // namespace
}  // namespace trawl::worker
