#include "bench/fake_workers.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <random>
#include <sys/epoll.h>
#include <unistd.h>
#include <zmq.h>

#include <fmt/format.h>

#include "protocol/clock.h"
#include "protocol/codec.h"
#include "protocol/zmq_parts.h"

namespace trawl::bench {
namespace {

using protocol::now;

constexpr auto kLook = std::chrono::milliseconds(100);

void require(bool good, const char* what) {
  if (good) return;
  fmt::print(stderr, "fake workers: {}: {}\n", what, zmq_strerror(errno));
  std::exit(70);
}

int get(void* socket, int option) {
  int value = 0;
  std::size_t size = sizeof value;
  require(zmq_getsockopt(socket, option, &value, &size) == 0, "zmq_getsockopt");
  return value;
}

}  // namespace

FakeWorkers::FakeWorkers(const FakeWorkersOptions& options)
    : options_(options), context_(zmq_ctx_new()), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  require(context_ != nullptr && epoll_ >= 0, "cannot begin");
  zmq_ctx_set(context_, ZMQ_MAX_SOCKETS, options.count + 10);
  std::mt19937_64 random(std::random_device{}());
  const auto number = [&] { return random() >> 1U; };
  for (std::int32_t i = 0; i < options.count; ++i) {
    workers_.push_back(std::make_unique<Worker>(
        core::AgentIdentity{fmt::format("fake-{}", i), number(), number(), options.slot_count}));
    connect(*workers_.back(), workers_.size() - 1);
  }
}

FakeWorkers::~FakeWorkers() {
  for (const auto& worker : workers_) zmq_close(worker->socket);
  zmq_ctx_term(context_);
  close(epoll_);
}

void FakeWorkers::connect(Worker& worker, std::size_t index) {
  worker.socket = zmq_socket(context_, ZMQ_DEALER);
  require(worker.socket != nullptr, "zmq_socket");
  // As the real ones do (protocol/dealer.cc).
  namespace zmq = protocol::zmq;
  zmq::prepare(worker.socket, protocol::kFrameBytesMax);
  zmq::set(worker.socket, ZMQ_IMMEDIATE, 1);  // so it can be written to while its link is up
  zmq::set(worker.socket, ZMQ_RECONNECT_IVL, options_.keys ? 100 : 20);
  zmq::set(worker.socket, ZMQ_RECONNECT_IVL_MAX, options_.keys ? 2000 : 500);
  if (options_.keys) {
    zmq::prepare_tcp(worker.socket);
    zmq::set(worker.socket, ZMQ_CURVE_SERVERKEY, options_.keys->coordinator);
    zmq::set(worker.socket, ZMQ_CURVE_PUBLICKEY, options_.keys->own.public_key);
    zmq::set(worker.socket, ZMQ_CURVE_SECRETKEY, options_.keys->own.secret_key);
  }
  require(zmq_connect(worker.socket, options_.endpoint.c_str()) == 0, "zmq_connect");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = index;
  require(epoll_ctl(epoll_, EPOLL_CTL_ADD, get(worker.socket, ZMQ_FD), &event) == 0, "epoll_ctl");
}

void FakeWorkers::run_until(const std::function<bool()>& is_done) {
  std::array<epoll_event, 1024> events{};
  Instant next_look = now();
  while (!is_done()) {
    Duration wait = next_look - now();
    if (!timers_.empty()) wait = std::min(wait, timers_.begin()->first - now());
    const auto wait_ms = static_cast<int>(std::max<std::int64_t>((wait.count() + 999) / 1000, 0));
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms);
    for (int i = 0; i < count; ++i) look(events[static_cast<std::size_t>(i)].data.u64);
    fire_timers();
    if (now() < next_look) continue;
    for (std::size_t index = 0; index < workers_.size(); ++index) look(index);
    next_look = now() + kLook;
  }
}

// ZeroMQ's descriptor tells changes only, so everything that is there is taken. Where that is
// nothing, the link has changed; if it changes while messages come, the next look at all sees it.
void FakeWorkers::look(std::size_t index) {
  if (receive(index)) return;
  Worker& worker = *workers_[index];
  const int state = get(worker.socket, ZMQ_EVENTS);
  const bool is_up = (state & ZMQ_POLLOUT) != 0;
  if (is_up != worker.link_is_up) {
    worker.link_is_up = is_up;
    is_up ? happened(index, core::LinkUp{}) : happened(index, core::LinkDown{});
  }
}

bool FakeWorkers::receive(std::size_t index) {
  Worker& worker = *workers_[index];
  bool has_received = false;
  zmq_msg_t frame;
  zmq_msg_init(&frame);
  while (zmq_msg_recv(&frame, worker.socket, ZMQ_DONTWAIT) >= 0) {
    auto message = protocol::decode_to_worker(
        {static_cast<const char*>(zmq_msg_data(&frame)), zmq_msg_size(&frame)});
    if (!message) {
      fmt::print(stderr, "fake workers: {}\n", message.error().message);
      std::exit(70);
    }
    happened(index, core::MessageArrived{std::move(*message)});
    has_received = true;
  }
  zmq_msg_close(&frame);
  return has_received;
}

void FakeWorkers::happened(std::size_t index, decltype(core::AgentEvent::body) body) {
  const auto commands = workers_[index]->agent.step({now(), std::move(body)});
  for (const core::AgentCommand& command : commands) perform(index, command);
  Worker& worker = *workers_[index];
  welcomed_count_ += (worker.agent.is_welcome() ? 1 : 0) - (worker.was_welcome ? 1 : 0);
  worker.was_welcome = worker.agent.is_welcome();
}

void FakeWorkers::perform(std::size_t index, const core::AgentCommand& command) {
  Worker& worker = *workers_[index];
  if (const auto* hello = std::get_if<core::SayHello>(&command)) {
    send(worker, {hello->session, hello->hello});
  } else if (const auto* beat = std::get_if<core::SayHeartbeat>(&command)) {
    core::Heartbeat heartbeat = beat->heartbeat;
    heartbeat.spooled = worker.seq_last;
    send(worker, {beat->session, heartbeat});
  } else if (const auto* spawned = std::get_if<core::Spawn>(&command)) {
    spawn(index, spawned->order);
  } else if (const auto* append_command = std::get_if<core::Append>(&command)) {
    append(index, append_command->body);
  } else if (const auto* discarded = std::get_if<core::Discard>(&command)) {
    discard(worker, discarded->committed);
  } else if (const auto* resend = std::get_if<core::Resend>(&command)) {
    for (const core::Report& report : worker.spool) {
      if (report.seq > resend->committed) send(worker, {worker.agent.session(), report});
    }
  } else if (const auto* timer = std::get_if<core::SetAgentTimer>(&command)) {
    set_timer(index, timer->at);
  } else if (std::holds_alternative<core::Reconnect>(command)) {
    zmq_disconnect(worker.socket, options_.endpoint.c_str());
    require(zmq_connect(worker.socket, options_.endpoint.c_str()) == 0, "zmq_connect");
  } else if (const auto* tell = std::get_if<core::TellAgent>(&command)) {
    fmt::print(stderr, "fake-{}: {}\n", index, tell->sentence);
  } else if (const auto* signal = std::get_if<core::Signal>(&command)) {
    --running_count_;
    core::Outcome outcome;
    outcome.kind = core::Outcome::Kind::kSignalled;
    outcome.code = signal->kill ? 9 : 15;
    happened(index, core::ProcessesGone{signal->attempt, outcome});
  }
}

void FakeWorkers::set_timer(std::size_t index, Instant at) {
  Worker& worker = *workers_[index];
  if (worker.timer) timers_.erase({*worker.timer, index});
  worker.timer = at;
  timers_.emplace(at, index);
}

void FakeWorkers::spawn(std::size_t index, const core::LaunchOrder& order) {
  ++started_count_;
  // As long as that of a real one.
  happened(index, core::Spawned{order.attempt, 4711,
                                fmt::format("/home/somebody/.trawl/worker/attempts/{}/{}",
                                            order.trial_name, order.attempt.attempt)});
  if (!options_.ends_at_once) {
    ++running_count_;
    return;
  }
  core::Outcome outcome;
  outcome.kind = core::Outcome::Kind::kExited;
  outcome.elapsed = options_.told_duration;
  outcome.cpu = std::chrono::milliseconds(1);
  outcome.max_rss_bytes = 1 << 20;
  happened(index, core::ProcessesGone{order.attempt, outcome});
}

void FakeWorkers::append(std::size_t index, const core::ReportBody& body) {
  Worker& worker = *workers_[index];
  worker.spool.push_back({++worker.seq_last, body});
  if (worker.agent.is_welcome()) send(worker, {worker.agent.session(), worker.spool.back()});
  if (const auto* ended = std::get_if<core::AttemptEnded>(&body)) {
    happened(index, core::EndSpooled{ended->attempt, worker.seq_last});
  }
}

void FakeWorkers::discard(Worker& worker, std::uint64_t committed) {
  while (!worker.spool.empty() && worker.spool.front().seq <= committed) {
    if (std::holds_alternative<core::AttemptEnded>(worker.spool.front().body)) {
      ++acknowledged_count_;
    }
    worker.spool.pop_front();
  }
}

// Dropped where it cannot be sent, as the real ones do: the next Welcome asks for it again.
void FakeWorkers::send(Worker& worker, const core::FromWorker& message) {
  const std::string frame = protocol::encode(message);
  zmq_send(worker.socket, frame.data(), frame.size(), ZMQ_DONTWAIT);
}

void FakeWorkers::fire_timers() {
  const Instant at = now();
  while (!timers_.empty() && timers_.begin()->first <= at) {
    const std::size_t index = timers_.begin()->second;
    timers_.erase(timers_.begin());
    workers_[index]->timer.reset();
    happened(index, core::AgentTimerFired{});
    look(index);
  }
}

}  // namespace trawl::bench
