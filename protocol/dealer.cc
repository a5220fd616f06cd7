#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <random>
#include <sys/timerfd.h>
#include <unistd.h>
#include <zmq.h>

#include <fmt/format.h>

#include "base/assert.h"
#include "protocol/codec.h"
#include "protocol/socket.h"
#include "protocol/zmq_parts.h"

namespace trawl::protocol {
namespace {

constexpr Duration kBackoffMin = std::chrono::milliseconds(500);
constexpr Duration kBackoffMax = std::chrono::seconds(30);

bool is_tcp(const std::string& endpoint) {
  return endpoint.starts_with("tcp://");
}

// Between half of it and all of it, so that many who were refused together do not come back
// together.
Duration jittered(Duration delay) {
  static std::minstd_rand random{std::random_device{}()};
  return Duration(
      std::uniform_int_distribution<Duration::rep>(delay.count() / 2, delay.count())(random));
}

std::string refusal_text(int event, int value) {
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
    return "refuses this key: it is of another cluster, or has been replaced there";
  }
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) {
    return fmt::format(
        "does not speak as a coordinator with the key that the key file names (error {:#x})",
        value);
  }
  return "ended the handshake: it has another key than the key file names, or is no coordinator of "
         "trawl";
}

}  // namespace

/// One ZeroMQ socket and its monitor, connected or not yet.
class Link {
 public:
  Link(void* context, int number)
      : socket_(zmq_socket(context, ZMQ_DEALER)),
        monitor_(zmq_socket(context, ZMQ_PAIR)),
        watched_as_(fmt::format("inproc://link-{}", number)) {}
  ~Link() {
    zmq_socket_monitor(socket_, nullptr, 0);
    zmq_close(monitor_);
    zmq_close(socket_);
  }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// 0, or errno.
  int prepare(const std::string& endpoint, const std::optional<PeerKeys>& keys) {
    zmq::prepare(socket_, kFrameBytesMax);
    zmq::set(socket_, ZMQ_IMMEDIATE, 1);  // nothing is queued for a link that is not up
    zmq::set(monitor_, ZMQ_LINGER, 0);
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED;
    if (is_tcp(endpoint)) {
      constexpr int kConnectTimeoutMs = 10'000;
      zmq::prepare_tcp(socket_);
      zmq::set(socket_, ZMQ_CONNECT_TIMEOUT, kConnectTimeoutMs);
      set_reconnect(100, 2000);
      events |= ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_CLOSED;
    } else {
      set_reconnect(20, 500);
    }
    if (keys) {
      zmq::set(socket_, ZMQ_CURVE_SERVERKEY, keys->coordinator);
      zmq::set(socket_, ZMQ_CURVE_PUBLICKEY, keys->own.public_key);
      zmq::set(socket_, ZMQ_CURVE_SECRETKEY, keys->own.secret_key);
    }
    const bool is_watched = zmq_socket_monitor(socket_, watched_as_.c_str(), events) == 0 &&
                            zmq_connect(monitor_, watched_as_.c_str()) == 0;
    return is_watched ? 0 : errno;
  }

  int connect(const std::string& endpoint) {
    return zmq_connect(socket_, endpoint.c_str()) == 0 ? 0 : errno;
  }

  struct Event {
    int kind{};
    int value{};
  };
  std::optional<Event> next_event() {
    const std::vector<std::string> parts = zmq::receive_message(monitor_);
    std::uint16_t kind = 0;
    std::int32_t value = 0;
    if (parts.empty() || parts[0].size() != sizeof kind + sizeof value) return std::nullopt;
    std::memcpy(&kind, parts[0].data(), sizeof kind);
    std::memcpy(&value, parts[0].data() + sizeof kind, sizeof value);
    return Event{kind, value};
  }

  void* socket() const { return socket_; }
  void* monitor() const { return monitor_; }

 private:
  // The time to the first try again, which doubles up to the last; ZeroMQ adds chance to it.
  void set_reconnect(int first_ms, int last_ms) {
    zmq::set(socket_, ZMQ_RECONNECT_IVL, first_ms);
    zmq::set(socket_, ZMQ_RECONNECT_IVL_MAX, last_ms);
  }

  void* socket_;
  void* monitor_;
  const std::string watched_as_;
};

struct Dealer::Handles {
  const std::string endpoint;
  const std::optional<PeerKeys> keys;
  zmq::Context context;
  std::unique_ptr<Link> link;
  int link_number = 0;
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);  // to connect again
  Duration backoff{};
  bool is_up = false;
  std::string refusal;

  Handles(std::string to, std::optional<PeerKeys> with)
      : endpoint(std::move(to)), keys(std::move(with)) {
    TRAWL_ASSERT(timer >= 0);
  }
  ~Handles() { close(timer); }

  /// A socket that is not connected yet; 0, or errno.
  int renew() {
    is_up = false;
    link.reset();
    link = std::make_unique<Link>(context.handle, ++link_number);
    return link->prepare(endpoint, keys);
  }

  /// After a refusal ZeroMQ either gives up in silence (a key that is not admitted) or tries again
  /// seven times a second for ever (another server's key). Neither will do.
  void back_off() {
    renew();
    backoff = std::clamp<Duration>(backoff * 2, kBackoffMin, kBackoffMax);
    set_timer(jittered(backoff));
  }

  void set_timer(Duration delay) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(delay);
    const itimerspec at{{}, {seconds.count(), std::chrono::nanoseconds(delay - seconds).count()}};
    timerfd_settime(timer, 0, &at, nullptr);
  }

  void connect_if_due() {
    std::uint64_t count = 0;
    if (read(timer, &count, sizeof count) == sizeof count) link->connect(endpoint);
  }

  /// Nothing where the event changes nothing.
  std::optional<Change> apply(const Link::Event& event) {
    if (event.kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
      is_up = true;
      backoff = {};
      return Change::kUp;
    }
    if (event.kind == ZMQ_EVENT_DISCONNECTED) {
      return std::exchange(is_up, false) ? std::optional(Change::kDown) : std::nullopt;
    }
    if (event.kind == ZMQ_EVENT_CLOSED) {
      return is_up ? std::nullopt : std::optional(Change::kUnreachable);
    }
    refusal = refusal_text(event.kind, event.value);
    back_off();
    return Change::kRefused;
  }
};

Dealer::Dealer(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
Dealer::~Dealer() = default;

Result<std::unique_ptr<Dealer>> Dealer::connect(const std::string& endpoint,
                                                std::optional<PeerKeys> keys) {
  TRAWL_ASSERT(is_tcp(endpoint) == keys.has_value());
  auto handles = std::make_unique<Handles>(endpoint, std::move(keys));
  int number = handles->renew();
  if (number == 0) number = handles->link->connect(endpoint);
  if (number != 0) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("cannot connect to {}: {}", endpoint, zmq_strerror(number)));
  }
  return std::unique_ptr<Dealer>(new Dealer(std::move(handles)));
}

std::optional<std::string> Dealer::receive() {
  while (true) {
    std::vector<std::string> parts = zmq::receive_message(handles_->link->socket());
    if (parts.empty()) return std::nullopt;
    if (parts.size() == 1) return std::move(parts[0]);
  }
}

void Dealer::send(std::string_view frame) {
  zmq_send(handles_->link->socket(), frame.data(), frame.size(), ZMQ_DONTWAIT);
}

std::optional<Dealer::Change> Dealer::next_change() {
  handles_->connect_if_due();
  while (const auto event = handles_->link->next_event()) {
    if (const auto change = handles_->apply(*event)) return change;
  }
  return std::nullopt;
}

const std::string& Dealer::refusal() const {
  return handles_->refusal;
}

void Dealer::reconnect() {
  handles_->renew();
  handles_->set_timer({});  // none
  handles_->link->connect(handles_->endpoint);
}

void Waiter::add(const Dealer& dealer) {
  const Link& link = *dealer.handles_->link;
  items_.push_back({link.socket(), -1});
  items_.push_back({link.monitor(), -1});
  items_.push_back({nullptr, dealer.handles_->timer});
}

}  // namespace trawl::protocol
