#include "worker/keepers.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/assert.h"
#include "worker/cgroup.h"
#include "worker/handover.h"

namespace trawl::worker {
namespace {

constexpr std::uint64_t kNurseryId = 0;  // in poll_; keepers count from 1
constexpr Duration kIdleMax = std::chrono::seconds(5);

core::Outcome outcome_of(const KeeperReply& reply) {
  if (reply.fenced != 0) {
    return {core::Outcome::Kind::kFenced, 0,
            "its worker was cut off from the coordinator for longer than its lease"};
  }
  const bool exited = WIFEXITED(reply.wait_status);
  return {exited ? core::Outcome::Kind::kExited : core::Outcome::Kind::kSignalled,
          exited ? WEXITSTATUS(reply.wait_status) : WTERMSIG(reply.wait_status),
          "",
          Duration(reply.cpu_us),
          reply.max_rss_bytes,
          reply.out_of_memory != 0,
          Duration(reply.elapsed_us)};
}

Result<void> watch(int poll, int descriptor, std::uint64_t id) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = id;
  if (epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) == 0) return {};
  return fail_errno("cannot watch a socket", errno);
}

void unwatch(int poll, Descriptor& descriptor) {
  if (descriptor.get() < 0) return;
  epoll_ctl(poll, EPOLL_CTL_DEL, descriptor.get(), nullptr);
  descriptor = Descriptor();
}

}  // namespace

Result<std::unique_ptr<Keepers>> Keepers::start(NurseryOptions options) {
  TRAWL_ASSERT(options.takeover == Duration::zero() || !options.folder.empty());
  auto limits = Limits::make();
  if (!limits) return tl::unexpected(limits.error());
  std::unique_ptr<Keepers> keepers(new Keepers(*std::move(limits)));
  keepers->limits_.set_takeover(options.takeover);
  keepers->options_ = std::move(options);
  keepers->poll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  if (keepers->poll_.get() < 0) return fail_errno("cannot watch sockets", errno);
  auto started = keepers->start_nursery();
  if (!started) return tl::unexpected(started.error());
  return keepers;
}

Keepers::~Keepers() {
  keepers_.clear();
  if (nursery_.socket.get() < 0) return;
  wake_nursery();
  if (limits_.takeover() == Duration::zero()) wait_for_nursery();
}

void Keepers::end_all() {
  for (auto& [id, keeper] : keepers_) {
    if (keeper.is_gone) continue;
    send_packet(keeper.socket.get(), KeeperRequest{KeeperRequest::Kind::kEnd, 0, {}});
  }
  keepers_.clear();
  attempts_.clear();
  if (nursery_.socket.get() < 0) return;
  wake_nursery();
  wait_for_nursery();
}

// Its keepers end by themselves, and it after them.
void Keepers::wait_for_nursery() {
  nursery_.socket = Descriptor();
  reap_nursery();
}

void Keepers::reap_nursery() {
  if (nursery_end_.get() < 0) {
    while (waitpid(nursery_.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return;
  }
  pollfd polled{nursery_end_.get(), POLLIN, 0};
  while (poll(&polled, 1, -1) < 0 && errno == EINTR) {
  }
  nursery_end_ = Descriptor();
}

Result<void> Keepers::start_nursery() {
  Descriptor listener;
  if (!options_.folder.empty()) {
    auto made = make_handover_socket(options_.folder);
    if (made) {
      listener = *std::move(made);
    } else {  // a file system without sockets
      spdlog::warn("{}: trials will end with this worker", made.error().message);
      limits_.set_takeover(Duration::zero());
    }
  }
  auto started = worker::start_nursery(options_, limits_, listener.get());
  if (!started) return tl::unexpected(started.error());
  nursery_ = std::move(*started);
  return watch_nursery();
}

Result<void> Keepers::watch_nursery() {
  return watch(poll_.get(), nursery_.socket.get(), kNurseryId);
}

Result<void> Keepers::watch_keeper(Id id, const Descriptor& socket) {
  return watch(poll_.get(), socket.get(), id);
}

std::string Keepers::what_of(std::string_view program, std::string_view folder) {
  return fmt::format("cannot start {} in {}", program, folder);
}

Result<Keepers::Id> Keepers::make_keeper() {
  if (nursery_.socket.get() < 0) {
    auto started = start_nursery();
    if (!started) return tl::unexpected(started.error());
  }
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return fail_errno("cannot make a keeper's socket", errno);
  }
  Descriptor ours(pair[0]);
  const Descriptor theirs(pair[1]);
  auto memory = make_memory();
  if (!memory) return tl::unexpected(memory.error());
  const Id id = next_id_++;
  const NurseryRequest request{NurseryRequest::Kind::kMakeKeeper, id};
  if (!send_packet(nursery_.socket.get(), request, theirs.get())) {
    return fail_errno("cannot ask for a keeper", errno);
  }
  wake_nursery();
  auto watched = watch_keeper(id, ours);
  if (!watched) return tl::unexpected(watched.error());
  keepers_[id].socket = std::move(ours);
  keepers_[id].memory = *std::move(memory);
  return id;
}

Result<Keepers::Id> Keepers::find_keeper() {
  const auto idle = std::find_if(keepers_.begin(), keepers_.end(), [](const auto& entry) {
    return !entry.second.attempt && !entry.second.is_gone;
  });
  return idle != keepers_.end() ? Result<Id>(idle->first) : make_keeper();
}

void Keepers::warm_up() {
  if (keepers_.empty()) make_keeper();
}

Result<void> Keepers::launch(core::AttemptId attempt, const SpawnOptions& options) {
  TRAWL_ASSERT(!attempts_.contains(attempt));
  const auto packed = pack(options);
  if (!packed) return tl::unexpected(packed.error());
  const std::string what = what_of(options.argv[0], options.working_folder);
  while (true) {
    const auto id = find_keeper();
    if (!id) return fail(id.error().code, what + ": " + id.error().message);
    Keeper& keeper = keepers_.at(*id);
    if (!write_memory(keeper.memory, *packed)) return fail_errno(what, errno);
    if (!send_packet(keeper.socket.get(),
                     KeeperRequest{KeeperRequest::Kind::kStart, packed->size(), attempt},
                     keeper.has_memory ? -1 : keeper.memory.get())) {
      keeper.is_gone = true;  // killed while it was idle; the nursery tells more
      continue;
    }
    keeper.has_memory = true;
    keeper.attempt = attempt;
    keeper.what = what;
    keeper.log_path = options.log_path;
    keeper.idle_since.reset();
    attempts_[attempt] = *id;
    return {};
  }
}

void Keepers::terminate(core::AttemptId attempt) {
  ask(attempt, KeeperRequest::Kind::kTerminate);
}

void Keepers::kill(core::AttemptId attempt) {
  ask(attempt, KeeperRequest::Kind::kKill);
}

void Keepers::set_lease(std::optional<BootTime> until) {
  const auto before = limits_.lease();
  limits_.set_lease(until);
  // They sleep until the time that they saw last.
  if (!until || (before && *before <= *until)) return;
  for (const auto& [attempt, id] : attempts_) ask(attempt, KeeperRequest::Kind::kLook);
}

// A keeper that is gone is heard of by read().
void Keepers::ask(core::AttemptId attempt, KeeperRequest::Kind kind) {
  const auto found = attempts_.find(attempt);
  if (found == attempts_.end()) return;
  const Keeper& keeper = keepers_.at(found->second);
  wake_nursery();  // which wakes the keeper
  if (!keeper.is_gone) send_packet(keeper.socket.get(), KeeperRequest{kind, 0, {}});
}

// A trial may have stopped it. Not reaped, as long as its socket is there, so the number is its
// own.
void Keepers::wake_nursery() const {
  if (nursery_.socket.get() >= 0) ::kill(nursery_.pid, SIGCONT);
}

std::vector<Keepers::Event> Keepers::read() {
  std::vector<Event> events = std::exchange(early_, {});
  constexpr int kEventsMax = 64;  // more are there at the next call
  std::array<epoll_event, kEventsMax> ready{};
  const int count = epoll_wait(poll_.get(), ready.data(), kEventsMax, 0);
  for (int i = 0; i < count; ++i) {
    const Id id = ready[static_cast<std::size_t>(i)].data.u64;
    if (id == kNurseryId) {
      read_nursery(events);
    } else {
      read_keeper(id, events);
    }
  }
  return events;
}

void Keepers::read_keeper(Id id, std::vector<Event>& events) {
  const auto found = keepers_.find(id);
  if (found == keepers_.end()) return;
  Keeper& keeper = found->second;
  while (keeper.socket.get() >= 0) {
    KeeperReply reply;
    const Received received = receive_packet(keeper.socket.get(), reply);
    if (received.kind == Received::Kind::kNothing) return;
    if (received.kind == Received::Kind::kPacket) {
      take(keeper, reply, events);
      continue;
    }
    keeper.is_gone = true;
    unwatch(poll_.get(), keeper.socket);
  }
  if (keeper.is_unattended) forget(id, events);
}

void Keepers::take(Keeper& keeper, const KeeperReply& reply, std::vector<Event>& events) {
  TRAWL_ASSERT(keeper.attempt);
  const core::AttemptId attempt = *keeper.attempt;
  if (reply.pid != 0) events.emplace_back(std::in_place_type<Started>, attempt, reply.pid);
  if (reply.kind == KeeperReply::Kind::kStarted) return;
  keeper.attempt.reset();
  attempts_.erase(attempt);
  if (reply.kind == KeeperReply::Kind::kEnded) {
    events.emplace_back(std::in_place_type<Ended>, attempt, outcome_of(reply), false);
    return;
  }
  const std::string log =
      reply.step == StartStep::kOpenLog ? "cannot open its log " + keeper.log_path + ": " : "";
  events.emplace_back(std::in_place_type<Unstarted>, attempt,
                      fmt::format("{}: {}{}", keeper.what, log, std::strerror(reply.error)));
}

void Keepers::read_nursery(std::vector<Event>& events) {
  while (true) {
    NurserySays said;
    const Received received = receive_packet(nursery_.socket.get(), said);
    if (received.kind == Received::Kind::kNothing) return;
    if (received.kind == Received::Kind::kEnd) {
      nursery_ended(events);
      return;
    }
    read_keeper(said.id, events);  // what it said before its end
    forget(said.id, events);
  }
}

// The keepers go on; a new nursery makes further ones.
void Keepers::nursery_ended(std::vector<Event>& events) {
  spdlog::warn("the nursery of the trials' processes was killed; starting another");
  unwatch(poll_.get(), nursery_.socket);
  reap_nursery();
  std::vector<Id> lost;
  for (auto& [id, keeper] : keepers_) {
    keeper.is_unattended = true;
    if (keeper.is_gone) lost.push_back(id);
  }
  for (const Id id : lost) forget(id, events);
  auto started = start_nursery();
  if (!started) spdlog::error("{}", started.error().message);  // tried again when one is needed
}

void Keepers::forget(Id id, std::vector<Event>& events) {
  const auto found = keepers_.find(id);
  if (found == keepers_.end()) return;
  Keeper& keeper = found->second;
  if (keeper.is_unattended && !options_.cgroup.empty()) remove_cgroup(keeper_cgroup(options_, id));
  if (keeper.attempt) {
    attempts_.erase(*keeper.attempt);
    events.push_back(Ended{*keeper.attempt,
                           {core::Outcome::Kind::kOrphaned, 0,
                            "the process above it, which keeps its processes together, was killed"},
                           keeper.is_unattended});
  }
  unwatch(poll_.get(), keeper.socket);
  keepers_.erase(found);
}

std::optional<Instant> Keepers::retire(Instant now) {
  std::optional<Instant> next;
  for (auto entry = keepers_.begin(); entry != keepers_.end();) {
    Keeper& keeper = entry->second;
    if (keeper.attempt) {
      ++entry;
      continue;
    }
    if (!keeper.idle_since) keeper.idle_since = now;
    const Instant until = *keeper.idle_since + kIdleMax;
    if (until <= now) {
      send_packet(keeper.socket.get(), KeeperRequest{KeeperRequest::Kind::kEnd, 0, {}});
      unwatch(poll_.get(), keeper.socket);
      entry = keepers_.erase(entry);
      continue;
    }
    if (!next || until < *next) next = until;
    ++entry;
  }
  return next;
}

}  // namespace trawl::worker
