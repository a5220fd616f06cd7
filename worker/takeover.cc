// worker/takeover.cc: how a worker takes over the keepers of the one before (worker/handover.h).
#include <cerrno>
#include <csignal>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "worker/handover.h"
#include "worker/keepers.h"

namespace trawl::worker {
namespace {

using Clock = std::chrono::steady_clock;

// Far above what a nursery and a thousand keepers need; what the kernel holds longer (a dead disk)
// is left to it.
constexpr auto kWaitMax = std::chrono::seconds(10);

}  // namespace

// What the nursery gives.
struct Keepers::Given {
  Descriptor lock;
  Descriptor limits;
  Descriptor tracking;
  std::map<Id, Descriptor> keepers;
  Id id_max = 0;

  /// False where the nursery ends meanwhile, or says nothing for too long.
  bool read(int nursery, Clock::time_point deadline) {
    while (true) {
      NurserySays said;
      Received received = receive_packet_until(nursery, said, deadline);
      if (received.kind != Received::Kind::kPacket) return false;
      switch (said.kind) {
        case NurserySays::Kind::kLock:
          lock = std::move(received.descriptor);
          break;
        case NurserySays::Kind::kLimits:
          limits = std::move(received.descriptor);
          break;
        case NurserySays::Kind::kTracking:
          tracking = std::move(received.descriptor);
          break;
        case NurserySays::Kind::kKeeper:
          keepers[said.id] = std::move(received.descriptor);
          break;
        case NurserySays::Kind::kGone:
          break;  // its socket has ended, too
        case NurserySays::Kind::kThatIsAll:
          id_max = said.id;
          return true;
      }
    }
  }
};

Result<std::unique_ptr<Keepers>> Keepers::take_over(NurseryOptions options) {
  auto found = find_nursery(options.folder);
  if (!found) return nullptr;
  ::kill(found->pid, SIGCONT);  // a trial may have stopped it
  const int nursery = found->socket.get();
  const auto deadline = Clock::now() + kWaitMax;
  HandoverOffer offer;
  const bool is_offered =
      receive_packet_until(nursery, offer, deadline).kind == Received::Kind::kPacket &&
      offer.magic == kHandoverMagic;
  if (!is_offered) return nullptr;
  const bool is_understood = offer.version == kHandoverVersion;
  if (!is_understood || options.takeover == Duration::zero()) {
    spdlog::warn("trials of an earlier worker are still there and are ended: {}",
                 is_understood ? "this one was told to take none over"
                               : fmt::format("their keepers speak version {}, this worker {}",
                                             offer.version, kHandoverVersion));
    send_packet(nursery, HandoverWish{.kind = HandoverWish::Kind::kEnd});
    return nullptr;
  }
  Given given;
  if (!send_packet(nursery, HandoverWish{.kind = HandoverWish::Kind::kTakeOver}) ||
      !given.read(nursery, deadline)) {
    return nullptr;
  }
  auto limits = Limits::share(std::move(given.limits));
  if (!limits) return tl::unexpected(limits.error());
  std::unique_ptr<Keepers> keepers(new Keepers(*std::move(limits)));
  keepers->limits_.set_takeover(options.takeover);
  keepers->options_ = std::move(options);
  keepers->options_.kept = given.lock.get();
  keepers->options_.tracking = given.tracking.get();
  keepers->held_.push_back(std::move(given.lock));
  keepers->held_.push_back(std::move(given.tracking));
  keepers->next_id_ = given.id_max + 1;
  keepers->nursery_ = {found->pid, std::move(found->socket)};
  // Not reaped by anybody while its socket is open.
  keepers->nursery_end_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, found->pid, 0)));
  keepers->poll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  if (keepers->poll_.get() < 0 || keepers->nursery_end_.get() < 0) {
    return fail_errno("cannot watch an earlier worker's processes", errno);
  }
  auto watched = keepers->watch_nursery();
  if (!watched) return tl::unexpected(watched.error());

  std::set<Id> unsure;
  for (auto& [id, socket] : given.keepers) {
    KeeperState state;
    Received received = receive_packet_until(socket.get(), state, deadline);
    if (received.kind == Received::Kind::kPacket) {
      auto adopted = keepers->adopt(id, std::move(socket), state, std::move(received.descriptor));
      if (!adopted) return tl::unexpected(adopted.error());
      continue;
    }
    unsure.insert(id);
    if (received.kind == Received::Kind::kNothing) {
      spdlog::warn("a keeper of an earlier worker says nothing and is killed");
      send_packet(nursery, NurseryRequest{NurseryRequest::Kind::kKillKeeper, id});
    }
  }
  keepers->wait_for_gone(std::move(unsure), Clock::now() + kWaitMax);
  return keepers;
}

Result<void> Keepers::adopt(Id id, Descriptor socket, const KeeperState& state, Descriptor memory) {
  auto watched = watch_keeper(id, socket);
  if (!watched) return watched;
  Keeper& keeper = keepers_[id];
  keeper.socket = std::move(socket);
  if (state.attempt.attempt == 0) {  // it has run none, and may
    auto made = make_memory();
    if (!made) return tl::unexpected(made.error());
    keeper.memory = *std::move(made);
    return {};
  }
  keeper.memory = std::move(memory);
  keeper.has_memory = true;
  keeper.attempt = state.attempt;
  attempts_[state.attempt] = id;
  adopted_.push_back({state.attempt, state.pid, state.has_ended != 0, ""});
  const auto packed = PackedSpawn::read(keeper.memory, state.size);
  if (!packed) return {};
  adopted_.back().carried = packed->carried();
  const LeaderSpec spec = packed->spec();
  keeper.what = what_of(spec.argv[0], spec.working_folder);
  keeper.log_path = spec.log_path;
  return {};
}

// Those that end, or are killed: what they had must be gone before anybody says that it was lost.
void Keepers::wait_for_gone(std::set<Id> unsure, Clock::time_point deadline) {
  while (!unsure.empty()) {
    NurserySays said;
    if (receive_packet_until(nursery_.socket.get(), said, deadline).kind !=
        Received::Kind::kPacket) {
      return;  // its end is read again by read()
    }
    if (unsure.erase(said.id) > 0) continue;
    read_keeper(said.id, early_);
    forget(said.id, early_);
  }
}

}  // namespace trawl::worker
