// tests/sim/network.h: the links between workers and the coordinator.
//
// On one machine a link delays messages and may deliver one twice in a row, but keeps their order;
// when it breaks, what is in flight is lost, and the coordinator hears of it.
//
// In a cluster a message may be lost, arrive twice, overtake others and outlive its link; a cut
// swallows what crosses it, in one direction or both; and nobody tells the coordinator anything.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/message.h"
#include "tests/sim/chance.h"

namespace trawl::sim {

struct World;

class Network {
 public:
  Network(World& world, std::uint64_t seed);

  /// The worker wants a link; it gets one once it and the coordinator are up and can be reached.
  void connect(std::size_t worker);
  /// The worker is gone: no link, and none wanted.
  void hang_up(std::size_t worker);
  void break_link(std::size_t worker);
  void coordinator_died();
  /// Swallows what the worker sends, what is sent to it, or both, for a while.
  void cut(std::size_t worker, bool up, bool down, Duration length);

  bool is_up(std::size_t worker) const { return ends_[worker].link.has_value(); }
  /// When the worker's present link came up.
  Instant up_since(std::size_t worker) const { return ends_[worker].link->opened; }

  void send_to_coordinator(std::size_t worker, const core::FromWorker& message);
  /// Into the void if that link is gone.
  void send_to_worker(core::WorkerId link, const core::ToWorker& message);

 private:
  struct Link {
    core::WorkerId id;
    Instant opened;
    Instant last_up;    // when the last message to the coordinator arrives
    Instant last_down;  // ... to the worker
  };
  struct End {
    std::optional<Link> link;
    std::uint64_t tries = 0;  // a newer try makes the older ones void
    Instant up_cut_until;
    Instant down_cut_until;
  };

  void open(std::size_t worker);
  void deliver_to_coordinator(core::WorkerId link, const core::FromWorker& message);
  bool is_current(std::size_t worker, core::WorkerId link) const;
  /// On one machine, whether what crosses this link now arrives; in a cluster any link will do.
  bool carries(std::size_t worker, core::WorkerId link) const;
  std::int64_t delivery_count();
  Instant arrival(Instant& last);

  World& world_;
  Chance chance_;
  std::vector<End> ends_;
  std::map<core::WorkerId, std::size_t> worker_of_;  // of every link there ever was
  std::int64_t link_count_ = 0;
};

}  // namespace trawl::sim
