// Real ZeroMQ sockets over a Unix socket in a folder of the test's own, and threads that wake
// loops.
#include "protocol/socket.h"

#include <chrono>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "protocol/mailbox.h"
#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::protocol {
namespace {

using std::chrono::seconds;

/// Looks, and waits for something to look at, until there is something; fails at a deadline.
template <class Look>
auto await(const Waiter& waiter, const Look& look) {
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  auto found = look();
  while (!found) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= left.zero()) FAIL("nothing came");
    waiter.wait(std::chrono::duration_cast<Duration>(left));
    found = look();
  }
  return *found;
}

Received next(Router& router) {
  Waiter waiter;
  waiter.add(router);
  return await(waiter, [&] { return router.receive(); });
}

std::string next(Dealer& dealer) {
  Waiter waiter;
  waiter.add(dealer);
  return await(waiter, [&] { return dealer.receive(); });
}

Dealer::Change next_change(Dealer& dealer) {
  Waiter waiter;
  waiter.add(dealer);
  return await(waiter, [&] { return dealer.next_change(); });
}

class Place {
 public:
  std::string endpoint() const { return "ipc://" + folder_.file("socket"); }
  std::unique_ptr<Router> router() const {
    auto bound = Router::bind(endpoint());
    REQUIRE(bound);
    return std::move(*bound);
  }
  std::unique_ptr<Dealer> dealer() const {
    auto connected = Dealer::connect(endpoint());
    REQUIRE(connected);
    return std::move(*connected);
  }

 private:
  TemporaryFolder folder_;
};

TEST_CASE("messages go both ways, in order, of any size and content", "[socket]") {
  const Place place;
  const auto router = place.router();
  const auto dealer = place.dealer();
  CHECK(next_change(*dealer) == Dealer::Change::kUp);
  const std::vector<std::string> frames = {"one", "", std::string("\0\xff", 2),
                                           std::string(3'000'000, 'x')};
  for (const std::string& frame : frames) dealer->send(frame);
  std::string peer;
  for (const std::string& frame : frames) {
    const Received received = next(*router);
    CHECK((received.frame == frame));
    if (!peer.empty()) CHECK(received.peer == peer);
    peer = received.peer;
  }
  for (const std::string& frame : frames) router->send(peer, frame);
  for (const std::string& frame : frames) CHECK((next(*dealer) == frame));
  CHECK_FALSE(router->receive());
  CHECK_FALSE(dealer->receive());
}

TEST_CASE("each peer gets its own answers", "[socket]") {
  const Place place;
  const auto router = place.router();
  const auto first = place.dealer();
  const auto second = place.dealer();
  CHECK(next_change(*first) == Dealer::Change::kUp);
  CHECK(next_change(*second) == Dealer::Change::kUp);
  first->send("from first");
  second->send("from second");
  for (int i = 0; i < 2; ++i) {
    const Received received = next(*router);
    router->send(received.peer, "to the one " + received.frame);
  }
  CHECK(next(*first) == "to the one from first");
  CHECK(next(*second) == "to the one from second");
}

TEST_CASE("a dealer that was there first connects when the router comes", "[socket]") {
  const Place place;
  const auto dealer = place.dealer();
  dealer->send("to nobody");  // dropped: nothing is queued for a link that is not up
  const auto router = place.router();
  CHECK(next_change(*dealer) == Dealer::Change::kUp);
  dealer->send("hello");
  CHECK(next(*router).frame == "hello");
}

TEST_CASE("a dealer is told when the router goes and when it is back", "[socket]") {
  const Place place;
  auto router = place.router();
  const auto dealer = place.dealer();
  CHECK(next_change(*dealer) == Dealer::Change::kUp);
  for (int round = 0; round < 3; ++round) {
    router.reset();
    CHECK(next_change(*dealer) == Dealer::Change::kDown);
    dealer->send("lost");
    router = place.router();
    CHECK(next_change(*dealer) == Dealer::Change::kUp);
    dealer->send("hello again");
    const Received received = next(*router);
    CHECK(received.frame == "hello again");
    router->send(received.peer, "welcome back");
    CHECK(next(*dealer) == "welcome back");
  }
  CHECK_FALSE(dealer->next_change());
}

TEST_CASE("a message to a peer that is gone is dropped", "[socket]") {
  const Place place;
  const auto router = place.router();
  auto dealer = place.dealer();
  CHECK(next_change(*dealer) == Dealer::Change::kUp);
  dealer->send("hello");
  const std::string peer = next(*router).peer;
  dealer.reset();
  for (int i = 0; i < 100; ++i) router->send(peer, "anybody there?");
  router->send("no such peer", "x");
  const auto other = place.dealer();
  CHECK(next_change(*other) == Dealer::Change::kUp);
  other->send("I am");
  CHECK(next(*router).frame == "I am");
}

TEST_CASE("an address that cannot be had is named", "[socket]") {
  TemporaryFolder folder;
  const std::string endpoint = "ipc://" + folder.file("no/such/folder/socket");
  const auto bound = Router::bind(endpoint);
  REQUIRE_FALSE(bound);
  CHECK(bound.error() ==
        Error{ErrorCode::kSystem, "cannot listen on " + endpoint + ": No such file or directory"});
  const auto connected = Dealer::connect("nonsense");
  REQUIRE_FALSE(connected);
  CHECK(connected.error().code == ErrorCode::kUnavailable);
  CHECK_THAT(connected.error().message, Catch::StartsWith("cannot connect to nonsense: "));
}

TEST_CASE("things that other threads push wake the loop, each once, in order", "[mailbox]") {
  constexpr int kCount = 10'000;
  Mailbox<int> mailbox;
  std::thread pusher([&] {
    for (int i = 0; i < kCount; ++i) mailbox.push(i);
  });
  Waiter waiter;
  waiter.add(mailbox.descriptor());
  std::vector<int> taken;
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  while (taken.size() < kCount && std::chrono::steady_clock::now() < until) {
    waiter.wait(seconds(20));
    for (const int item : mailbox.take()) taken.push_back(item);
  }
  pusher.join();
  REQUIRE(taken.size() == kCount);
  CHECK(std::is_sorted(taken.begin(), taken.end()));
  CHECK(mailbox.take().empty());
}

TEST_CASE("a wait for sockets and a mailbox ends when any of them has something", "[mailbox]") {
  const Place place;
  const auto router = place.router();
  const auto dealer = place.dealer();
  CHECK(next_change(*dealer) == Dealer::Change::kUp);
  Mailbox<std::string> mailbox;
  Waiter waiter;
  waiter.add(*router);
  waiter.add(mailbox.descriptor());
  dealer->send("socket");
  CHECK(await(waiter, [&] { return router->receive(); }).frame == "socket");
  std::thread pusher([&] { mailbox.push("mailbox"); });
  CHECK(await(waiter, [&]() -> std::optional<std::string> {
          const auto items = mailbox.take();
          return items.empty() ? std::nullopt : std::optional(items[0]);
        }) == "mailbox");
  pusher.join();
}

TEST_CASE("a wait that nothing ends is over after its time, not before", "[mailbox]") {
  Mailbox<int> mailbox;
  Waiter waiter;
  waiter.add(mailbox.descriptor());
  for (const Duration timeout : {Duration(-5), Duration(0), Duration(1), Duration(2'500)}) {
    const auto start = std::chrono::steady_clock::now();
    waiter.wait(timeout);
    CHECK(std::chrono::steady_clock::now() - start >= timeout);
  }
}

}  // namespace
}  // namespace trawl::protocol
