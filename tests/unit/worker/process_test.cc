// Real processes: how they start, how they end, and that none is left.
#include "worker/process.h"

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/unit/sqlite/temporary_folder.h"
#include "tests/unit/worker/waiting.h"

namespace trawl::worker {
namespace {

using core::Outcome;

/// A shell in a folder of its own. What it leaves behind is killed with it.
class Shell {
 public:
  explicit Shell(const std::string& script, std::vector<NamedText> environment = {}) {
    options_.argv = {"/bin/sh", "-c", script};
    options_.environment = std::move(environment);
    options_.environment.push_back({"PATH", "/usr/bin:/bin"});
    options_.working_folder = folder_.path();
    options_.log_path = file("log");
    auto started = spawn(options_);
    REQUIRE(started);
    process_ = *started;
  }
  ~Shell() {
    if (reaped_) return;
    signal_group(process_.pid, SIGKILL);
    reap(process_);
    close(process_.pidfd);
  }

  Outcome wait() {
    REQUIRE(has_ended(process_));
    const Outcome outcome = reap(process_);
    close(process_.pidfd);
    reaped_ = true;
    return outcome;
  }
  const Process& process() const { return process_; }
  std::string file(const std::string& name) const { return folder_.file(name); }
  std::string log() const { return text_of(file("log")); }

  /// The number that the script writes into the file, once it is there.
  pid_t number_in(const std::string& name) const {
    REQUIRE(eventually([&] { return text_of(file(name)).ends_with('\n'); }));
    return static_cast<pid_t>(std::stol(text_of(file(name))));
  }

 private:
  TemporaryFolder folder_;
  SpawnOptions options_;
  Process process_;
  bool reaped_ = false;
};

TEST_CASE("a process gets its arguments, environment and folder, and nothing of ours",
          "[process]") {
  Shell shell("pwd; env; cat; echo to stderr >&2", {{"WITH", "an = and ü"}, {"EMPTY", ""}});
  CHECK(shell.wait() == Outcome{Outcome::Kind::kExited, 0, ""});
  CHECK_THAT(shell.log(),
             Catch::StartsWith(shell.file("").substr(0, shell.file("").size() - 1) + "\n"));
  CHECK_THAT(shell.log(), Catch::Contains("\nWITH=an = and ü\n"));
  CHECK_THAT(shell.log(), Catch::Contains("\nEMPTY=\n"));
  CHECK_THAT(shell.log(), !Catch::Contains("HOME="));
  CHECK_THAT(shell.log(), Catch::EndsWith("to stderr\n"));
}

TEST_CASE("the log is the user's alone, and a second process appends to it", "[process]") {
  TemporaryFolder folder;
  for (const char* word : {"one", "two"}) {
    const auto process =
        spawn({{"/bin/sh", "-c", std::string("echo ") + word}, {}, "/", folder.file("log")});
    REQUIRE(process);
    REQUIRE(has_ended(*process));
    CHECK(reap(*process).code == 0);
    close(process->pidfd);
  }
  CHECK(text_of(folder.file("log")) == "one\ntwo\n");
  struct stat info {};
  REQUIRE(stat(folder.file("log").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("an exit code comes back", "[process]") {
  for (const int code : {0, 1, 42, 127, 255}) {
    Shell shell("exit " + std::to_string(code));
    CHECK(shell.wait() == Outcome{Outcome::Kind::kExited, code, ""});
  }
}

TEST_CASE("a signal that ended it comes back", "[process]") {
  for (const int signal : {SIGTERM, SIGKILL, SIGSEGV}) {
    Shell shell("kill -" + std::to_string(signal) + " $$");
    CHECK(shell.wait() == Outcome{Outcome::Kind::kSignalled, signal, ""});
  }
}

TEST_CASE("a process leads a session and a group of its own", "[process]") {
  Shell shell("exec sleep 1000");
  CHECK(getpgid(shell.process().pid) == shell.process().pid);
  CHECK(getsid(shell.process().pid) == shell.process().pid);
}

TEST_CASE("signals that we block or ignore work in the process", "[process]") {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  REQUIRE(pthread_sigmask(SIG_BLOCK, &blocked, &before) == 0);
  const auto ignored = signal(SIGTERM, SIG_IGN);
  Shell shell("exec sleep 1000");
  signal(SIGTERM, ignored);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  signal_group(shell.process().pid, SIGTERM);
  CHECK(shell.wait() == Outcome{Outcome::Kind::kSignalled, SIGTERM, ""});
}

TEST_CASE("a program that is not there is named", "[process]") {
  TemporaryFolder folder;
  const auto started = spawn({{"/no/such/program"}, {}, folder.path(), folder.file("log")});
  REQUIRE_FALSE(started);
  CHECK(started.error() ==
        Error{ErrorCode::kSystem,
              "cannot start /no/such/program in " + folder.path() + ": No such file or directory"});
}

TEST_CASE("a working folder that is not there is named", "[process]") {
  TemporaryFolder folder;
  const auto started =
      spawn({{"/bin/sh", "-c", "true"}, {}, folder.file("gone"), folder.file("log")});
  REQUIRE_FALSE(started);
  CHECK_THAT(started.error().message, Catch::Contains(folder.file("gone")));
}

TEST_CASE("an argument that is too long is refused in words", "[process]") {
  TemporaryFolder folder;
  const auto started = spawn(
      {{"/bin/sh", "-c", "# " + std::string(1 << 20, 'x')}, {}, folder.path(), folder.file("log")});
  REQUIRE_FALSE(started);
  CHECK(started.error().message ==
        "cannot start /bin/sh in " + folder.path() + ": Argument list too long");
}

TEST_CASE("a group's signal reaches its children", "[process]") {
  Shell shell("sleep 1000 & echo $! > child; wait");
  const pid_t child = shell.number_in("child");
  signal_group(shell.process().pid, SIGTERM);
  CHECK(shell.wait() == Outcome{Outcome::Kind::kSignalled, SIGTERM, ""});
  CHECK(eventually([&] { return is_gone(child); }));
  signal_group(shell.process().pid, SIGTERM);  // none is left: nothing happens
}

TEST_CASE("marked processes end also in sessions of their own, by whole marker", "[process]") {
  const std::string home = TemporaryFolder().path();  // a name that no other test has
  const auto marked = [&](const std::string& marker) {
    return std::vector<NamedText>{{"TRAWL_ATTEMPT", home + marker}};
  };
  Shell shell("setsid sh -c 'echo $$ > child; exec sleep 1000' & wait", marked(":attempt/1.0.1"));
  Shell other("echo $$ > self; exec sleep 1000", marked(":attempt/1.0.10"));
  Shell unmarked("echo $$ > self; exec sleep 1000", {{"OTHER", home + ":attempt/1.0.1"}});
  const pid_t child = shell.number_in("child");
  other.number_in("self");
  unmarked.number_in("self");
  REQUIRE(getsid(child) == child);
  kill_marked(home + ":attempt/1.0.1", false);
  CHECK(is_gone(child));
  CHECK(shell.wait() == Outcome{Outcome::Kind::kSignalled, SIGKILL, ""});
  CHECK_FALSE(is_gone(other.process().pid));
  CHECK_FALSE(is_gone(unmarked.process().pid));
  kill_marked(home + ":attempt/1.0.1", false);  // none is left
  kill_marked(home + ":", true);
  CHECK(is_gone(other.process().pid));
  CHECK_FALSE(is_gone(unmarked.process().pid));
}

TEST_CASE("marked processes that keep forking end too", "[process]") {
  const std::string marker = TemporaryFolder().path() + ":x";
  Shell shell("echo $$ > self; spin() { while :; do (exec sleep 0.01) & done; }; spin & spin",
              {{"TRAWL_ATTEMPT", marker}});
  shell.number_in("self");
  kill_marked(marker, false);
  CHECK(shell.wait() == Outcome{Outcome::Kind::kSignalled, SIGKILL, ""});
}

TEST_CASE("a process inherits our variables, less some, plus some", "[process]") {
  setenv("TRAWL_TEST_KEPT", "kept=1", 1);
  setenv("TRAWL_TEST_DROPPED", "x", 1);
  setenv("TRAWL_TEST_REPLACED", "old", 1);
  const auto environment =
      environment_with({{"TRAWL_TEST_REPLACED", "new"},
                        {"TRAWL_TEST_NEW", "1"},
                        {"TRAWL_TEST_NEW", "2"},
                        {"TRAWL_TEST_DROPPED_TOO", "back"}},
                       {"TRAWL_TEST_DROPPED", "TRAWL_TEST_DROPPED_TOO", "TRAWL_TEST_NEVER"});
  const auto value = [&](const std::string& name) {
    std::string found = "(none)";
    for (const NamedText& variable : environment) {
      if (variable.name != name) continue;
      CHECK(found == "(none)");  // once
      found = variable.text;
    }
    return found;
  };
  CHECK(value("TRAWL_TEST_KEPT") == "kept=1");
  CHECK(value("TRAWL_TEST_DROPPED") == "(none)");
  CHECK(value("TRAWL_TEST_REPLACED") == "new");
  CHECK(value("TRAWL_TEST_NEW") == "2");
  CHECK(value("TRAWL_TEST_DROPPED_TOO") == "back");
  for (const char* name : {"TRAWL_TEST_KEPT", "TRAWL_TEST_DROPPED", "TRAWL_TEST_REPLACED"})
    unsetenv(name);
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
