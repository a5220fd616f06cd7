// tests/sim/checks.h: what must hold of the world, beyond the coordinator's history: which
// processes there are, what they saw accepted, how long a stop takes, and how a run ends.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/fact.h"
#include "sweep/record.h"

namespace trawl::sim {

struct World;

class Checks {
 public:
  explicit Checks(World& world) : world_(world) {}

  // --- told by the hosts
  void committed(const core::Fact& fact);
  void worker_started(std::size_t worker, std::uint64_t incarnation, std::int64_t slot_count,
                      std::size_t process_count);
  /// Its process; those of its trials go on.
  void agent_died(std::size_t worker);
  /// Its worker asks it to end, or ends it.
  void signalled(const core::AttemptId& attempt);
  void spawn_ordered(const core::AttemptId& attempt);
  void prepared(const core::AttemptId& attempt, bool first_time);
  void forgotten(const core::AttemptId& attempt, bool was_prepared);
  void process_began(const core::AttemptId& attempt, std::size_t worker);
  void process_ended(const core::AttemptId& attempt);
  void stop_arrived(const core::AttemptId& attempt, Duration grace);
  /// Durable in the spool: the process has its 200.
  void records_accepted(const core::AttemptId& attempt, const std::vector<Record>& records);
  /// Durable in the spool: the attempt's result is safe.
  void end_spooled(const core::AttemptId& attempt) { ends_spooled_.insert(attempt); }

  // --- asked by the world
  void after_event();
  void at_end();

 private:
  using WorkerLife = std::pair<std::string, std::uint64_t>;  // name and incarnation
  struct Process {
    std::size_t worker{};
    std::optional<Instant> stop_arrived;
    Duration grace{};
  };
  struct Logged {
    std::vector<Record> accepted;
    std::size_t taken_count = 0;  // in committed facts
  };

  void on(const core::AttemptAssigned& fact);
  void take_slot(const WorkerLife& life, const core::AttemptId& attempt);
  void on(const core::RecordsAccepted& fact);
  void on(const core::StopDecided& fact);
  void on(const core::AttemptFinished& fact);
  void on(const auto&) {}
  void check_stops();
  void check_limits();
  /// Since when nothing has disturbed this worker's talk with the coordinator; none if it is
  /// disturbed now.
  std::optional<Instant> quiet_since(std::size_t worker) const;
  void require(bool holds, const std::string& what);

  World& world_;
  std::map<core::AttemptId, Process> processes_;
  std::map<core::AttemptId, Instant> stop_decided_;  // committed, attempt not finished
  std::map<core::AttemptId, Logged> logged_;
  std::set<core::AttemptId> ends_spooled_;
  std::map<WorkerLife, std::int64_t> slot_counts_;
  std::map<WorkerLife, std::set<core::AttemptId>> assigned_;  // hold a slot
  std::map<core::AttemptId, core::AttemptId> successors_;     // -> the one that takes over its slot
  std::map<std::size_t, std::int64_t> process_counts_;
  std::map<std::size_t, std::int64_t> slot_count_now_;
};

}  // namespace trawl::sim
