// Attempts that go on without their worker, and the next worker that takes them over.
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>

#include "tests/unit/worker/kept.h"
#include "worker/handover.h"

namespace trawl::worker {
namespace {

using core::Outcome;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kLong = hours(1);
constexpr const char* kWaits = "while [ ! -e gate ]; do sleep 0.01; done; exit 8";

void open_gate(const Kept& kept) {
  std::ofstream(kept.file("gate")) << "open\n";
}

TEST_CASE("the next worker has what runs, with what it carries", "[takeover]") {
  Kept kept({.takeover = kLong});
  auto options = kept.shell(kWaits);
  options.carried = std::string("a\0b", 3);
  const pid_t leader = kept.start(options);
  const pid_t nursery = kept.nursery();
  kept.end_worker();
  REQUIRE(kept.take_over(kLong));
  const auto& adopted = kept.keepers().adopted();
  REQUIRE(adopted.size() == 1);
  CHECK(adopted[0].attempt == attempt_of(0));
  CHECK(adopted[0].pid == leader);
  CHECK_FALSE(adopted[0].has_ended);
  CHECK(adopted[0].carried == options.carried);
  CHECK(kept.nursery() == nursery);
  CHECK(kept.is_quiet());
  open_gate(kept);
  CHECK(kept.end().code == 8);
}

TEST_CASE("what was taken over can be stopped, and its keeper used again", "[takeover][tree]") {
  Kept kept({.takeover = kLong});
  kept.start("trap 'exit 5' TERM; (setsid sleep 1000 &); sleep 1000 & wait", 0);
  kept.start("trap '' TERM; while :; do sleep 1000; done", 1);
  // A shell that has forked and not yet begun the program would catch the signal and forget it.
  REQUIRE(eventually([&] { return kept.living("sleep").size() == 3; }));
  kept.end_worker();
  REQUIRE(kept.take_over(kLong));
  kept.keepers().terminate(attempt_of(0));
  CHECK(kept.end(0).code == 5);
  kept.keepers().terminate(attempt_of(1));
  kept.keepers().kill(attempt_of(1));
  CHECK(kept.end(1).kind == Outcome::Kind::kSignalled);
  CHECK(kept.living().empty());
  kept.start("exit 3", 2);
  CHECK(kept.end(2).code == 3);
  CHECK(kept.keeper_processes().size() == 2);
  kept.end_all();
  CHECK(find_nursery(kept.folder()) == std::nullopt);
}

TEST_CASE("an end that nobody saw is told to the next worker", "[takeover]") {
  Kept kept({.takeover = kLong});
  const pid_t leader = kept.start(kWaits);
  kept.end_worker();
  open_gate(kept);
  // Not even a zombie: its keeper has seen its end.
  REQUIRE(eventually([&] { return kill(leader, 0) != 0 && errno == ESRCH; }));
  REQUIRE(kept.take_over(kLong));
  REQUIRE(kept.keepers().adopted().size() == 1);
  CHECK(kept.keepers().adopted()[0].pid == leader);
  CHECK(kept.keepers().adopted()[0].has_ended);
  const Outcome outcome = kept.end();
  CHECK(outcome.kind == Outcome::Kind::kExited);
  CHECK(outcome.code == 8);
  CHECK(outcome.elapsed > Duration::zero());
}

TEST_CASE("the last end that a worker heard of is told again to the next one", "[takeover]") {
  Kept kept({.takeover = kLong});
  SECTION("of an attempt that ran") {
    kept.start("exit 4");
    kept.end();
    kept.end_worker();
    REQUIRE(kept.take_over(kLong));
    CHECK(kept.end().code == 4);
  }
  SECTION("of one that could not be started") {
    auto options = kept.shell("true");
    options.working_folder = kept.file("gone");
    REQUIRE(kept.keepers().launch(attempt_of(0), options));
    const std::string reason = kept.next<Keepers::Unstarted>().reason;
    kept.end_worker();
    REQUIRE(kept.take_over(kLong));
    REQUIRE(kept.keepers().adopted().size() == 1);
    CHECK(kept.keepers().adopted()[0].pid == 0);
    CHECK(kept.next<Keepers::Unstarted>().reason == reason);
  }
}

TEST_CASE("workers that die one after the other, also while they take over, lose nothing",
          "[takeover]") {
  constexpr int kWorkers = 20;
  constexpr int kAttempts = 8;
  Kept kept({.takeover = kLong});
  std::vector<pid_t> leaders;
  for (int number = 0; number < kAttempts; ++number) leaders.push_back(kept.start(kWaits, number));
  for (int worker = 0; worker < kWorkers; ++worker) {
    CAPTURE(worker);
    kept.end_worker();
    for (const bool answers : {false, true}) {
      auto found = find_nursery(kept.folder());
      REQUIRE(found);
      if (answers) send_packet(found->socket.get(), HandoverWish{});
    }
    REQUIRE(kept.take_over(kLong));
    REQUIRE(kept.keepers().adopted().size() == kAttempts);
  }
  for (const pid_t leader : leaders) CHECK_FALSE(is_gone(leader));
  open_gate(kept);
  for (int number = 0; number < kAttempts; ++number) CHECK(kept.end(number).code == 8);
}

TEST_CASE("when nobody comes in time, everything goes", "[takeover][tree]") {
  constexpr Duration kShort = milliseconds(300);
  Kept kept({.takeover = kShort});
  const pid_t nursery = kept.nursery();
  kept.start("trap '' TERM; (setsid sleep 1000 &); echo $$ > ready; sleep 1000");
  kept.number_in("ready");
  const BootTime begin = boot_now();
  kept.end_worker();
  CHECK(eventually([&] { return kept.living().empty(); }));
  CHECK(boot_now() - begin >= kShort);
  CHECK(waitpid(nursery, nullptr, 0) == nursery);
  CHECK_FALSE(kept.take_over(kShort));
}

TEST_CASE("where nothing runs, keepers and nursery go with their worker at once", "[takeover]") {
  Kept kept({.takeover = kLong});
  kept.keepers().warm_up();
  const pid_t nursery = kept.nursery();
  REQUIRE(eventually([&] { return kept.keeper_processes().size() == 1; }));
  kept.end_worker();
  CHECK(waitpid(nursery, nullptr, 0) == nursery);
  CHECK_FALSE(kept.take_over(kLong));
}

TEST_CASE("an idle keeper that is let go waits for nobody", "[takeover]") {
  Kept kept({.takeover = kLong});
  kept.start("exit 0");
  kept.end();
  const pid_t keeper = kept.keeper_processes().at(0);
  const auto until = kept.keepers().retire(Instant{});
  REQUIRE(until);
  kept.keepers().retire(*until);
  CHECK(eventually([&] { return is_gone(keeper); }));
}

TEST_CASE("a worker that takes nothing over has it ended", "[takeover][tree]") {
  Kept kept({.takeover = kLong});
  const pid_t nursery = kept.nursery();
  kept.start("trap '' TERM; (setsid env -i sleep 1000 &); echo $$ > ready; sleep 1000");
  kept.number_in("ready");
  kept.end_worker();
  CHECK_FALSE(kept.take_over(Duration::zero()));
  CHECK(waitpid(nursery, nullptr, 0) == nursery);
  CHECK(kept.living().empty());
}

TEST_CASE("end_all ends what would else wait for another worker", "[takeover][tree]") {
  Kept kept({.takeover = kLong});
  kept.start("trap '' TERM; (setsid env -i sleep 1000 &); echo $$ > ready; sleep 1000");
  kept.number_in("ready");
  SECTION("of this worker") {
    kept.end_all();
  }
  SECTION("of the one before") {
    kept.end_worker();
    REQUIRE(kept.take_over(kLong));
    kept.end_all();
  }
  CHECK(kept.living().empty());
}

// --- what else may be stopped or killed

TEST_CASE("a nursery and a keeper that are stopped are taken over all the same", "[takeover]") {
  Kept kept({.takeover = kLong});
  kept.start(kWaits);
  const pid_t nursery = kept.nursery();
  const pid_t keeper = kept.keeper_processes().at(0);
  REQUIRE(kill(nursery, SIGSTOP) == 0);
  REQUIRE(kill(keeper, SIGSTOP) == 0);
  kept.end_worker();
  REQUIRE(kill(nursery, SIGSTOP) == 0);  // the end has woken it
  REQUIRE(kept.take_over(kLong));
  REQUIRE(kept.keepers().adopted().size() == 1);
  open_gate(kept);
  CHECK(kept.end().code == 8);
}

TEST_CASE("a keeper that is killed while there is no worker leaves nothing", "[takeover][tree]") {
  Kept kept({.takeover = kLong});
  const pid_t leader = kept.start("(setsid sleep 1000 &); exec sleep 1000", 0);
  const pid_t keeper = kept.keeper_processes().at(0);
  kept.start(kWaits, 1);
  kept.end_worker();
  REQUIRE(kill(keeper, SIGKILL) == 0);
  REQUIRE(eventually([&] { return is_gone(leader); }));
  REQUIRE(kept.take_over(kLong));
  CHECK(kept.living("sleep").size() <= 1);  // of the other's script
  REQUIRE(kept.keepers().adopted().size() == 1);
  CHECK(kept.keepers().adopted()[0].attempt == attempt_of(1));
}

TEST_CASE("without a nursery nobody can take over, so attempts end with their worker",
          "[takeover]") {
  Kept kept({.takeover = kLong});
  const pid_t leader = kept.start("exec sleep 1000");
  const pid_t nursery = kept.nursery();
  REQUIRE(kill(nursery, SIGKILL) == 0);
  SECTION("it is killed first, and another one is there for further attempts") {
    REQUIRE(eventually([&] {
      const auto nurseries = children_named(getpid(), "trawl-nursery");
      return kept.is_quiet() && nurseries.size() == 1 && nurseries.front() != nursery;
    }));
    CHECK_FALSE(is_gone(leader));
    kept.start(kWaits, 1);
    kept.end_worker();
    CHECK(eventually([&] { return is_gone(leader); }));
    REQUIRE(kept.take_over(kLong));
    REQUIRE(kept.keepers().adopted().size() == 1);
    CHECK(kept.keepers().adopted()[0].attempt == attempt_of(1));
    kept.end_all();
  }
  SECTION("the worker dies before it has seen that") {
    kept.end_worker();
    CHECK(eventually([&] { return is_gone(leader); }));
    CHECK_FALSE(kept.take_over(kLong));
  }
}

TEST_CASE("a worker that takes over makes another nursery where the old one is killed",
          "[takeover]") {
  Kept kept({.takeover = kLong});
  kept.start(kWaits, 0);
  kept.end_worker();
  REQUIRE(kept.take_over(kLong));
  const pid_t nursery = kept.nursery();
  REQUIRE(kill(nursery, SIGKILL) == 0);
  REQUIRE(eventually([&] {
    const auto nurseries = children_named(getpid(), "trawl-nursery");
    return kept.is_quiet() && nurseries.size() == 1 && nurseries.front() != nursery;
  }));
  kept.start("exit 3", 1);
  CHECK(kept.end(1).code == 3);
  open_gate(kept);
  CHECK(kept.end(0).code == 8);
}

// --- how they find each other

TEST_CASE("the folder of a worker may have a long name", "[takeover]") {
  Kept place;
  const std::string folder = place.file(std::string(200, 'x'));
  REQUIRE(mkdir(folder.c_str(), 0700) == 0);
  NurseryOptions options;
  options.folder = folder;
  options.takeover = kLong;
  auto keepers = Keepers::start(options).value();
  REQUIRE(keepers->launch(attempt_of(0), place.shell("exec sleep 1000")));
  pollfd polled{keepers->descriptor(), POLLIN, 0};
  REQUIRE(poll(&polled, 1, 20'000) == 1);
  keepers.reset();
  keepers = Keepers::take_over(options).value();
  REQUIRE(keepers != nullptr);
  CHECK(keepers->adopted().size() == 1);
  keepers->end_all();
}

TEST_CASE("the socket is the user's alone", "[takeover]") {
  Kept kept({.takeover = kLong});
  struct stat info {};
  REQUIRE(eventually([&] { return stat(kept.file("nursery.sock").c_str(), &info) == 0; }));
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("lock and tracking socket are handed on", "[takeover]") {
  const Descriptor lock(eventfd(0, EFD_CLOEXEC));
  const Descriptor tracking(eventfd(0, EFD_CLOEXEC));
  Kept kept({.kept = lock.get(), .takeover = kLong, .tracking = tracking.get()});
  kept.start("exec sleep 1000");
  kept.end_worker();
  REQUIRE(kept.take_over(kLong));
  // The same open files: what is written to one is read from the other.
  for (const auto& [ours, given] : {std::pair(lock.get(), kept.keepers().options().kept),
                                    std::pair(tracking.get(), kept.keepers().options().tracking)}) {
    CHECK(given != ours);
    REQUIRE(eventfd_write(ours, 7) == 0);
    eventfd_t value = 0;
    REQUIRE(eventfd_read(given, &value) == 0);
    CHECK(value == 7);
  }
}

TEST_CASE("a nursery ends what it keeps for a worker of a build that it does not understand",
          "[takeover]") {
  Kept kept({.takeover = kLong});
  const pid_t leader = kept.start("exec sleep 1000");
  kept.end_worker();
  const auto found = find_nursery(kept.folder());
  REQUIRE(found);
  HandoverOffer offer;
  REQUIRE(
      receive_packet_until(found->socket.get(), offer, std::chrono::steady_clock::now() + kDeadline)
          .kind == Received::Kind::kPacket);
  CHECK(offer.magic == kHandoverMagic);
  CHECK(offer.version == kHandoverVersion);
  HandoverWish wish;
  wish.version = kHandoverVersion + 1;
  REQUIRE(send_packet(found->socket.get(), wish));
  CHECK(eventually([&] { return is_gone(leader); }));
}

TEST_CASE("who says something else is not listened to", "[takeover]") {
  Kept kept({.takeover = kLong});
  kept.start(kWaits);
  kept.end_worker();
  {
    const auto found = find_nursery(kept.folder());
    REQUIRE(found);
    HandoverWish wish;
    wish.magic[0] = 'x';
    wish.kind = HandoverWish::Kind::kEnd;
    REQUIRE(send_packet(found->socket.get(), wish));
    HandoverOffer offer;
    const auto until = std::chrono::steady_clock::now() + kDeadline;
    receive_packet_until(found->socket.get(), offer, until);
    CHECK(receive_packet_until(found->socket.get(), offer, until).kind == Received::Kind::kEnd);
  }
  REQUIRE(kept.take_over(kLong));
  open_gate(kept);
  CHECK(kept.end().code == 8);
}

TEST_CASE("a worker has a nursery of a build that it does not understand end", "[takeover]") {
  Kept place;
  const Descriptor socket = make_handover_socket(place.folder()).value();
  REQUIRE(listen_for_workers(socket.get()));
  const pid_t nursery = fork();
  REQUIRE(nursery >= 0);
  if (nursery == 0) {
    pollfd polled{socket.get(), POLLIN, 0};
    poll(&polled, 1, -1);
    const Descriptor worker = accept_worker(socket.get());
    HandoverOffer offer;
    offer.version = kHandoverVersion + 1;
    send_packet(worker.get(), offer);
    HandoverWish wish;
    receive_packet_until(worker.get(), wish, std::chrono::steady_clock::now() + kDeadline);
    _exit(wish.magic == kHandoverMagic && wish.kind == HandoverWish::Kind::kEnd ? 0 : 1);
  }
  CHECK_FALSE(place.take_over(kLong));
  int status = -1;
  CHECK(waitpid(nursery, &status, 0) == nursery);
  CHECK(status == 0);
}

// --- a real worker process

[[noreturn]] void be_worker(const Kept& place) {
  NurseryOptions options;
  options.folder = place.folder();
  options.takeover = kLong;
  auto keepers = Keepers::start(options).value();
  keepers->launch(attempt_of(0), place.shell("echo $$ > leader; exec sleep 1000"));
  while (true) pause();
}

TEST_CASE("what a killed worker had runs on and is taken over", "[takeover]") {
  Kept place;
  const pid_t worker = fork();
  REQUIRE(worker >= 0);
  if (worker == 0) be_worker(place);
  const pid_t leader = place.number_in("leader");
  REQUIRE(kill(worker, SIGKILL) == 0);
  REQUIRE(waitpid(worker, nullptr, 0) == worker);
  REQUIRE(place.take_over(kLong));
  REQUIRE(place.keepers().adopted().size() == 1);
  CHECK(place.keepers().adopted()[0].pid == leader);
  place.keepers().terminate(attempt_of(0));
  CHECK(place.end().code == SIGTERM);
  CHECK(is_gone(leader));
}

}  // namespace
}  // namespace trawl::worker
