// tests/unit/core/cluster.h: a coordinator's core with what its tests say often. Every step is
// followed by core::check and by a replay: the facts so far must make the same state.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/coordinator.h"

namespace trawl::core {

JobSpec command_job(const std::string& name);

struct SweepShape {
  std::int64_t total = 4;
  std::int64_t concurrent = 2;
};

/// Maximizes `acc`; no policy, no limits of time.
JobSpec sweep_job(const std::string& name, SweepShape shape);

AttemptId attempt_id(std::int64_t job, std::int64_t number, std::int32_t attempt = 1);

/// The facts of one kind that a decision has.
template <class Kind>
std::vector<Kind> facts(const Decision& decision) {
  std::vector<Kind> found;
  for (const Fact& fact : decision.facts) {
    if (const auto* one = std::get_if<Kind>(&fact.body)) found.push_back(*one);
  }
  return found;
}

/// The commands of one kind that a decision has.
template <class Kind>
std::vector<Kind> commands(const Decision& decision) {
  std::vector<Kind> found;
  for (const Command& command : decision.commands) {
    if (const auto* one = std::get_if<Kind>(&command)) found.push_back(*one);
  }
  return found;
}

/// The messages of one kind that a decision sends, to whichever worker.
template <class Kind>
std::vector<Kind> sent(const Decision& decision) {
  std::vector<Kind> found;
  for (const Send& send : commands<Send>(decision)) {
    if (const auto* one = std::get_if<Kind>(&send.message.body)) found.push_back(*one);
  }
  return found;
}

/// The attempts that a decision launches, in order.
std::vector<AttemptId> launched(const Decision& decision);

class Cluster {
 public:
  explicit Cluster(CoordinatorOptions options = {}) : options_(options), core_(options) {}

  Decision step(const EventBody& event);
  void advance(Duration by) { now_ = now_ + by; }
  Instant now() const { return now_; }

  Decision submit(const JobSpec& spec);
  Decision cancel(const std::string& name);

  struct Join {
    std::int64_t link = 1;  // the WorkerId
    std::string name = "w";
    std::uint64_t incarnation = 1;
    std::int32_t slots = 2;
    std::vector<AttemptId> known = {};
    bool local = true;        // no lease
    std::uint64_t spool = 0;  // 0: the name's own
    bool leaving = false;
  };
  /// Each worker name has one spool, whatever its incarnation.
  Decision join(const Join& join);
  /// In the present session of `link`, a microsecond later, as a worker that has had every answer.
  Decision heartbeat(std::int64_t link, std::uint64_t orders, std::uint64_t spooled = 0);
  Decision goodbye(std::int64_t link);
  Decision at_report(std::int64_t link, const Report& report);

  /// The next report of the spool of the worker behind `link`.
  Decision report(const ReportBody& body, std::int64_t link = 1);
  Decision started(const AttemptId& attempt, std::int64_t link = 1);
  /// Logs `acc` once for each value, at the next steps.
  Decision logged(const AttemptId& attempt, const std::vector<double>& values,
                  std::int64_t link = 1);
  Decision ended(const AttemptId& attempt, const Outcome& outcome = {}, std::int64_t link = 1);

  /// Answers the job's last Suggest: trial n gets `x` = n, from `available` trials in all.
  Decision suggested(std::int64_t job, std::int64_t available = 1'000);

  /// Submits, answers the sampler's question and lets the launched attempts run.
  void start(const JobSpec& spec);

  /// Throws the state away and makes it anew from the journal.
  Decision crash();

  const Coordinator& core() const { return core_; }
  const Job* job(std::int64_t number) const;
  const Trial& trial(std::int64_t job, std::int64_t number) const;
  std::string bound(std::int64_t job) const;

 private:
  void keep(const Decision& decision);

  CoordinatorOptions options_;
  Coordinator core_;
  Instant now_{1'000'000};
  std::vector<Fact> journal_;
  std::int64_t request_count_ = 0;
  std::map<std::int64_t, std::string> names_;  // link -> worker name
  std::map<std::int64_t, Session> sessions_;   // link -> its last
  std::uint64_t hello_count_ = 0;
  std::map<Session, Instant> beats_;  // the last heartbeat
  std::map<std::string, std::uint64_t> spools_;    // worker name -> spool
  std::map<std::string, std::uint64_t> last_seq_;  // worker name -> of its last report
  std::map<std::int64_t, Suggest> asked_;          // job -> its last question
};

}  // namespace trawl::core
