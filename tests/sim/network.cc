#include "tests/sim/network.h"

#include <algorithm>

#include <fmt/format.h>

#include "tests/sim/world.h"

namespace trawl::sim {

Network::Network(World& world, std::uint64_t seed)
    : world_(world),
      chance_(seed, Purpose::kNetwork),
      ends_(static_cast<std::size_t>(world.profile.worker_count)) {}

void Network::connect(std::size_t worker) {
  const std::uint64_t this_try = ++ends_[worker].tries;
  const Duration delay = chance_.between(Duration{1}, world_.profile.reconnect_delay_max);
  world_.timeline.after(delay, [this, worker, this_try] {
    const End& end = ends_[worker];
    if (end.tries != this_try) return;
    const Instant now = world_.timeline.now();
    const bool is_cut = now < end.up_cut_until || now < end.down_cut_until;
    if (world_.coordinator.is_up() && !is_cut) {
      open(worker);
    } else {
      connect(worker);
    }
  });
}

void Network::open(std::size_t worker) {
  const Instant now = world_.timeline.now();
  ends_[worker].link = Link{core::WorkerId{++link_count_}, now, now, now};
  worker_of_.emplace(ends_[worker].link->id, worker);
  world_.workers[worker].link_came_up();
}

void Network::cut(std::size_t worker, bool up, bool down, Duration length) {
  End& end = ends_[worker];
  const Instant until = world_.timeline.now() + length;
  if (up) end.up_cut_until = until;
  if (down) end.down_cut_until = until;
  world_.trace.line(world_.timeline.now(), "network",
                    fmt::format("cut: w{}{}{}, for {} s", worker, up ? ", from it" : "",
                                down ? ", to it" : "", length.count() / 1e6));
}

void Network::hang_up(std::size_t worker) {
  End& end = ends_[worker];
  ++end.tries;
  if (!end.link) return;
  const core::WorkerId id = end.link->id;
  end.link.reset();
  if (world_.profile.is_cluster) return;  // nobody is told
  // The coordinator may learn of it before or after it hears from the worker again.
  const Duration delay = chance_.between(Duration{0}, 2 * world_.profile.reconnect_delay_max);
  world_.timeline.after(delay, [this, id, life = world_.coordinator.life()] {
    if (world_.coordinator.life() != life) return;
    world_.coordinator.deliver(core::WorkerLost{id});
  });
}

void Network::break_link(std::size_t worker) {
  if (!is_up(worker)) return;
  hang_up(worker);
  world_.workers[worker].link_went_down();
  connect(worker);
}

void Network::coordinator_died() {
  for (std::size_t worker = 0; worker < ends_.size(); ++worker) {
    if (!is_up(worker)) continue;
    ends_[worker].link.reset();
    world_.workers[worker].link_went_down();
    connect(worker);
  }
}

bool Network::is_current(std::size_t worker, core::WorkerId link) const {
  return is_up(worker) && ends_[worker].link->id == link;
}

bool Network::carries(std::size_t worker, core::WorkerId link) const {
  return world_.profile.is_cluster || is_current(worker, link);
}

std::int64_t Network::delivery_count() {
  const Profile& profile = world_.profile;
  if (profile.lose_one_in > 0 && chance_.one_in(profile.lose_one_in)) return 0;
  return profile.repeat_one_in > 0 && chance_.one_in(profile.repeat_one_in) ? 2 : 1;
}

Instant Network::arrival(Instant& last) {
  const Duration delay = chance_.between(Duration{0}, world_.profile.link_delay_max);
  const Instant at = world_.timeline.now() + delay;
  if (world_.profile.reorders) return at;
  last = std::max(last, at);
  return last;
}

void Network::send_to_coordinator(std::size_t worker, const core::FromWorker& message) {
  if (!is_up(worker)) return;
  Link& link = *ends_[worker].link;
  const std::int64_t count = delivery_count();
  for (std::int64_t i = 0; i < count; ++i) {
    world_.timeline.at(arrival(link.last_up), [this, worker, id = link.id, message] {
      if (world_.timeline.now() < ends_[worker].up_cut_until || !carries(worker, id)) return;
      deliver_to_coordinator(id, message);
    });
  }
}

void Network::deliver_to_coordinator(core::WorkerId link, const core::FromWorker& message) {
  const bool is_local = !world_.profile.is_cluster;
  if (const auto* hello = std::get_if<core::Hello>(&message.body)) {
    world_.coordinator.deliver(core::WorkerJoined{link, message.session, *hello, is_local});
  } else if (const auto* report = std::get_if<core::Report>(&message.body)) {
    world_.coordinator.deliver(core::ReportArrived{link, message.session, *report});
  } else if (const auto* beat = std::get_if<core::Heartbeat>(&message.body)) {
    world_.coordinator.deliver(core::WorkerHeard{link, message.session, *beat});
  } else {
    world_.coordinator.deliver(core::WorkerLeft{link, message.session});
  }
}

void Network::send_to_worker(core::WorkerId link, const core::ToWorker& message) {
  const auto found = worker_of_.find(link);
  if (found == worker_of_.end()) return;
  const std::size_t worker = found->second;
  if (!is_current(worker, link)) return;
  const std::int64_t count = delivery_count();
  for (std::int64_t i = 0; i < count; ++i) {
    world_.timeline.at(arrival(ends_[worker].link->last_down), [this, worker, link, message] {
      if (world_.timeline.now() < ends_[worker].down_cut_until || !carries(worker, link)) return;
      world_.workers[worker].receive(message);
    });
  }
}

}  // namespace trawl::sim
