// tests/unit/cli/snapshot_test.cc: what a submission keeps of a job's code and of its shell.
#include "cli/snapshot.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "cli/shell_environment.h"
#include "tests/unit/sqlite/temporary_folder.h"
#include "worker/environment.h"

namespace trawl::cli {
namespace {

namespace fs = std::filesystem;

void write(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The paths of a copy, sorted, with `/` behind folders and `->` before where a link leads.
std::vector<std::string> tree(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::string path = entry.path().lexically_relative(folder).string();
    if (entry.is_symlink()) {
      path += " -> " + fs::read_symlink(entry.path()).string();
    } else if (entry.is_directory()) {
      path += "/";
    }
    paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

using Paths = std::vector<std::string>;

struct Bench {
  TemporaryFolder folder;
  const std::string code = folder.file("code");
  const std::string home = folder.file("home");

  Snapshot take() {
    auto snapshot = take_snapshot({home, home + "/snapshots"}, code, {{"A", "1"}});
    REQUIRE(snapshot);
    return *snapshot;
  }
};

TEST_CASE("without code there is a file of variables alone", "[snapshot]") {
  TemporaryFolder folder;
  const auto snapshot = take_snapshot({folder.path(), folder.file("snapshots")}, "", {{"A", "1"}});
  REQUIRE(snapshot);
  CHECK(snapshot->code.empty());
  CHECK(tree(snapshot->folder) == Paths{"environment"});
  CHECK(worker::read_environment(snapshot->environment).value() ==
        std::vector<NamedText>{{"A", "1"}});
}

TEST_CASE(".amlignore says what is left out, and .gitignore where there is none", "[snapshot]") {
  Bench bench;
  write(bench.code + "/train.py", "x");
  write(bench.code + "/data/big.bin", "0123456789");
  write(bench.code + "/data/keep.csv", "k");
  write(bench.code + "/.git/HEAD", "ref");
  write(bench.code + "/.gitignore", "*.bin\n");
  CHECK(tree(bench.take().code) == Paths{".gitignore", "data/", "data/keep.csv", "train.py"});
  write(bench.code + "/.amlignore", "data/\n!.git\n");
  const Snapshot snapshot = bench.take();
  CHECK(tree(snapshot.code) == Paths{".amlignore", ".git/", ".git/HEAD", ".gitignore", "train.py"});
  CHECK(snapshot.file_count == 4);
  CHECK(snapshot.bytes == 3 + 6 + 1 + 12);
}

TEST_CASE("a link to what is copied stays a link, also an absolute one", "[snapshot]") {
  Bench bench;
  write(bench.code + "/pkg/a.py", "x");
  fs::create_symlink("pkg/a.py", bench.code + "/relative");
  fs::create_symlink(bench.code + "/pkg/a.py", bench.code + "/absolute");
  fs::create_symlink("../pkg", bench.code + "/pkg/self");
  fs::create_symlink("..", bench.code + "/pkg/up");
  CHECK(tree(bench.take().code) == Paths{"absolute -> pkg/a.py", "pkg/", "pkg/a.py",
                                         "pkg/self -> .", "pkg/up -> ..", "relative -> pkg/a.py"});
}

TEST_CASE("a link that leaves the code is followed", "[snapshot]") {
  Bench bench;
  write(bench.code + "/train.py", "x");
  write(bench.folder.file("lib/util.py"), "u");
  write(bench.folder.file("lib/skipped.log"), "s");
  fs::create_symlink("util.py", bench.folder.file("lib/alias.py"));
  fs::create_symlink("../lib", bench.code + "/lib");
  fs::create_symlink(bench.folder.file("lib/util.py"), bench.code + "/one.py");
  write(bench.code + "/.amlignore", "*.log\n");
  const Snapshot snapshot = bench.take();
  CHECK(tree(snapshot.code) ==
        Paths{".amlignore", "lib/", "lib/alias.py", "lib/util.py", "one.py", "train.py"});
  CHECK(text_of(snapshot.code + "/lib/alias.py") == "u");
  CHECK(snapshot.warnings.empty());
}

TEST_CASE("a link to what is left out is followed, and one that is left out is not", "[snapshot]") {
  Bench bench;
  write(bench.code + "/data/model.bin", "m");
  write(bench.folder.file("outside/x"), "x");
  fs::create_symlink("data/model.bin", bench.code + "/model.bin");
  fs::create_symlink("../outside", bench.code + "/outside");
  write(bench.code + "/.amlignore", "data/\noutside/\n");
  const Snapshot snapshot = bench.take();
  CHECK(tree(snapshot.code) == Paths{".amlignore", "model.bin"});
  CHECK(text_of(snapshot.code + "/model.bin") == "m");
}

TEST_CASE("a link that leads nowhere is kept, with a warning", "[snapshot]") {
  Bench bench;
  fs::create_directories(bench.code);
  fs::create_symlink("/no/such/file", bench.code + "/lost");
  const Snapshot snapshot = bench.take();
  CHECK(tree(snapshot.code) == Paths{"lost -> /no/such/file"});
  CHECK(snapshot.warnings ==
        Paths{"the link " + bench.code + "/lost leads nowhere, and is copied as it is"});
}

TEST_CASE("links in a circle are an error, and nothing stays behind", "[snapshot]") {
  Bench bench;
  fs::create_directories(bench.folder.file("outside"));
  fs::create_directories(bench.code);
  fs::create_symlink(".", bench.folder.file("outside/again"));
  fs::create_symlink("../outside", bench.code + "/outside");
  const auto folders = take_snapshot({bench.home, bench.home + "/snapshots"}, bench.code, {});
  REQUIRE_FALSE(folders);
  CHECK(folders.error() ==
        Error{ErrorCode::kInvalid, "the link " + bench.code +
                                       "/outside/again leads back to a folder that holds it: "
                                       "remove it, or name it in .amlignore"});
  CHECK(fs::is_empty(bench.home + "/snapshots"));
  fs::remove(bench.code + "/outside");
  fs::create_symlink("b", bench.code + "/a");
  fs::create_symlink("a", bench.code + "/b");
  const auto links = take_snapshot({bench.home, bench.home + "/snapshots"}, bench.code, {});
  REQUIRE_FALSE(links);
  CHECK(links.error().message ==
        "the link " + bench.code + "/a leads back to itself: remove it, or name it in .amlignore");
}

TEST_CASE("the state folder inside the code, sockets and pipes are left out", "[snapshot]") {
  Bench bench;
  write(bench.code + "/train.py", "x");
  const std::string home = bench.code + "/.trawl";
  write(home + "/trawl.db", "database");
  REQUIRE(mkfifo((bench.code + "/pipe").c_str(), 0600) == 0);
  const auto snapshot = take_snapshot({home, home + "/snapshots"}, bench.code, {});
  REQUIRE(snapshot);
  CHECK(tree(snapshot->code) == Paths{"train.py"});
}

TEST_CASE("code that is a single file keeps its name, also behind a link", "[snapshot]") {
  TemporaryFolder folder;
  write(folder.file("real.py"), "x");
  fs::create_symlink("real.py", folder.file("train.py"));
  const auto snapshot = take_snapshot({folder.file("home"), folder.file("home/snapshots")},
                                      folder.file("train.py"), {});
  REQUIRE(snapshot);
  CHECK(tree(snapshot->code) == Paths{"train.py"});
  CHECK(text_of(snapshot->code + "/train.py") == "x");
  CHECK(snapshot->file_count == 1);
}

TEST_CASE("a snapshot is a copy: what is written to the code later does not reach it",
          "[snapshot]") {
  Bench bench;
  write(bench.code + "/train.py", "before");
  const Snapshot snapshot = bench.take();
  write(bench.code + "/train.py", "after");
  CHECK(text_of(snapshot.code + "/train.py") == "before");
  struct stat info {};
  REQUIRE(stat((snapshot.code + "/train.py").c_str(), &info) == 0);
  CHECK(info.st_nlink == 1);
}

TEST_CASE("settings go along, the session and identities do not", "[snapshot]") {
  for (const char* name :
       {"PATH", "HOME", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "HF_TOKEN", "BASH_FUNC_module%%",
        "LANG", "MLFLOW_HTTP_REQUEST_TIMEOUT", "TERMINUS", "SLURM_JOB_ID", "OMP_NUM_THREADS"}) {
    CAPTURE(name);
    CHECK(goes_along(name));
  }
  for (const char* name :
       {"_", "PWD", "OLDPWD", "SHLVL", "TERM", "TERM_PROGRAM", "SSH_AUTH_SOCK", "DISPLAY",
        "WAYLAND_DISPLAY", "XDG_SESSION_ID", "DBUS_SESSION_BUS_ADDRESS", "LS_COLORS", "PS1",
        "TRAWL_ATTEMPT", "TRAWL_HOME", "AZUREML_RUN_ID", "MLFLOW_RUN_ID", "MLFLOW_TRACKING_TOKEN",
        "MLFLOW_TRACKING_URI"}) {
    CAPTURE(name);
    CHECK_FALSE(goes_along(name));
  }
}

}  // namespace
}  // namespace trawl::cli
