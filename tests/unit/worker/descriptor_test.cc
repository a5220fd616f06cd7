// What a trial's process must not inherit: the worker's sockets, files and locks. A descriptor that
// leaks keeps a port taken and a lock held as long as some trial's grandchild lives.
#include <arpa/inet.h>
#include <array>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "protocol/mailbox.h"
#include "protocol/socket.h"
#include "tests/unit/sqlite/temporary_folder.h"
#include "tests/unit/worker/waiting.h"
#include "worker/endpoint.h"
#include "worker/keepers.h"
#include "worker/spool.h"

namespace trawl::worker {
namespace {

/// A client's connection to the endpoint, accepted and kept open.
class OpenConnection {
 public:
  explicit OpenConnection(const std::string& uri)
      : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const std::string prefix = "http://127.0.0.1:";
    REQUIRE(uri.starts_with(prefix));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(uri.substr(prefix.size()))));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    const std::string request = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n";
    REQUIRE(write(descriptor_, request.data(), request.size()) ==
            static_cast<ssize_t>(request.size()));
    pollfd polled{descriptor_, POLLIN, 0};
    REQUIRE(poll(&polled, 1, 20'000) == 1);  // it has answered, so it has accepted
  }
  ~OpenConnection() { close(descriptor_); }
  OpenConnection(const OpenConnection&) = delete;
  OpenConnection& operator=(const OpenConnection&) = delete;

 private:
  int descriptor_;
};

TEST_CASE("a process inherits none of the worker's descriptors", "[process]") {
  TemporaryFolder folder;
  protocol::Mailbox<int> mailbox;
  auto spool = Spool::open(folder.file("spool.db"), [](core::Report) {});
  REQUIRE(spool);
  const auto socket = tracking::open_socket({});
  REQUIRE(socket);
  Endpoint endpoint(spool->get(), {.socket = *socket});
  REQUIRE(endpoint.serve());
  auto router = protocol::Router::bind("ipc://" + folder.file("socket"));
  auto dealer = protocol::Dealer::connect("ipc://" + folder.file("socket"));
  REQUIRE(router);
  REQUIRE(dealer);
  core::LaunchOrder order;
  order.attempt = {{core::JobId{1}, 0}, 1};
  order.trial_name = "hello";
  order.experiment_name = "digits";
  const auto access = endpoint.open(order, {folder.file("artifacts"), folder.file("log")});
  REQUIRE(access);
  const OpenConnection connection(access->uri);

  std::array<int, 2> pipe_of_our_parent{};
  REQUIRE(pipe(pipe_of_our_parent.data()) == 0);  // whoever started us may have left some open

  auto keepers = Keepers::start({});
  REQUIRE(keepers);
  REQUIRE((*keepers)->launch(
      order.attempt, {{"/bin/ls", "/proc/self/fd"}, {}, folder.path(), folder.file("fds")}));
  CHECK(eventually([&] { return text_of(folder.file("fds")).ends_with("3\n"); }));
  for (const int descriptor : pipe_of_our_parent) close(descriptor);
  CHECK(text_of(folder.file("fds")) == "0\n1\n2\n3\n");  // 3: the folder that ls reads
  endpoint.close(order);
}

}  // namespace
}  // namespace trawl::worker
