#include "tests/sim/clients.h"

#include <charconv>

#include "tests/sim/jobs.h"
#include "tests/sim/world.h"

namespace trawl::sim {
namespace {

constexpr Duration kPatience = std::chrono::seconds(1);  // before a client tries again

}  // namespace

Clients::Clients(World& world, std::uint64_t seed)
    : world_(world), seed_(seed), chance_(seed, Purpose::kClient) {}

void Clients::start() {
  const Profile& profile = world_.profile;
  Duration when{0};
  for (std::int64_t i = 0; i < profile.job_count; ++i) {
    const JobSpec spec = make_job(seed_, profile, i);
    ++to_ask_count_;
    world_.timeline.after(when, [this, spec] {
      --to_ask_count_;
      submitted_.push_back(spec);
      ask(spec);
    });
    when += chance_.between(Duration{0}, profile.submit_interval_max);
  }
  for (std::int64_t i = 0; i < profile.cancel_count; ++i) {
    const Duration at = chance_.between(Duration{0}, when + 2 * profile.run_time_max);
    ++to_ask_count_;
    world_.timeline.after(at, [this] {
      --to_ask_count_;
      ask(name_to_cancel());
    });
  }
}

std::string Clients::name_to_cancel() {
  if (submitted_.empty() || chance_.one_in(10)) return "job-99_x";
  const std::int64_t last = static_cast<std::int64_t>(submitted_.size()) - 1;
  const JobSpec& spec = submitted_[static_cast<std::size_t>(chance_.between(0, last))];
  if (!spec.sweep || chance_.one_in(3)) return spec.name;
  return spec.name + "_" + std::to_string(chance_.between(0, spec.sweep->limits.max_total_trials));
}

void Clients::ask_later(const Wish& wish, Duration delay) {
  ++to_ask_count_;
  world_.timeline.after(delay, [this, wish] {
    --to_ask_count_;
    ask(wish);
  });
}

void Clients::ask(const Wish& wish) {
  if (!world_.coordinator.is_up()) {
    ask_later(wish, kPatience);
    return;
  }
  const core::RequestId id{++request_count_};
  unanswered_.emplace(id, wish);
  if (const auto* spec = std::get_if<JobSpec>(&wish)) {
    world_.coordinator.deliver(core::SubmitRequested{id, *spec});
  } else {
    world_.coordinator.deliver(core::CancelRequested{id, std::get<std::string>(wish)});
  }
}

void Clients::coordinator_died() {
  for (const auto& [id, wish] : unanswered_) ask_later(wish, kPatience);
  unanswered_.clear();
}

void Clients::replied(const core::Reply& reply) {
  const auto asked = unanswered_.extract(reply.request);
  if (asked.empty()) {
    world_.trace.fault("an answer that nobody waits for");
    return;
  }
  if (const auto* spec = std::get_if<JobSpec>(&asked.mapped())) {
    check_submitted(*spec, reply);
  } else {
    check_canceled(std::get<std::string>(asked.mapped()), reply);
  }
}

// Submitted now, or known before: either way the journal has it.
void Clients::check_submitted(const JobSpec& spec, const core::Reply& reply) {
  const JobHistory* job = world_.history.find(spec.name);
  const bool is_conflict = !reply.answer && reply.answer.error().code == ErrorCode::kConflict;
  if (job == nullptr || (!reply.answer && !is_conflict)) {
    world_.trace.fault("an answer to a submission that the journal does not bear out");
  }
}

void Clients::check_canceled(const std::string& name, const core::Reply& reply) {
  if (!reply.answer) return;
  if (const JobHistory* job = world_.history.find(name)) {
    if (!job->canceled) world_.trace.fault(name + ": canceled, and the journal does not say so");
    return;
  }
  const std::size_t at = name.rfind('_');
  const JobHistory* job = world_.history.find(name.substr(0, at));
  std::size_t number = 0;
  std::from_chars(name.data() + at + 1, name.data() + name.size(), number);
  const bool known = job != nullptr && number < job->trials.size();
  if (!known || !job->trials[number].stopped) {
    world_.trace.fault(name + ": canceled, and the journal does not say so");
  }
}

}  // namespace trawl::sim
