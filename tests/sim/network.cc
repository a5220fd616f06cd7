#include "tests/sim/network.h"

#include <algorithm>

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
    if (ends_[worker].tries != this_try) return;
    if (world_.coordinator.is_up()) {
      open(worker);
    } else {
      connect(worker);
    }
  });
}

void Network::open(std::size_t worker) {
  const Instant now = world_.timeline.now();
  ends_[worker].link = Link{core::WorkerId{++link_count_}, now, now, now};
  world_.workers[worker].link_came_up();
}

void Network::hang_up(std::size_t worker) {
  End& end = ends_[worker];
  ++end.tries;
  if (!end.link) return;
  const core::WorkerId id = end.link->id;
  end.link.reset();
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

std::int64_t Network::delivery_count() {
  const std::int64_t one_in = world_.profile.repeat_one_in;
  return one_in > 0 && chance_.one_in(one_in) ? 2 : 1;
}

Instant Network::arrival(Instant& last) {
  const Duration delay = chance_.between(Duration{0}, world_.profile.link_delay_max);
  last = std::max(last, world_.timeline.now() + delay);
  return last;
}

void Network::send_to_coordinator(std::size_t worker, const core::FromWorker& message) {
  if (!is_up(worker)) return;
  Link& link = *ends_[worker].link;
  const std::int64_t count = delivery_count();
  for (std::int64_t i = 0; i < count; ++i) {
    world_.timeline.at(arrival(link.last_up), [this, worker, id = link.id, message] {
      if (is_current(worker, id)) deliver_to_coordinator(id, message);
    });
  }
}

void Network::deliver_to_coordinator(core::WorkerId link, const core::FromWorker& message) {
  if (const auto* hello = std::get_if<core::Hello>(&message.body)) {
    world_.coordinator.deliver(core::WorkerJoined{link, message.session, *hello, true});
  } else if (const auto* report = std::get_if<core::Report>(&message.body)) {
    world_.coordinator.deliver(core::ReportArrived{link, message.session, *report});
  } else if (const auto* beat = std::get_if<core::Heartbeat>(&message.body)) {
    world_.coordinator.deliver(core::WorkerHeard{link, message.session, *beat});
  }
}

void Network::send_to_worker(core::WorkerId link, const core::ToWorker& message) {
  for (std::size_t worker = 0; worker < ends_.size(); ++worker) {
    if (!is_current(worker, link)) continue;
    const std::int64_t count = delivery_count();
    for (std::int64_t i = 0; i < count; ++i) {
      world_.timeline.at(arrival(ends_[worker].link->last_down), [this, worker, link, message] {
        if (is_current(worker, link)) world_.workers[worker].receive(message);
      });
    }
  }
}

}  // namespace trawl::sim
