// Attempts under real keepers: how their processes start and end, and that none is left.
#include <csignal>
#include <cstdlib>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/unit/worker/kept.h"

namespace trawl::worker {
namespace {

using core::Outcome;

constexpr Outcome::Kind kExited = Outcome::Kind::kExited;
constexpr Outcome::Kind kSignalled = Outcome::Kind::kSignalled;

bool ended_so(const Outcome& outcome, Outcome::Kind kind, int code) {
  return outcome.kind == kind && outcome.code == code;
}

TEST_CASE("a process gets its arguments, environment and folder, and nothing of ours", "[keeper]") {
  Kept kept;
  auto options = kept.shell("pwd; env; cat; echo to stderr >&2");
  options.environment.push_back({"WITH", "an = and ü"});
  options.environment.push_back({"EMPTY", ""});
  kept.start(options);
  CHECK(ended_so(kept.end(), kExited, 0));
  const std::string log = text_of(kept.file("log0"));
  CHECK_THAT(log, Catch::StartsWith(kept.folder() + "\n"));
  CHECK_THAT(log, Catch::Contains("\nWITH=an = and ü\n"));
  CHECK_THAT(log, Catch::Contains("\nEMPTY=\n"));
  CHECK_THAT(log, !Catch::Contains("HOME="));
  CHECK_THAT(log, Catch::EndsWith("to stderr\n"));
}

TEST_CASE("the log is the user's alone, and a second process appends to it", "[keeper]") {
  Kept kept;
  for (const char* word : {"one", "two"}) {
    kept.start(std::string("echo ") + word);
    CHECK(ended_so(kept.end(), kExited, 0));
  }
  CHECK(text_of(kept.file("log0")) == "one\ntwo\n");
  struct stat info {};
  REQUIRE(stat(kept.file("log0").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("each process has the umask that it was given, whatever ours is", "[keeper]") {
  Kept kept;
  for (const mode_t mask : {0022U, 0077U, 0002U}) {
    auto options = kept.shell("umask");
    options.umask = mask;
    kept.start(options);
    CHECK(ended_so(kept.end(), kExited, 0));
  }
  CHECK(text_of(kept.file("log0")) == "0022\n0077\n0002\n");
}

TEST_CASE("exit codes and signals come back, one after the other from one keeper", "[keeper]") {
  Kept kept;
  for (const int code : {0, 1, 42, 127, 255}) {
    kept.start("exit " + std::to_string(code));
    CHECK(ended_so(kept.end(), kExited, code));
  }
  for (const int signal : {SIGTERM, SIGKILL, SIGSEGV}) {
    kept.start("kill -" + std::to_string(signal) + " $$");
    CHECK(ended_so(kept.end(), kSignalled, signal));
  }
  CHECK(kept.keeper_processes().size() == 1);
}

TEST_CASE("a process leads a session and a group of its own, below its keeper", "[keeper]") {
  Kept kept;
  const pid_t leader = kept.start("exec sleep 1000");
  CHECK(getpgid(leader) == leader);
  CHECK(getsid(leader) == leader);
  REQUIRE(kept.keeper_processes().size() == 1);
  const pid_t keeper = kept.keeper_processes()[0];
  CHECK(eventually([&] { return children_named(keeper, "sleep") == std::vector{leader}; }));
}

TEST_CASE("signals that the worker blocks or ignores work in the process", "[keeper]") {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  REQUIRE(pthread_sigmask(SIG_BLOCK, &blocked, &before) == 0);
  const auto ignored = signal(SIGTERM, SIG_IGN);
  const auto pipe_ignored = signal(SIGPIPE, SIG_IGN);
  Kept kept;
  signal(SIGPIPE, pipe_ignored);
  signal(SIGTERM, ignored);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  kept.start("grep -E 'Sig(Blk|Ign)' /proc/self/status");
  kept.end();
  CHECK(text_of(kept.file("log0")) == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_CASE("what cannot be started is named with the reason, and the keeper goes on", "[keeper]") {
  Kept kept;
  const auto reason = [&](const SpawnOptions& options) {
    REQUIRE(kept.keepers().launch(attempt_of(0), options));
    return kept.next<Keepers::Unstarted>().reason;
  };
  CHECK(reason(kept.options({"/no/such/program"})) ==
        "cannot start /no/such/program in " + kept.folder() + ": No such file or directory");

  auto options = kept.shell("true");
  options.working_folder = kept.file("gone");
  CHECK(reason(options) ==
        "cannot start /bin/sh in " + kept.file("gone") + ": No such file or directory");

  options = kept.shell("true");
  options.log_path = kept.file("gone/log");
  CHECK(reason(options) == "cannot start /bin/sh in " + kept.folder() + ": cannot open its log " +
                               kept.file("gone/log") + ": No such file or directory");

  CHECK(reason(kept.shell("# " + std::string(1 << 20, 'x'))) ==
        "cannot start /bin/sh in " + kept.folder() + ": Argument list too long");

  kept.start("exit 3");
  CHECK(ended_so(kept.end(), kExited, 3));
  CHECK(kept.keeper_processes().size() == 1);
}

TEST_CASE("what no process could ever get is refused at once", "[keeper]") {
  Kept kept;
  const auto refused = [&](const SpawnOptions& options) {
    const auto launched = kept.keepers().launch(attempt_of(0), options);
    REQUIRE_FALSE(launched);
    return launched.error();
  };
  const std::string what = "cannot start /bin/sh in " + kept.folder() + ": ";
  CHECK(refused(kept.shell(std::string(9 << 20, 'x'))) ==
        Error{ErrorCode::kSystem, what + "Argument list too long"});
  CHECK(refused(kept.shell(std::string("a\0b", 3))) ==
        Error{ErrorCode::kInvalid,
              what + "an argument or a variable of the environment holds a NUL character"});
}

TEST_CASE("a large environment arrives whole", "[keeper]") {
  constexpr int kCount = 1000;
  constexpr int kLength = 1000;
  Kept kept;
  auto options = kept.shell("env | grep -c '^V[0-9]*=x*$'; env | wc -c");
  for (int i = 0; i < kCount; ++i) {
    options.environment.push_back({"V" + std::to_string(i), std::string(kLength, 'x')});
  }
  kept.start(options);
  CHECK(ended_so(kept.end(), kExited, 0));
  const std::string log = text_of(kept.file("log0"));
  REQUIRE_THAT(log, Catch::StartsWith("1000\n"));
  CHECK(std::stol(log.substr(5)) > kCount * kLength);
}

TEST_CASE("attempts that run at once have keepers of their own, which are used again", "[keeper]") {
  Kept kept;
  kept.start("exec sleep 1000", 0);
  kept.start("exec sleep 1000", 1);
  CHECK(kept.keeper_processes().size() == 2);
  kept.keepers().terminate(attempt_of(1));
  CHECK(ended_so(kept.end(1), kSignalled, SIGTERM));
  CHECK(kept.is_quiet(0));
  kept.start("exit 0", 2);
  CHECK(ended_so(kept.end(2), kExited, 0));
  CHECK(kept.keeper_processes().size() == 2);
}

TEST_CASE("an idle keeper is let go after a while, one with an attempt is not", "[keeper]") {
  Kept kept;
  kept.start("exec sleep 1000", 0);
  kept.start("exit 0", 1);
  kept.end(1);
  const Instant now{};
  const auto next = kept.keepers().retire(now);
  REQUIRE(next);
  CHECK(*next > now);
  CHECK(kept.keeper_processes().size() == 2);
  CHECK(kept.keepers().retire(*next) == std::nullopt);
  CHECK(eventually([&] { return kept.keeper_processes().size() == 1; }));
  CHECK(kept.is_quiet(0));
  CHECK(kept.living().size() == 1);
}

TEST_CASE("processor time and the largest process are of the whole tree, attempt by attempt",
          "[keeper]") {
  Kept kept;
  kept.start(
      "python3 -c 'import os; x = bytearray(60 << 20); n = 0\n"
      "while os.times().user < 0.2: n += 1' & wait; exit 0");
  const Outcome large = kept.end();
  CHECK(large.cpu >= std::chrono::milliseconds(200));
  CHECK(large.max_rss_bytes >= 60 << 20);
  CHECK_FALSE(large.out_of_memory);
  kept.start("exit 0");
  const Outcome small = kept.end();
  CHECK(small.cpu < large.cpu);
  CHECK(small.max_rss_bytes > 0);
  CHECK(small.max_rss_bytes < 60 << 20);
}

// --- what is left when the leader ends

TEST_CASE("what a leader leaves behind is killed before its end is told", "[keeper][tree]") {
  Kept kept;
  kept.start(
      "sleep 1000 & setsid sleep 1000 & (setsid sh -c 'trap \"\" TERM; sleep 1000 & sleep 1000' &) "
      "; env -i sh -c '(sleep 1000 &)'; exit 7");
  CHECK(ended_so(kept.end(), kExited, 7));
  CHECK(kept.living().empty());
}

TEST_CASE("a stop reaches every process, in whatever session, and its outcome is the leader's",
          "[keeper][tree]") {
  Kept kept;
  kept.start(
      "trap 'exit 5' TERM; setsid sleep 1000 & (setsid sh -c 'echo $$ > far; exec env -i sleep "
      "1000' &); sleep 1000 & echo $$ > near; wait");
  kept.number_in("far");
  kept.number_in("near");
  // A shell that has forked and not yet begun the program would catch the signal and forget it.
  REQUIRE(
      eventually([&] { return kept.living().size() == 4 && kept.living("sleep").size() == 3; }));
  kept.keepers().terminate(attempt_of(0));
  CHECK(ended_so(kept.end(), kExited, 5));
  CHECK(kept.living().empty());
}

TEST_CASE("a stop also reaches processes whose parents end at that moment", "[keeper][tree]") {
  constexpr int kRounds = 50;
  Kept kept;
  for (int round = 0; round < kRounds; ++round) {
    CAPTURE(round);
    kept.start("sleep 1000 & setsid sleep 1000 & (setsid sleep 1000 &) ; : > ready; wait");
    REQUIRE(eventually([&] { return access(kept.file("ready").c_str(), F_OK) == 0; }));
    REQUIRE(unlink(kept.file("ready").c_str()) == 0);
    kept.keepers().terminate(attempt_of(0));
    CHECK(ended_so(kept.end(), kSignalled, SIGTERM));
  }
}

TEST_CASE("after a stop the rest has its grace also without the leader", "[keeper][tree]") {
  Kept kept;
  const pid_t leader = kept.start(
      "(setsid sh -c 'trap \"echo saved > saved\" TERM; echo $$ > far; while :; do "
      "sleep 0.01; done' &); exec sleep 1000");
  const pid_t far = kept.number_in("far");
  kept.keepers().terminate(attempt_of(0));
  CHECK(eventually([&] { return is_gone(leader); }));
  CHECK(eventually([&] { return text_of(kept.file("saved")) == "saved\n"; }));
  CHECK_FALSE(is_gone(far));
  CHECK(kept.is_quiet());
  kept.keepers().kill(attempt_of(0));
  CHECK(ended_so(kept.end(), kSignalled, SIGTERM));
  CHECK(kept.living().empty());
}

TEST_CASE("a stopped process is woken so that it can end", "[keeper][tree]") {
  Kept kept;
  kept.start("trap 'exit 6' TERM; kill -STOP $$; sleep 1000");
  const pid_t leader = kept.living().at(0);
  REQUIRE(eventually([&] {
    return text_of("/proc/" + std::to_string(leader) + "/stat").find(") T ") != std::string::npos;
  }));
  kept.keepers().terminate(attempt_of(0));
  CHECK(ended_so(kept.end(), kExited, 6));
}

TEST_CASE("an ignored SIGTERM ends with the kill", "[keeper][tree]") {
  Kept kept;
  kept.start("trap '' TERM; setsid sleep 1000 & echo $$ > ready; while :; do sleep 1000; done");
  kept.number_in("ready");
  kept.keepers().terminate(attempt_of(0));
  kept.keepers().kill(attempt_of(0));
  CHECK(ended_so(kept.end(), kSignalled, SIGKILL));
  CHECK(kept.living().empty());
}

TEST_CASE("processes that keep forking lose, in one group or each in a session", "[keeper][tree]") {
  const std::string script = GENERATE(
      // many at once
      "echo $$ > ready; spin() { while :; do (exec sleep 0.01) & done; }; spin & spin",
      // each starts its successor, in a new session, and ends
      "export step='setsid sh -c \"$step\" & exit'; setsid sh -c \"$step\"; echo $$ > ready; "
      "exec sleep 1000");
  Kept kept;
  kept.start(script);
  kept.number_in("ready");
  kept.keepers().kill(attempt_of(0));
  CHECK(ended_so(kept.end(), kSignalled, SIGKILL));
  CHECK(kept.living().empty());
}

TEST_CASE("a stop that comes too late changes nothing", "[keeper]") {
  Kept kept;
  kept.start("exit 0", 0);
  kept.end(0);
  kept.keepers().terminate(attempt_of(0));
  kept.keepers().kill(attempt_of(0));
  kept.start("exit 4", 1);
  CHECK(ended_so(kept.end(1), kExited, 4));
}

TEST_CASE("of random trees nothing is left after a stop at a random moment", "[keeper][tree]") {
  constexpr int kTrees = 100;
  Kept kept;
  for (int seed = 0; seed < kTrees; ++seed) {
    CAPTURE(seed);
    kept.start(kept.options({RANDOM_TREE, std::to_string(seed)}));
    std::this_thread::sleep_for(std::chrono::microseconds(seed * 7919 % 10'000));
    if (seed % 3 != 0) kept.keepers().terminate(attempt_of(0));
    kept.keepers().kill(attempt_of(0));
    kept.end();
    REQUIRE(kept.living().empty());
  }
}

// --- who is killed

TEST_CASE("when the worker goes, everything goes", "[keeper][tree]") {
  Kept kept;
  kept.start("trap '' TERM; setsid sleep 1000 & echo $$ > ready; sleep 1000", 0);
  kept.start(kept.options({RANDOM_TREE, "4"}, 1), 1);
  kept.number_in("ready");
  const std::vector<pid_t> keepers = kept.keeper_processes();
  kept.end_worker();  // closes its sockets, as the kernel does for a killed one
  CHECK(kept.living().empty());
  for (const pid_t keeper : keepers) CHECK(is_gone(keeper));
}

TEST_CASE("a killed keeper costs its own attempt and leaves nothing", "[keeper][tree]") {
  Kept kept;
  kept.start("exec sleep 1000", 0);
  kept.start(
      "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 1000' & while [ ! -e gate ]; do sleep "
      "0.01; done; kill -KILL $PPID; sleep 1000",
      1);
  std::ofstream(kept.file("gate")) << "open\n";  // once the keeper has said that it started
  const auto ended = kept.next<Keepers::Ended>(1);
  CHECK(ended.outcome.kind == Outcome::Kind::kOrphaned);
  CHECK_THAT(ended.outcome.detail, Catch::Contains("was killed"));
  CHECK_FALSE(ended.is_unattended);
  CHECK(kept.living().size() == 1);
  CHECK(kept.is_quiet(0));
  kept.start("exit 0", 2);
  CHECK(ended_so(kept.end(2), kExited, 0));
}

TEST_CASE("a trial that stops its keeper can be stopped", "[keeper]") {
  Kept kept;
  kept.start("kill -STOP $PPID; echo > stopped; exec sleep 1000");
  REQUIRE(eventually([&] { return std::filesystem::exists(kept.file("stopped")); }));
  SECTION("by a request") {
    kept.keepers().terminate(attempt_of(0));
    CHECK(ended_so(kept.end(), kSignalled, SIGTERM));
  }
  SECTION("by the worker's end") {
    kept.end_worker();  // waits for the nursery, which waits for its keepers
  }
  CHECK(kept.living().empty());
}

TEST_CASE("a nursery that was stopped makes keepers, and lets stopped ones go on", "[keeper]") {
  Kept kept;
  kept.start("exec sleep 1000", 0);
  REQUIRE(kill(kept.nursery(), SIGSTOP) == 0);
  REQUIRE(kill(kept.keeper_processes().at(0), SIGSTOP) == 0);
  SECTION("a keeper for another attempt") {
    kept.start("exit 3", 1);
    CHECK(ended_so(kept.end(1), kExited, 3));
  }
  SECTION("a stop of the one that runs") {
    kept.keepers().terminate(attempt_of(0));
    CHECK(ended_so(kept.end(), kSignalled, SIGTERM));
  }
}

TEST_CASE("a trial that stops its keeper without end loses it, and ends with it",
          "[keeper][tree]") {
  Kept kept;
  kept.start(
      "trap '' TERM; keeper=$PPID; setsid sh -c 'sleep 1000' & "
      "while [ ! -e gate ]; do sleep 0.01; done; while kill -STOP $keeper; do :; done; "
      "sleep 1000");
  std::ofstream(kept.file("gate")) << "open\n";  // once the keeper has said that it started
  CHECK(kept.end().kind == Outcome::Kind::kOrphaned);
  CHECK(kept.living().empty());
}

TEST_CASE("an idle keeper that is killed is replaced", "[keeper]") {
  Kept kept;
  kept.start("exit 0");
  kept.end();
  const pid_t keeper = kept.keeper_processes().at(0);
  REQUIRE(kill(keeper, SIGKILL) == 0);
  REQUIRE(eventually([&] { return is_gone(keeper); }));
  kept.start("exit 9");
  CHECK(ended_so(kept.end(), kExited, 9));
}

TEST_CASE("a killed nursery is replaced, and running attempts go on", "[keeper]") {
  Kept kept;
  kept.start("while [ ! -e gate ]; do sleep 0.01; done; exit 8", 0);
  const pid_t nursery = kept.nursery();
  REQUIRE(kill(nursery, SIGKILL) == 0);
  REQUIRE(eventually([&] { return kept.is_quiet(0) && is_gone(nursery); }));
  REQUIRE(eventually([&] {
    const auto nurseries = children_named(getpid(), "trawl-nursery");
    return kept.is_quiet(0) && nurseries.size() == 1 && nurseries.front() != nursery;
  }));
  kept.start("exit 1", 1);
  CHECK(ended_so(kept.end(1), kExited, 1));
  std::ofstream(kept.file("gate")) << "open\n";
  CHECK(ended_so(kept.end(0), kExited, 8));
}

TEST_CASE("a keeper killed without a nursery is told of as unattended", "[keeper]") {
  Kept kept;
  const pid_t leader = kept.start("exec sleep 1000");
  const pid_t keeper = kept.keeper_processes().at(0);
  REQUIRE(kill(kept.nursery(), SIGKILL) == 0);
  REQUIRE(kill(keeper, SIGKILL) == 0);
  const auto ended = kept.next<Keepers::Ended>();
  CHECK(ended.outcome.kind == Outcome::Kind::kOrphaned);
  CHECK(ended.is_unattended);
  CHECK(eventually([&] { return is_gone(leader); }));  // a leader dies with its keeper
}

}  // namespace
}  // namespace trawl::worker
