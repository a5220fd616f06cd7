// The folder of an attempt on a real disk: where it is, what is copied into it.
#include "worker/attempt_folder.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/unit/sqlite/temporary_folder.h"
#include "tests/unit/worker/waiting.h"

namespace trawl::worker {
namespace {

namespace fs = std::filesystem;

core::LaunchOrder order_with_code(const std::string& code) {
  core::LaunchOrder order;
  order.attempt = {{core::JobId{3}, 7}, 2};
  order.job_name = "lr";
  order.command.code = code;
  return order;
}

void write(const std::string& path, const std::string& text, mode_t mode = 0644) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
  REQUIRE(chmod(path.c_str(), mode) == 0);
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

/// The superuser may read everything, so a test that runs as one becomes nobody for a moment.
template <class Body>
auto as_nobody(const std::string& folder, const Body& body) {
  constexpr uid_t kNobody = 65534;
  const bool is_root = geteuid() == 0;
  if (is_root) REQUIRE((chown(folder.c_str(), kNobody, kNobody) == 0 && seteuid(kNobody) == 0));
  auto result = body();
  if (is_root) REQUIRE(seteuid(0) == 0);
  return result;
}

TEST_CASE("an attempt's folder is named by job, trial and attempt", "[attempt_folder]") {
  const AttemptFolder folder = attempt_folder("/jobs", order_with_code(""));
  CHECK(folder.root == "/jobs/lr/trials/7-attempt-2");
  CHECK(folder.work() == "/jobs/lr/trials/7-attempt-2/work");
  CHECK(folder.log() == "/jobs/lr/trials/7-attempt-2/std_log.txt");
  CHECK(folder.outputs() == "/jobs/lr/trials/7-attempt-2/named_outputs");
  CHECK(folder.artifacts() == "/jobs/lr/trials/7-attempt-2/artifacts");
}

TEST_CASE("without code the working folder has outputs and logs alone", "[attempt_folder]") {
  TemporaryFolder home;
  const auto order = order_with_code("");
  const AttemptFolder folder = attempt_folder(home.file("jobs"), order);
  REQUIRE(make_folder(folder, order, {}));
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.work())) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"logs", "outputs"});
}

TEST_CASE("a code folder is copied with modes, links and hidden files", "[attempt_folder]") {
  TemporaryFolder home;
  const std::string code = home.file("code");
  write(code + "/train.py", "print()\n");
  write(code + "/run.sh", "#!/bin/sh\n", 0755);
  write(code + "/.hidden", "h");
  write(code + "/pkg/deep/data ü.bin", std::string("\0\xff\n", 3), 0600);
  fs::create_directory(code + "/empty");
  fs::create_symlink("train.py", code + "/link");
  fs::create_directory_symlink("pkg", code + "/package");
  fs::create_symlink("/no/such/target", code + "/dangling");
  const auto order = order_with_code(code);
  const AttemptFolder folder = attempt_folder(home.file("jobs"), order);
  REQUIRE(make_folder(folder, order, {}));
  const std::string work = folder.work();
  CHECK(text_of(work + "/train.py") == "print()\n");
  CHECK(mode_of(work + "/run.sh") == 0755);
  CHECK(text_of(work + "/.hidden") == "h");
  CHECK(text_of(work + "/pkg/deep/data ü.bin") == std::string("\0\xff\n", 3));
  CHECK(mode_of(work + "/pkg/deep/data ü.bin") == 0600);
  CHECK(fs::is_directory(work + "/empty"));
  CHECK(fs::read_symlink(work + "/link") == "train.py");
  CHECK(fs::read_symlink(work + "/package") == "pkg");
  CHECK(fs::read_symlink(work + "/dangling") == "/no/such/target");
}

TEST_CASE("a copy is the attempt's own: the original stays as it is", "[attempt_folder]") {
  TemporaryFolder home;
  write(home.file("code/a"), "before");
  const auto order = order_with_code(home.file("code"));
  const AttemptFolder folder = attempt_folder(home.file("jobs"), order);
  REQUIRE(make_folder(folder, order, {}));
  write(folder.work() + "/a", "after");
  CHECK(text_of(home.file("code/a")) == "before");
}

TEST_CASE("code that has outputs and logs of its own keeps them", "[attempt_folder]") {
  TemporaryFolder home;
  write(home.file("code/outputs/old"), "o");
  write(home.file("code/logs/old"), "l");
  const auto order = order_with_code(home.file("code"));
  const AttemptFolder folder = attempt_folder(home.file("jobs"), order);
  REQUIRE(make_folder(folder, order, {}));
  CHECK(text_of(folder.work() + "/outputs/old") == "o");
  CHECK(text_of(folder.work() + "/logs/old") == "l");
}

TEST_CASE("a link to a code folder is followed", "[attempt_folder]") {
  TemporaryFolder home;
  write(home.file("real/train.py"), "x");
  fs::create_directory_symlink("real", home.file("code"));
  const auto order = order_with_code(home.file("code"));
  const AttemptFolder folder = attempt_folder(home.file("jobs"), order);
  REQUIRE(make_folder(folder, order, {}));
  CHECK(text_of(folder.work() + "/train.py") == "x");
}

TEST_CASE("code that is gone is named", "[attempt_folder]") {
  TemporaryFolder home;
  const auto order = order_with_code(home.file("gone"));
  const auto made = make_folder(attempt_folder(home.file("jobs"), order), order, {});
  REQUIRE_FALSE(made);
  CHECK(made.error() == Error{ErrorCode::kSystem,
                              "cannot copy " + home.file("gone") + ": No such file or directory"});
}

TEST_CASE("code that may not be read is named", "[attempt_folder]") {
  TemporaryFolder home;
  write(home.file("code/a/secret"), "x", 0);
  const auto order = order_with_code(home.file("code"));
  const auto made = as_nobody(home.path(), [&] {
    return make_folder(attempt_folder(home.file("jobs"), order), order, {});
  });
  REQUIRE_FALSE(made);
  CHECK(made.error() == Error{ErrorCode::kSystem,
                              "cannot copy " + home.file("code/a/secret") + ": Permission denied"});
}

TEST_CASE("an attempt that is prepared again starts from an empty folder", "[attempt_folder]") {
  TemporaryFolder home;
  write(home.file("code/train.py"), "x");
  write(home.file("elsewhere/kept"), "y");
  const auto order = order_with_code(home.file("code"));
  const AttemptFolder folder = attempt_folder(home.file("jobs"), order);
  REQUIRE(make_folder(folder, order, {}));
  write(folder.work() + "/half", "of an earlier copy");
  write(folder.inputs() + "/data/a.csv", "likewise", 0400);
  fs::create_directory_symlink(home.file("elsewhere"), folder.work() + "/link");
  REQUIRE(make_folder(folder, order, {}));
  CHECK(text_of(folder.work() + "/train.py") == "x");
  CHECK_FALSE(fs::exists(folder.work() + "/half"));
  CHECK_FALSE(fs::exists(folder.inputs()));
  CHECK_FALSE(fs::exists(fs::symlink_status(folder.work() + "/link")));
  CHECK(fs::exists(home.file("elsewhere/kept")));
}

TEST_CASE("what an attempt of that name left that was started is kept under another name",
          "[attempt_folder]") {
  TemporaryFolder home;
  const auto order = order_with_code("");
  const AttemptFolder folder = attempt_folder(home.file("jobs"), order);
  for (const std::string result : {"first", "second", "third"}) {
    REQUIRE(make_folder(folder, order, {}));
    CHECK_FALSE(fs::exists(folder.work() + "/result"));
    write(folder.log(), "it ran");
    write(folder.work() + "/result", result);
  }
  CHECK(text_of(folder.root + ".before-1/work/result") == "first");
  CHECK(text_of(folder.root + ".before-2/work/result") == "second");
  CHECK(text_of(folder.work() + "/result") == "third");
}

TEST_CASE("a folder is removed only where no command has been started", "[attempt_folder]") {
  TemporaryFolder home;
  const auto order = order_with_code("");
  const AttemptFolder folder = attempt_folder(home.file("jobs"), order);
  REQUIRE(make_folder(folder, order, {}));
  remove_unstarted(folder);
  CHECK_FALSE(fs::exists(folder.root));
  remove_unstarted(folder);  // nothing is there
  REQUIRE(make_folder(folder, order, {}));
  write(folder.log(), "");
  remove_unstarted(folder);
  CHECK(fs::exists(folder.work()));
}

TEST_CASE("another attempt's folder is left as it is", "[attempt_folder]") {
  TemporaryFolder home;
  auto order = order_with_code("");
  const AttemptFolder first = attempt_folder(home.file("jobs"), order);
  REQUIRE(make_folder(first, order, {}));
  write(first.work() + "/outputs/result", "kept");
  ++order.attempt.attempt;
  REQUIRE(make_folder(attempt_folder(home.file("jobs"), order), order, {}));
  CHECK(text_of(first.work() + "/outputs/result") == "kept");
}

TEST_CASE("sockets and pipes among the code are left out", "[attempt_folder]") {
  TemporaryFolder home;
  write(home.file("code/train.py"), "x");
  REQUIRE(mkfifo(home.file("code/pipe").c_str(), 0600) == 0);
  const auto order = order_with_code(home.file("code"));
  const AttemptFolder folder = attempt_folder(home.file("jobs"), order);
  REQUIRE(make_folder(folder, order, {}));
  CHECK(text_of(folder.work() + "/train.py") == "x");
  CHECK_FALSE(fs::exists(folder.work() + "/pipe"));
}

TEST_CASE("a folder that cannot be made is named", "[attempt_folder]") {
  TemporaryFolder home;
  write(home.file("jobs"), "a file where the folder should be");
  const auto order = order_with_code("");
  const auto made = make_folder(attempt_folder(home.file("jobs"), order), order, {});
  REQUIRE_FALSE(made);
  CHECK(made.error() == Error{ErrorCode::kSystem, "cannot make the folder " + home.file("jobs") +
                                                      "/lr/trials/7-attempt-2: Not a directory"});
}

TEST_CASE("a copy of code that nobody may write can be written", "[attempt_folder]") {
  TemporaryFolder home;
  write(home.file("code/pkg/a"), "before", 0444);
  REQUIRE(chmod(home.file("code/pkg").c_str(), 0555) == 0);
  const auto order = order_with_code(home.file("code"));
  const AttemptFolder folder = attempt_folder(home.file("jobs"), order);
  REQUIRE(make_folder(folder, order, {}));
  CHECK(mode_of(folder.work() + "/pkg/a") == 0644);
  CHECK(mode_of(folder.work() + "/pkg") == 0755);
}

TEST_CASE("a copy that is no longer wanted ends before its next file", "[attempt_folder]") {
  TemporaryFolder home;
  write(home.file("code/a"), "a");
  const auto order = order_with_code(home.file("code"));
  const AttemptFolder folder = attempt_folder(home.file("jobs"), order);
  std::stop_source source;
  source.request_stop();
  const auto made = make_folder(folder, order, source.get_token());
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ErrorCode::kUnavailable);
  CHECK_FALSE(fs::exists(folder.work() + "/a"));
}

TEST_CASE("an output's folder is made, of a uri_file the folder around it", "[attempt_folder]") {
  TemporaryFolder home;
  launch::ProcessPlan plan;
  plan.outputs = {{home.file("named_outputs/model"), false},
                  {home.file("named_outputs/log/log"), true}};
  REQUIRE(make_outputs(plan));
  CHECK(fs::is_directory(home.file("named_outputs/model")));
  CHECK(fs::is_directory(home.file("named_outputs/log")));
  CHECK_FALSE(fs::exists(home.file("named_outputs/log/log")));
}

}  // namespace
}  // namespace trawl::worker
