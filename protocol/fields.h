// protocol/fields.h: which fields of workers' messages and facts travel, in which order. Append
// only: what stands here has been written to disks. Internal to protocol.
#pragma once

#include <type_traits>

#include "core/fact.h"
#include "core/message.h"
#include "protocol/job_fields.h"
#include "protocol/record_fields.h"

namespace trawl::protocol {

template <>
struct Last<core::Outcome::Kind>
    : std::integral_constant<core::Outcome::Kind, core::Outcome::Kind::kFenced> {};
template <>
struct Last<core::Status> : std::integral_constant<core::Status, core::Status::kCanceled> {};
template <>
struct Last<core::StopCause>
    : std::integral_constant<core::StopCause, core::StopCause::kJobTimeout> {};

}  // namespace trawl::protocol

namespace trawl::core {

template <class Archive>
void serialize(Archive& a, TrialId& v) {
  a(v.job, v.number);
}
template <class Archive>
void serialize(Archive& a, AttemptId& v) {
  a(v.trial, v.attempt);
}
template <class Archive>
void serialize(Archive& a, Outcome& v) {
  std::int64_t cpu_us = v.cpu.count();
  std::int64_t elapsed_us = v.elapsed.count();
  a(v.kind, v.code, v.detail, cpu_us, v.max_rss_bytes, v.out_of_memory, elapsed_us, v.of_shell);
  if constexpr (Archive::is_loading::value) {
    v.cpu = Duration(cpu_us);
    v.elapsed = Duration(elapsed_us);
  }
}
template <class Archive>
void serialize(Archive& a, LaunchOrder& v) {
  a(v.attempt, v.job_name, v.trial_name, v.display_name, v.experiment_name, v.primary_metric,
    v.is_sweep, v.command, v.inputs, v.outputs, v.parameters);
}
template <class Archive>
void serialize(Archive& a, Session& v) {
  a(v.incarnation, v.number);
}
template <class Archive>
void serialize(Archive& a, Hello& v) {
  a(v.worker_name, v.spool, v.slot_count, v.known, v.is_leaving);
}
template <class Archive>
void serialize(Archive& a, AttemptStarted& v) {
  a(v.attempt, v.pid, v.folder);
}
template <class Archive>
void serialize(Archive& a, AttemptLogged& v) {
  a(v.attempt, v.records);
}
template <class Archive>
void serialize(Archive& a, AttemptEnded& v) {
  a(v.attempt, v.outcome);
}
template <class Archive>
void serialize(Archive& a, Report& v) {
  a(v.seq, v.body);
}
template <class Archive>
void serialize(Archive& a, Heartbeat& v) {
  a(v.trouble, v.sent, v.answered, v.orders, v.spooled, v.acknowledged);
}
template <class Archive>
void serialize(Archive&, Goodbye&) {}
template <class Archive>
void serialize(Archive& a, FromWorker& v) {
  a(v.session, v.body);
}
template <class Archive>
void serialize(Archive& a, Welcome& v) {
  std::int64_t lease_us = v.lease.count();
  std::int64_t grace_us = v.fence_grace.count();
  a(v.committed, v.store, lease_us, grace_us);
  if constexpr (Archive::is_loading::value) {
    v.lease = Duration(lease_us);
    v.fence_grace = Duration(grace_us);
  }
}
template <class Archive>
void serialize(Archive& a, Launch& v) {
  a(v.order, v.after);
}
template <class Archive>
void serialize(Archive& a, Stop& v) {
  std::int64_t us = v.grace.count();
  a(v.attempt, us);
  if constexpr (Archive::is_loading::value) v.grace = Duration(us);
}
template <class Archive>
void serialize(Archive& a, Acknowledge& v) {
  a(v.committed);
}
template <class Archive>
void serialize(Archive&, Leave&) {}
template <class Archive>
void serialize(Archive& a, HeartbeatSeen& v) {
  a(v.sent);
}
template <class Archive>
void serialize(Archive& a, SendAgain& v) {
  a(v.committed);
}
template <class Archive>
void serialize(Archive&, HelloAgain&) {}
template <class Archive>
void serialize(Archive& a, Refused& v) {
  a(v.reason);
}
template <class Archive>
void serialize(Archive& a, ToWorker& v) {
  a(v.session, v.order, v.body);
}

template <class Archive>
void serialize(Archive& a, JobSubmitted& v) {
  a(v.job, v.spec);
}
template <class Archive>
void serialize(Archive& a, TrialSuggested& v) {
  a(v.trial, v.parameters);
}
template <class Archive>
void serialize(Archive& a, SuggestionsExhausted& v) {
  a(v.job);
}
template <class Archive>
void serialize(Archive& a, AttemptAssigned& v) {
  a(v.attempt, v.worker_name, v.incarnation, v.after, v.is_leased);
}
template <class Archive>
void serialize(Archive& a, AttemptRunning& v) {
  a(v.started);
}
template <class Archive>
void serialize(Archive& a, RecordsAccepted& v) {
  a(v.attempt, v.records);
}
template <class Archive>
void serialize(Archive& a, PrimaryReported& v) {
  a(v.attempt, v.value, v.step, v.best_of_trial, v.best_of_job);
}
template <class Archive>
void serialize(Archive& a, StopDecided& v) {
  a(v.attempt, v.cause, v.reason);
}
template <class Archive>
void serialize(Archive& a, AttemptFinished& v) {
  a(v.attempt, v.outcome);
}
template <class Archive>
void serialize(Archive& a, TrialEnded& v) {
  a(v.trial, v.status, v.reason);
}
template <class Archive>
void serialize(Archive& a, JobCancelRequested& v) {
  a(v.job, v.cause, v.reason);
}
template <class Archive>
void serialize(Archive& a, JobEnded& v) {
  a(v.job, v.status, v.reason);
}
template <class Archive>
void serialize(Archive& a, ReportsTaken& v) {
  a(v.spool, v.seq);
}
template <class Archive>
void serialize(Archive& a, JobUpdated& v) {
  a(v.job, v.update);
}
template <class Archive>
void serialize(Archive& a, Fact& v) {
  a(v.at, v.body);
}

}  // namespace trawl::core
