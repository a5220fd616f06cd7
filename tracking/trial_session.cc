// tracking/trial_session.cc: a session's requests in order, their commits in groups, and the place
// of its artifacts. The durability rule is told in trial_session.h.
#include "tracking/trial_session.h"

#include <algorithm>
#include <cctype>

#include "tracking/fixed_answers.h"
#include "tracking/method.h"
#include "tracking/token.h"

namespace trawl::tracking {
namespace {

// What every stock client accepts as a run id (mlflow's own check of MLFLOW_RUN_ID), but for the
// name of the folder that holds logged models.
bool is_run_id(std::string_view text) {
  constexpr std::size_t kLongest = 256;
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= kLongest && text[0] != '-' && text[0] != '_' &&
         text != "models" && std::ranges::all_of(text, allowed);
}

bool is_trial_name(std::string_view text) {
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
  };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

Result<void> check(const TrialSettings& settings) {
  const auto invalid = [&](const std::string& why) {
    return fail(ErrorCode::kInvalid, "Cannot serve trial '" + settings.trial + "': " + why);
  };
  if (!is_trial_name(settings.trial)) return invalid("its name cannot stand in a URL.");
  if (settings.token.empty()) return invalid("it has no token.");
  if (!is_run_id(settings.run_id))
    return invalid("its run id is not 1 to 256 letters, digits, _ or -.");
  if (settings.experiment_id.empty()) return invalid("it has no experiment.");
  if (settings.sink == nullptr || !settings.reload || !settings.now_ms || !settings.new_id ||
      !settings.warn) {
    return invalid("a callback is missing.");
  }
  return {};
}

Policy policy_of(const TrialSettings& settings) {
  Policy policy;
  policy.run_id = settings.run_id;
  policy.experiment_id = settings.experiment_id;
  for (const NamedText& param : settings.params) policy.fixed_params.push_back(param.name);
  policy.new_id = settings.new_id;
  policy.warn = settings.warn;
  return policy;
}

}  // namespace

Result<std::unique_ptr<TrialSession>> TrialSession::open(TrialSettings settings) {
  if (auto checked = check(settings); !checked) {
    return tl::unexpected<Error>(std::move(checked.error()));
  }
  std::unique_ptr<TrialSession> session(new TrialSession(std::move(settings)));
  if (auto rebuilt = session->rebuild(); !rebuilt) {
    return tl::unexpected<Error>(std::move(rebuilt.error()));
  }
  return session;
}

TrialSession::TrialSession(TrialSettings settings)
    : settings_(std::move(settings)),
      policy_(policy_of(settings_)),
      artifacts_(settings_.artifacts_root) {}

bool TrialSession::admits(std::string_view authorization) const {
  return is_bearer(authorization, settings_.token);
}

Result<void> TrialSession::rebuild() {
  auto records = settings_.reload();
  if (!records) return tl::unexpected<Error>(std::move(records.error()));
  state_ = RunState{};
  state_.apply(ExperimentCreated{settings_.experiment_id, settings_.experiment_name,
                                 settings_.experiment_creation_ms});
  state_.apply(ExperimentCreated{"0", "Default", settings_.experiment_creation_ms});
  state_.apply(RunCreated{settings_.run_id, settings_.experiment_id, settings_.run_name,
                          settings_.user, settings_.start_time_ms});
  for (const NamedText& tag : settings_.tags) {
    state_.apply(TagSet{settings_.run_id, tag.name, tag.text});
  }
  for (const NamedText& param : settings_.params) {
    state_.apply(ParamLogged{settings_.run_id, param.name, param.text});
  }
  for (const Record& record : *records) state_.apply(record);
  state_is_durable_ = true;
  return {};
}

Response TrialSession::handle(const Request& request) {
  if (auto fixed = fixed_answer(request)) return *std::move(fixed);
  const auto find = [this](const ArtifactOwner& owner) { return find_artifacts(owner); };
  if (auto answer = answer_artifacts(request, find)) return *std::move(answer);
  return handle_method(request);
}

Response TrialSession::handle_method(const Request& request) {
  auto call = prepare(request);  // parsing needs no lock
  if (!call) return to_response(call.error());
  std::vector<Record> records;
  Answer answer;
  {
    std::unique_lock lock(mutex_);
    if (!state_is_durable_) {
      if (const auto rebuilt = rebuild(); !rebuilt) {
        return to_response(temporarily_unavailable(rebuilt.error().message));
      }
    }
    Call context{policy_, state_, records, settings_.now_ms()};
    answer = call->method(context, call->fields);
    if (!records.empty()) {
      ++queued_;
      if (queue_.empty()) {
        queue_ = std::move(records);
      } else {
        std::ranges::move(records, std::back_inserter(queue_));
      }
    }
    if (!wait_until_durable(lock, queued_)) {
      return to_response(temporarily_unavailable("What was logged could not be stored."));
    }
  }
  return to_response(answer);
}

// False where a commit failed meanwhile. That may have been a later one than `ticket` needed: then
// the client repeats a request that is stored already, which is harmless.
bool TrialSession::wait_until_durable(std::unique_lock<std::mutex>& lock, std::uint64_t ticket) {
  const std::uint64_t failure_count = failure_count_;
  while (durable_ < ticket) {
    if (committing_) {
      changed_.wait(lock);
    } else {
      commit_queue(lock);
    }
  }
  return failure_count == failure_count_;
}

void TrialSession::commit_queue(std::unique_lock<std::mutex>& lock) {
  const std::vector<Record> batch = std::exchange(queue_, {});
  const std::uint64_t last = queued_;
  committing_ = true;
  lock.unlock();
  const auto committed = settings_.sink->commit(batch);
  lock.lock();
  committing_ = false;
  if (committed) {
    durable_ = last;
  } else {
    // What was queued meanwhile was judged by a state that has not come true.
    queue_.clear();
    durable_ = queued_;
    ++failure_count_;
    state_is_durable_ = false;
  }
  changed_.notify_all();
  if (!committed) settings_.warn("Logging is held up: " + committed.error().message);
}

tl::expected<ArtifactPlace, Refusal> TrialSession::find_artifacts(const ArtifactOwner& owner) {
  if (!owner.experiment_id.empty() && owner.experiment_id != settings_.experiment_id) {
    return refuse(invalid_parameter("Invalid path"));
  }
  const std::lock_guard lock(mutex_);
  const bool known = owner.is_model ? state_.find_document("logged_model", owner.id).has_value()
                                    : state_.find_run(owner.id) != nullptr;
  const std::string folder = (owner.is_model ? "models/" : "") + owner.id;
  if (!known) return refuse(resource_missing("No run or model has the artifacts " + folder));
  return ArtifactPlace{artifacts_, folder, settings_.experiment_id};
}

tl::expected<Upload, Refusal> TrialSession::begin_upload(std::string_view path) {
  return begin_artifact_upload(
      path, [this](const ArtifactOwner& owner) { return find_artifacts(owner); });
}

}  // namespace trawl::tracking
