// protocol/job_fields.h: which fields of a job travel, in which order.
// Append only: what stands here has been written to disks. Internal to protocol.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/id.h"
#include "base/instant.h"
#include "protocol/archive.h"
#include "sweep/job.h"
#include "sweep/job_update.h"

namespace trawl::protocol {

/// The last enumerator of an enumeration that travels.
template <class Enum>
struct Last;
template <>
struct Last<Goal> : std::integral_constant<Goal, Goal::kMaximize> {};
template <>
struct Last<Launcher> : std::integral_constant<Launcher, Launcher::kRay> {};
template <>
struct Last<SamplingRule> : std::integral_constant<SamplingRule, SamplingRule::kBayesian> {};
template <>
struct Last<Input::Kind> : std::integral_constant<Input::Kind, Input::Kind::kUri> {};

// Enumerators as one byte each; a number that this release does not know is refused. These stand in
// the archives' namespace, where they are found for the enumerations of every other one: cereal's
// own would write four bytes and believe whatever it reads.
template <class Enum>
requires std::is_enum_v<Enum> std::uint8_t CEREAL_SAVE_MINIMAL_FUNCTION_NAME(const Output&,
                                                                             const Enum& value) {
  return static_cast<std::uint8_t>(value);
}
template <class Enum>
requires std::is_enum_v<Enum>
void CEREAL_LOAD_MINIMAL_FUNCTION_NAME(const BoundedInput&, Enum& value, const std::uint8_t& byte) {
  if (byte > static_cast<std::uint8_t>(Last<Enum>::value)) {
    throw cereal::Exception("an unknown enumerator");
  }
  value = static_cast<Enum>(byte);
}

}  // namespace trawl::protocol

namespace trawl {

template <class Archive, class Tag>
void serialize(Archive& a, Id<Tag>& v) {
  a(v.number);
}
template <class Archive>
void serialize(Archive& a, Instant& v) {
  a(v.us);
}

// Values and spaces nest: the reader counts the levels.
template <class Archive>
class Nested {
 public:
  explicit Nested(Archive& archive) : archive_(archive) {
    if constexpr (Archive::is_loading::value) archive_.enter();
  }
  ~Nested() {
    if constexpr (Archive::is_loading::value) archive_.leave();
  }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  Archive& archive_;
};

template <class Archive>
void serialize(Archive& a, Value& v) {
  const Nested<Archive> nested(a);
  a(v.data);
}
template <class Archive>
void serialize(Archive& a, NamedValue& v) {
  a(v.name, v.value);
}
template <class Archive>
void serialize(Archive& a, ChoiceOption& v) {
  const Nested<Archive> nested(a);
  a(v.data);
}
template <class Archive>
void serialize(Archive& a, Choice& v) {
  a(v.options);
}
template <class Archive>
void serialize(Archive& a, RandInt& v) {
  a(v.upper);
}
template <class Archive>
void serialize(Archive& a, Uniform& v) {
  a(v.min_value, v.max_value);
}
template <class Archive>
void serialize(Archive& a, QUniform& v) {
  a(v.min_value, v.max_value, v.q);
}
template <class Archive>
void serialize(Archive& a, LogUniform& v) {
  a(v.min_value, v.max_value, v.base);
}
template <class Archive>
void serialize(Archive& a, QLogUniform& v) {
  a(v.min_value, v.max_value, v.q, v.base);
}
template <class Archive>
void serialize(Archive& a, Normal& v) {
  a(v.mu, v.sigma);
}
template <class Archive>
void serialize(Archive& a, QNormal& v) {
  a(v.mu, v.sigma, v.q);
}
template <class Archive>
void serialize(Archive& a, LogNormal& v) {
  a(v.mu, v.sigma, v.base);
}
template <class Archive>
void serialize(Archive& a, QLogNormal& v) {
  a(v.mu, v.sigma, v.q, v.base);
}
template <class Archive>
void serialize(Archive& a, Hyperparameter& v) {
  a(v.name, v.distribution);
}

template <class Archive>
void serialize(Archive& a, Objective& v) {
  a(v.goal, v.primary_metric);
}
template <class Archive>
void serialize(Archive& a, Bandit& v) {
  a(v.slack_factor, v.slack_amount);
}
template <class Archive>
void serialize(Archive&, MedianStopping&) {}
template <class Archive>
void serialize(Archive& a, TruncationSelection& v) {
  a(v.percentage);
}
template <class Archive>
void serialize(Archive& a, Policy& v) {
  a(v.rule, v.evaluation_interval, v.delay_evaluation);
}

template <class Archive>
void serialize(Archive& a, NamedText& v) {
  a(v.name, v.text);
}
template <class Archive>
void serialize(Archive& a, Input& v) {
  a(v.name, v.kind, v.type, v.mode, v.text);
}
template <class Archive>
void serialize(Archive& a, trawl::Output& v) {
  a(v.name, v.type, v.mode, v.path);
}
template <class Archive>
void serialize(Archive& a, Resources& v) {
  a(v.instance_count, v.process_count_per_instance, v.launcher);
}
template <class Archive>
void serialize(Archive& a, CommandSpec& v) {
  a(v.command, v.code, v.environment, v.environment_variables, v.resources, v.shell_environment,
    v.umask);
}
template <class Archive>
void serialize(Archive& a, Sampling& v) {
  a(v.rule, v.seed);
}
/// Durations travel as microseconds.
struct Microseconds {
  std::optional<Duration>& value;
};
template <class Archive>
void serialize(Archive& a, Microseconds& v) {
  bool has = v.value.has_value();
  std::int64_t us = has ? static_cast<std::int64_t>(v.value->count()) : 0;
  a(has, us);
  if constexpr (Archive::is_loading::value) {
    v.value = has ? std::optional<Duration>(Duration(us)) : std::nullopt;
  }
}

template <class Archive>
void serialize(Archive& a, SweepLimits& v) {
  Microseconds trial_timeout{v.trial_timeout};
  a(v.max_total_trials, v.max_concurrent_trials, trial_timeout);
}
template <class Archive>
void serialize(Archive& a, SweepSpec& v) {
  a(v.search_space, v.sampling, v.objective, v.early_termination, v.limits);
}
template <class Archive>
void serialize(Archive& a, JobSpec& v) {
  Microseconds timeout{v.timeout};
  a(v.name, v.display_name, v.experiment_name, v.description, v.tags, v.command, v.inputs,
    v.outputs, v.sweep, timeout, v.document, v.submission, v.created_by);
}

template <class Archive>
void serialize(Archive& a, TextChange& v) {
  a(v.name, v.text);
}
template <class Archive>
void serialize(Archive& a, JobUpdate& v) {
  a(v.display_name, v.description, v.tags, v.properties, v.archived);
}

}  // namespace trawl
