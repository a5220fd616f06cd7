// tests/sim/clients.h: people at their terminals: they submit jobs, cancel jobs and trials (also
// ones that are not there), ask again when the coordinator dies on them, and believe its answers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/command.h"
#include "core/event.h"
#include "tests/sim/chance.h"

namespace trawl::sim {

struct World;

class Clients {
 public:
  Clients(World& world, std::uint64_t seed);

  void start();
  void replied(const core::Reply& reply);
  void coordinator_died();
  std::size_t unanswered_count() const { return unanswered_.size(); }
  /// Everything was asked for, and answered.
  bool are_done() const { return unanswered_.empty() && to_ask_count_ == 0; }

 private:
  using Wish = std::variant<JobSpec, std::string>;  // submit this, or cancel that

  void ask(const Wish& wish);
  void ask_later(const Wish& wish, Duration delay);
  std::string name_to_cancel();
  void check_submitted(const JobSpec& spec, const core::Reply& reply);
  void check_canceled(const std::string& name, const core::Reply& reply);

  World& world_;
  std::uint64_t seed_;
  Chance chance_;
  std::int64_t request_count_ = 0;
  std::vector<JobSpec> submitted_;
  std::map<core::RequestId, Wish> unanswered_;
  std::int64_t to_ask_count_ = 0;  // later, or again
};

}  // namespace trawl::sim
