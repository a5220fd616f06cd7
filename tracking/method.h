// tracking/method.h: the MLflow REST methods as functions from (a repository, fields of a request)
// to (answer, records that made it true). Pure: no socket, lock, clock or disk. A family
// of methods has a file of its own (rest_runs.cc, rest_logs.cc, ...), which adds its rows to the
// table of routes; what has no row is 404 ENDPOINT_NOT_FOUND.
//
// Behaviour matched: `mlflow server` 3.18 as the stock clients 2.9 to 3.18 see it, except where a
// Policy confines a trial.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "sweep/record.h"
#include "tracking/repository.h"
#include "tracking/rest.h"

namespace trawl::tracking {

using Json = nlohmann::json;
using Answer = tl::expected<Json, Refusal>;

inline tl::unexpected<Refusal> refuse(Refusal refusal) {
  return tl::unexpected<Refusal>(std::move(refusal));
}

/// Who is speaking, and what they may do. Without a trial nothing is confined: names mean what they
/// say, and runs are made in the experiment asked for.
struct Policy {
  /// A trial's own run and experiment; both empty where no trial speaks. A trial gets its own
  /// experiment by whatever name it asks, makes all runs in it, and cannot rename or delete it.
  std::string run_id;
  std::string experiment_id;
  /// Params of the trial's own run that keep their value when the script logs another.
  std::vector<std::string> fixed_params;

  std::function<std::string()> new_id;                    // 32 hexadecimal digits, never the same
  std::function<void(const std::string& sentence)> warn;  // for the trial's log

  bool is_confined() const { return !experiment_id.empty(); }
};

/// What a method may see and change while it runs. A method validates everything before its first
/// `record`, so that a refusal leaves no trace.
struct Call {
  const Policy& policy;
  Repository& state;
  std::vector<Record>& records;
  std::int64_t now_ms{};

  /// Applies a fact to the state and, if it changed anything, notes it for the sink.
  void record(Record fact) {
    if (state.apply(fact)) records.push_back(std::move(fact));
  }
};

/// `fields` is always an object: the JSON body, or the query string with every value a string or an
/// array of strings; the parts of the path that are ids are added to it.
using Method = Answer (*)(Call& call, const Json& fields);

/// A name for what its maker gave none, like "calm-otter-123", from a random id.
std::string made_up_name(std::string_view id);

using KnownRun = tl::expected<std::shared_ptr<const Run>, Refusal>;

/// 404 "Run with id=X not found" for a run that is not there.
KnownRun known_run(const Call& call, std::string_view run_id, RunDetail detail);

/// The same for a run that is to be changed: 400 if it is deleted.
KnownRun active_run(const Call& call, std::string_view run_id, RunDetail detail);

/// The same two for experiments.
tl::expected<Experiment, Refusal> known_experiment(const Call& call, std::string_view id);
tl::expected<Experiment, Refusal> active_experiment(const Call& call, std::string_view id);

/// A method that only reads records nothing, except that asking for an experiment by name leaves a
/// tag where a trial is confined.
enum class Effect { kReads, kWrites };

/// `path` is what follows /api/2.0/mlflow/ (or /ajax-api/2.0/mlflow/). A part `{name}` matches any
/// one part and becomes the field `name`.
struct Route {
  std::string_view verb;
  std::string_view path;
  Effect effect;
  Method method;
};

std::span<const Route> run_routes();
std::span<const Route> log_routes();
std::span<const Route> experiment_routes();
std::span<const Route> model_routes();
std::span<const Route> model_search_routes();
std::span<const Route> search_routes();

/// A method with its fields, ready to run under the session's lock.
struct PreparedCall {
  Method method{};
  Effect effect = Effect::kWrites;
  Json fields;
};

/// Finds the route and parses body or query. 404 for an unknown route, 400 for a body that is not a
/// JSON object or has the wrong type.
tl::expected<PreparedCall, Refusal> prepare(const Request& request);

/// One query parameter, decoded, or nothing. The first where it is repeated.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

Response to_response(const Json& document);
Response to_response(const Answer& answer);

}  // namespace trawl::tracking
