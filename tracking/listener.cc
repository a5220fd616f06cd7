// tracking/listener.cc: an epoll loop over idle connections. A connection is armed for one event
// (EPOLLONESHOT), so that it is either here or with one thread of the pool, never both.
#include "tracking/listener.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"

namespace trawl::tracking {
namespace {

constexpr int kBacklog = 1024;
// How long a thread stays with a connection that has just been answered: a client in a loop sends
// its next request within a few milliseconds, and watching costs two system calls and a wake-up.
constexpr std::chrono::milliseconds kLinger{10};

struct Address {
  sockaddr_storage bytes{};
  socklen_t size{};
};

// Nothing for text that is no address in digits.
std::optional<Address> parse_address(const std::string& text, int port) {
  Address address;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.bytes);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof(sockaddr_in);
    return address;
  }
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.bytes);
  if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof(sockaddr_in6);
    return address;
  }
  return std::nullopt;
}

int bound_port(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return -1;
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

// 0 or an errno.
int bind_and_listen(int socket, const Address& address) {
  const int on = 1;
  const bool bound =
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
      bind(socket, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) == 0 &&
      listen(socket, kBacklog) == 0;
  return bound ? 0 : errno;
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

Result<int> open_socket(const ServerSettings& settings) {
  const auto address = parse_address(settings.address, settings.port);
  if (!address) {
    return fail(ErrorCode::kInvalid, "Cannot listen for tracking at '" + settings.address +
                                         "': that is no IPv4 or IPv6 address in digits.");
  }
  const int socket =
      ::socket(address->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return fail_errno("Cannot make the tracking socket", errno);
  const int error_number = bind_and_listen(socket, *address);
  if (error_number != 0) {
    close(socket);
    if (error_number == EADDRINUSE) {
      return fail(ErrorCode::kConflict, "Port " + std::to_string(settings.port) + " of " +
                                            settings.address +
                                            " is taken; choose another for tracking.");
    }
    return fail_errno("Cannot listen for tracking at " + settings.address, error_number);
  }
  return socket;
}

Result<std::unique_ptr<Listener>> Listener::open(const ServerSettings& settings, Serve serve) {
  const bool is_given = settings.socket >= 0;
  const auto socket =
      is_given ? Result<int>(fcntl(settings.socket, F_DUPFD_CLOEXEC, 0)) : open_socket(settings);
  if (!socket) return tl::unexpected<Error>(socket.error());
  if (*socket < 0) return fail_errno("Cannot take over the tracking socket", errno);
  std::unique_ptr<Listener> listener(
      new Listener(settings, *socket, bound_port(*socket), std::move(serve)));
  if (listener->poll_.number() < 0 || listener->wake_.number() < 0) {
    return fail_errno("Cannot watch the tracking socket", EMFILE);
  }
  for (const Descriptor* watched : {&listener->socket_, &listener->wake_}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = const_cast<Descriptor*>(watched);
    if (epoll_ctl(listener->poll_.number(), EPOLL_CTL_ADD, watched->number(), &event) != 0) {
      return fail_errno("Cannot watch the tracking socket", errno);
    }
  }
  listener->watcher_ = std::thread([raw = listener.get()] { raw->watch(); });
  return listener;
}

Listener::Listener(const ServerSettings& settings, int socket, int port, Serve serve)
    : settings_(settings),
      port_(port),
      serve_(std::move(serve)),
      socket_(socket),
      poll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      pool_(settings.thread_count_max) {}

Listener::~Listener() {
  stopping_ = true;
  if (watcher_.joinable()) {
    const std::uint64_t one = 1;
    TRAWL_ASSERT(write(wake_.number(), &one, sizeof(one)) == sizeof(one));
    watcher_.join();
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [raw, connection] : connections_) shutdown(raw->descriptor(), SHUT_RD);
}

void Listener::watch() {
  std::array<epoll_event, 64> events{};
  while (!stopping_) {
    const int count =
        epoll_wait(poll_.number(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      void* const what = events[static_cast<std::size_t>(i)].data.ptr;
      if (what == &wake_) return;
      if (what == &socket_) {
        accept_all();
      } else {
        auto* const connection = static_cast<Connection*>(what);
        pool_.submit([this, connection] { serve_while_busy(*connection); });
      }
    }
  }
}

void Listener::accept_all() {
  for (;;) {
    const int descriptor = accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;  // none left, or no descriptor to spare: the client waits
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    auto owned = std::make_unique<Connection>(descriptor);
    Connection& connection = *owned;
    {
      const std::lock_guard lock(mutex_);
      if (connections_.size() >= static_cast<std::size_t>(settings_.connection_count_max)) continue;
      connections_.emplace(&connection, std::move(owned));
    }
    if (!watch_for_input(connection, EPOLL_CTL_ADD)) drop(connection);
  }
}

bool Listener::watch_for_input(Connection& connection, int operation) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
  event.data.ptr = &connection;
  return epoll_ctl(poll_.number(), operation, connection.descriptor(), &event) == 0;
}

void Listener::serve_while_busy(Connection& connection) {
  for (;;) {
    if (!serve_(connection) || stopping_) return drop(connection);
    const bool crowded = pool_.is_crowded();
    if (!connection.has_input(crowded ? std::chrono::milliseconds{0} : kLinger)) break;
    if (crowded) {  // others wait for a thread: to the end of the queue
      pool_.submit([this, raw = &connection] { serve_while_busy(*raw); });
      return;
    }
  }
  connection.release_buffers();
  if (!watch_for_input(connection, EPOLL_CTL_MOD)) drop(connection);
}

void Listener::drop(Connection& connection) {
  const std::lock_guard lock(mutex_);
  connections_.erase(&connection);
}

}  // namespace trawl::tracking
