#include "tests/sim/jobs.h"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "tests/sim/chance.h"
#include "tests/sim/process.h"

namespace trawl::sim {
namespace {

using std::chrono::milliseconds;

Choice make_choice(Chance& chance) {
  Choice choice;
  const std::int64_t count = chance.between(1, 4);
  for (std::int64_t i = 0; i < count; ++i) {
    ChoiceOption option;
    switch (chance.between(0, 3)) {
      case 0:
        option.data.emplace<std::int64_t>(i);
        break;
      case 1:
        option.data.emplace<double>(static_cast<double>(i) / 4);
        break;
      case 2:
        option.data.emplace<std::string>(fmt::format("option {}", i));
        break;
      default: {
        SearchSpace& nested = option.data.emplace<SearchSpace>();
        nested.push_back({"inner", Choice{{ChoiceOption{std::int64_t{1}}, ChoiceOption{2.5}}}});
      }
    }
    choice.options.push_back(std::move(option));
  }
  return choice;
}

Distribution make_distribution(Chance& chance) {
  switch (chance.between(0, 9)) {
    case 0:
      return RandInt{chance.between(1, 100)};
    case 1:
      return Uniform{-1.0, 2.0};
    case 2:
      return QUniform{0.0, 10.0, 2.0};
    case 3:
      return LogUniform{-6.0, -1.0, std::numbers::e};
    case 4:
      return QLogUniform{0.0, 3.0, 1.0, std::numbers::e};
    case 5:
      return Normal{0.0, 3.0};
    case 6:
      return QNormal{10.0, 3.0, 1.0};
    case 7:
      return LogNormal{0.0, 1.0, std::numbers::e};
    case 8:
      return QLogNormal{0.0, 1.0, 1.0, std::numbers::e};
    default:
      return make_choice(chance);
  }
}

Policy make_policy(Chance& chance) {
  Policy policy;
  policy.evaluation_interval = chance.between(1, 3);
  policy.delay_evaluation = chance.between(0, 4);
  switch (chance.between(0, 4)) {
    case 0:
      policy.rule = Bandit{chance.uniform(), std::nullopt};
      break;
    case 1:
      policy.rule = Bandit{std::nullopt, chance.uniform()};
      break;
    case 2:
      policy.rule = MedianStopping{};
      break;
    case 3:
      policy.rule = TruncationSelection{static_cast<int>(chance.between(1, 99))};
      break;
    default:
      break;  // none
  }
  return policy;
}

SweepSpec make_sweep(Chance& chance, const Profile& profile) {
  SweepSpec sweep;
  sweep.sampling.seed = static_cast<std::uint64_t>(chance.between(0, 1000));
  constexpr SamplingRule kRules[] = {SamplingRule::kRandom, SamplingRule::kSobol,
                                     SamplingRule::kGrid};
  sweep.sampling.rule = kRules[chance.between(0, 2)];
  const std::int64_t dimensions = chance.between(1, 3);
  for (std::int64_t i = 0; i < dimensions; ++i) {
    const bool grid = sweep.sampling.rule == SamplingRule::kGrid;
    sweep.search_space.push_back({fmt::format("p{}", i), grid ? Distribution{make_choice(chance)}
                                                              : make_distribution(chance)});
  }
  sweep.objective.goal = chance.one_in(2) ? Goal::kMaximize : Goal::kMinimize;
  sweep.objective.primary_metric = "acc";
  sweep.early_termination = make_policy(chance);
  sweep.limits.max_total_trials = chance.between(1, profile.trial_count_max);
  sweep.limits.max_concurrent_trials = chance.between(1, 6);
  if (chance.one_in(3)) {
    sweep.limits.trial_timeout = chance.between(milliseconds(100), profile.run_time_max);
  }
  return sweep;
}

}  // namespace

JobSpec make_job(std::uint64_t seed, const Profile& profile, std::int64_t number) {
  Chance chance(seed, Purpose::kJob, static_cast<std::uint64_t>(number));
  JobSpec spec;
  const bool name_is_taken = number > 0 && chance.one_in(10);
  spec.name = fmt::format("job-{}", name_is_taken ? number - 1 : number);
  if (!chance.one_in(4)) spec.sweep = make_sweep(chance, profile);
  if (chance.one_in(4)) spec.timeout = chance.between(milliseconds(500), 3 * profile.run_time_max);
  const bool limited = spec.timeout || (spec.sweep && spec.sweep->limits.trial_timeout);
  spec.command.command = "train";
  if (chance.one_in(10)) {
    spec.command.command = kAlwaysFails;
  } else if (limited && chance.one_in(2)) {
    spec.command.command = kMayHang;
  }
  return spec;
}

}  // namespace trawl::sim
