// Real TCP connections on loopback with CURVE, beside the Unix socket of the same router.
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <catch2/catch.hpp>

#include "protocol/socket.h"
#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::protocol {
namespace {

using std::chrono::seconds;
using Change = Dealer::Change;

KeyPair fresh_keys() {
  auto keys = make_key_pair();
  REQUIRE(keys);
  return *keys;
}

/// A router on a Unix socket and on TCP, and the keys to it.
class Cluster {
 public:
  explicit Cluster(const std::string& host = "127.0.0.1", int port = 0) {
    auto bound = Router::bind(local_endpoint());
    REQUIRE(bound);
    router = std::move(*bound);
    const auto listening =
        router->listen({host, port}, {coordinator, worker.public_key, submitter.public_key});
    REQUIRE(listening);
    address = *listening;
  }

  std::string local_endpoint() const { return "ipc://" + folder_.file("socket"); }
  std::string endpoint() const { return endpoint_of(address); }
  std::unique_ptr<Dealer> dealer(const KeyPair& own, const std::string& server_key) const {
    auto connected = Dealer::connect(endpoint(), PeerKeys{own, server_key});
    REQUIRE(connected);
    return std::move(*connected);
  }
  std::unique_ptr<Dealer> dealer(const KeyPair& own) const {
    return dealer(own, coordinator.public_key);
  }

  /// Lets the router answer for keys until `look` has found something; fails at a deadline.
  template <class Look>
  auto await(Dealer& dealer, const Look& look) {
    const auto until = std::chrono::steady_clock::now() + seconds(30);
    auto found = look();
    while (!found) {
      if (std::chrono::steady_clock::now() >= until) FAIL("nothing came");
      Waiter waiter;
      waiter.add(*router);
      waiter.add(dealer);
      waiter.wait(seconds(1));
      if (auto received = router->receive()) inbox.push_back(std::move(*received));
      found = look();
    }
    return *found;
  }
  Change next_change(Dealer& dealer) {
    return await(dealer, [&] { return dealer.next_change(); });
  }
  Received next_message(Dealer& dealer) {
    return await(dealer, [&]() -> std::optional<Received> {
      if (inbox.empty()) return std::nullopt;
      Received received = std::move(inbox.front());
      inbox.erase(inbox.begin());
      return received;
    });
  }
  std::string next_answer(Dealer& dealer) {
    return await(dealer, [&] { return dealer.receive(); });
  }

  KeyPair coordinator = fresh_keys();
  KeyPair worker = fresh_keys();
  KeyPair submitter = fresh_keys();
  std::unique_ptr<Router> router;
  TcpAddress address;
  std::vector<Received> inbox;

 private:
  TemporaryFolder folder_;
};

TEST_CASE("a key says which role its messages have, and the local socket needs none",
          "[secure_socket]") {
  Cluster cluster;
  const auto worker = cluster.dealer(cluster.worker);
  const auto submitter = cluster.dealer(cluster.submitter);
  auto local = Dealer::connect(cluster.local_endpoint());
  REQUIRE(local);
  struct Case {
    Dealer* dealer;
    Role role;
    std::string address;
  };
  for (const auto& [dealer, role, address] : {Case{worker.get(), Role::kWorker, "127.0.0.1"},
                                              Case{submitter.get(), Role::kSubmitter, "127.0.0.1"},
                                              Case{local->get(), Role::kLocal, ""}}) {
    CHECK(cluster.next_change(*dealer) == Change::kUp);
    dealer->send("hello");
    const Received received = cluster.next_message(*dealer);
    CHECK(received.frame == "hello");
    CHECK(received.role == role);
    CHECK(received.address == address);
    cluster.router->send(received.peer, "to you");
    CHECK(cluster.next_answer(*dealer) == "to you");
  }
}

TEST_CASE("IPv6 is served as well", "[secure_socket]") {
  const int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 loopback{};
  loopback.sin6_family = AF_INET6;
  loopback.sin6_addr = in6addr_loopback;
  const bool has_v6 =
      probe >= 0 && bind(probe, reinterpret_cast<sockaddr*>(&loopback), sizeof loopback) == 0;
  if (probe >= 0) close(probe);
  if (!has_v6) {
    WARN("this machine has no IPv6");
    return;
  }
  Cluster cluster("::1");
  CHECK(to_string(cluster.address).starts_with("[::1]:"));
  const auto worker = cluster.dealer(cluster.worker);
  CHECK(cluster.next_change(*worker) == Change::kUp);
  worker->send("hello");
  CHECK(cluster.next_message(*worker).address == "::1");
}

TEST_CASE("a connection over TCP without a key gets nowhere", "[secure_socket]") {
  Cluster cluster;
  void* context = zmq_ctx_new();
  void* plain = zmq_socket(context, ZMQ_DEALER);
  const int no_linger = 0;
  zmq_setsockopt(plain, ZMQ_LINGER, &no_linger, sizeof no_linger);
  REQUIRE(zmq_connect(plain, cluster.endpoint().c_str()) == 0);
  REQUIRE(zmq_send(plain, "let me in", 9, 0) == 9);
  // What another peer sends later comes through, and what this one sent never does.
  for (int round = 0; round < 3; ++round) {
    const auto worker = cluster.dealer(cluster.worker);
    CHECK(cluster.next_change(*worker) == Change::kUp);
    worker->send("hello");
    CHECK(cluster.next_message(*worker).frame == "hello");
  }
  CHECK(cluster.inbox.empty());
  zmq_close(plain);
  zmq_ctx_term(context);
}

TEST_CASE("a key of another cluster is refused on both sides", "[secure_socket]") {
  Cluster cluster;
  const auto stranger = cluster.dealer(fresh_keys());
  CHECK(cluster.next_change(*stranger) == Change::kRefused);
  CHECK(stranger->refusal() ==
        "refuses this key: it is of another cluster, or has been replaced there");
  const auto refusal = cluster.router->next_refusal();
  REQUIRE(refusal);
  CHECK(refusal->address == "127.0.0.1");
  CHECK_FALSE(cluster.router->next_refusal());
  CHECK(cluster.next_change(*stranger) == Change::kRefused);  // it has tried again by itself
}

TEST_CASE("a coordinator with another key than expected is no coordinator", "[secure_socket]") {
  Cluster cluster;
  const auto dealer = cluster.dealer(cluster.worker, fresh_keys().public_key);
  CHECK(cluster.next_change(*dealer) == Change::kRefused);
  CHECK(dealer->refusal() ==
        "ended the handshake: it has another key than the key file names, or is no coordinator of "
        "trawl");
}

TEST_CASE("a refused key that is admitted later gets in by itself", "[secure_socket]") {
  const KeyPair worker = fresh_keys();
  auto cluster = std::make_unique<Cluster>();
  const int port = cluster->address.port;
  const auto dealer = cluster->dealer(worker, cluster->coordinator.public_key);
  CHECK(cluster->next_change(*dealer) == Change::kRefused);
  const KeyPair coordinator = cluster->coordinator;
  cluster.reset();
  TemporaryFolder folder;
  auto router = Router::bind("ipc://" + folder.file("socket"));
  REQUIRE(router);
  const auto until = std::chrono::steady_clock::now() + seconds(30);
  auto listening = (*router)->listen({"127.0.0.1", port},
                                     {coordinator, worker.public_key, fresh_keys().public_key});
  REQUIRE(listening);
  std::optional<Change> change;
  while (change != Change::kUp) {
    REQUIRE(std::chrono::steady_clock::now() < until);
    Waiter waiter;
    waiter.add(**router);
    waiter.add(*dealer);
    waiter.wait(seconds(1));
    (*router)->receive();
    change = dealer->next_change();
  }
}

TEST_CASE("a peer that is dropped loses its connection, and its messages are not seen",
          "[secure_socket]") {
  Cluster cluster;
  const auto dealer = cluster.dealer(cluster.worker);
  const auto other = cluster.dealer(cluster.worker);
  CHECK(cluster.next_change(*dealer) == Change::kUp);
  CHECK(cluster.next_change(*other) == Change::kUp);
  for (int i = 0; i < 100; ++i) dealer->send("junk");
  const Received junk = cluster.next_message(*dealer);
  cluster.inbox.clear();
  cluster.router->drop(junk);
  CHECK(cluster.next_change(*dealer) == Change::kDown);
  CHECK(cluster.inbox.empty());
  CHECK(cluster.next_change(*dealer) == Change::kUp);  // as a new peer
  dealer->send("again");
  const Received again = cluster.next_message(*dealer);
  CHECK(again.frame == "again");
  CHECK(again.peer != junk.peer);
  other->send("I was here all the time");
  CHECK(cluster.next_message(*other).frame == "I was here all the time");
  CHECK_FALSE(other->next_change());
}

TEST_CASE("a peer that floods is dropped while more of it waits than is read", "[secure_socket]") {
  Cluster cluster;
  const auto dealer = cluster.dealer(cluster.worker);
  CHECK(cluster.next_change(*dealer) == Change::kUp);
  for (int i = 0; i < 5000; ++i) dealer->send(std::string(1000, 'x'));
  const Received junk = cluster.next_message(*dealer);
  cluster.router->drop(junk);
  CHECK(cluster.next_change(*dealer) == Change::kDown);
}

TEST_CASE("a frame above the limit ends its connection unread", "[secure_socket]") {
  Cluster cluster;
  const auto dealer = cluster.dealer(cluster.worker);
  CHECK(cluster.next_change(*dealer) == Change::kUp);
  dealer->send(std::string(kInboundBytesMax - 1000, 'x'));
  CHECK(cluster.next_message(*dealer).frame.size() == kInboundBytesMax - 1000);
  dealer->send(std::string(kInboundBytesMax + 1000, 'x'));
  CHECK(cluster.next_change(*dealer) == Change::kDown);
  CHECK(cluster.inbox.empty());
}

TEST_CASE("a message of several parts is nobody's", "[secure_socket]") {
  Cluster cluster;
  auto local = Dealer::connect(cluster.local_endpoint());
  REQUIRE(local);
  void* context = zmq_ctx_new();
  void* odd = zmq_socket(context, ZMQ_DEALER);
  const int no_linger = 0;
  zmq_setsockopt(odd, ZMQ_LINGER, &no_linger, sizeof no_linger);
  REQUIRE(zmq_connect(odd, cluster.local_endpoint().c_str()) == 0);
  REQUIRE(zmq_send(odd, "one", 3, ZMQ_SNDMORE) == 3);
  REQUIRE(zmq_send(odd, "two", 3, 0) == 3);
  CHECK(cluster.next_message(**local).frame.empty());
  zmq_close(odd);
  zmq_ctx_term(context);
}

TEST_CASE("an address where nobody listens is said, and reached once somebody does",
          "[secure_socket]") {
  int port = 0;
  KeyPair coordinator;
  KeyPair worker;
  {
    const Cluster cluster;
    port = cluster.address.port;
    coordinator = cluster.coordinator;
    worker = cluster.worker;
  }
  auto dealer =
      Dealer::connect(endpoint_of({"127.0.0.1", port}), PeerKeys{worker, coordinator.public_key});
  REQUIRE(dealer);
  Waiter waiter;
  waiter.add(**dealer);
  const auto until = std::chrono::steady_clock::now() + seconds(30);
  std::optional<Change> change;
  while (!change) {
    REQUIRE(std::chrono::steady_clock::now() < until);
    waiter.wait(seconds(1));
    change = (*dealer)->next_change();
  }
  CHECK(*change == Change::kUnreachable);
  CHECK(why_unreachable({"127.0.0.1", port}) == "Connection refused");
}

TEST_CASE("a dealer that makes its link anew is a new peer", "[secure_socket]") {
  Cluster cluster;
  const auto dealer = cluster.dealer(cluster.worker);
  CHECK(cluster.next_change(*dealer) == Change::kUp);
  dealer->send("first");
  const Received first = cluster.next_message(*dealer);
  dealer->reconnect();
  CHECK(cluster.next_change(*dealer) == Change::kUp);
  dealer->send("second");
  const Received second = cluster.next_message(*dealer);
  CHECK(second.frame == "second");
  CHECK(second.peer != first.peer);
  cluster.router->send(first.peer, "to the old one");
  cluster.router->send(second.peer, "to the new one");
  CHECK(cluster.next_answer(*dealer) == "to the new one");
}

TEST_CASE("an address that is taken, or not this host's, is named", "[secure_socket]") {
  const Cluster cluster;
  TemporaryFolder folder;
  auto router = Router::bind("ipc://" + folder.file("socket"));
  REQUIRE(router);
  const ClusterKeys keys{cluster.coordinator, cluster.worker.public_key,
                         cluster.submitter.public_key};
  const auto taken = (*router)->listen(cluster.address, keys);
  REQUIRE_FALSE(taken);
  CHECK(taken.error() ==
        Error{ErrorCode::kConflict,
              "cannot listen on " + to_string(cluster.address) + ": Address already in use"});
}

}  // namespace
}  // namespace trawl::protocol
