// tracking/method.h: the MLflow REST methods as functions from (state of a trial's runs, fields of
// a request) to (answer, records that made it true). Pure: no socket, lock, clock or disk. A family
// of methods has a file of its own (rest_runs.cc, rest_logs.cc, ...), which adds its rows to the
// table of routes; what has no row is 404 ENDPOINT_NOT_FOUND.
//
// Behaviour matched: `mlflow server` 3.18 as the stock clients 2.9 to 3.18 see it, except that all
// experiments are the trial's own.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "sweep/record.h"
#include "tracking/rest.h"
#include "tracking/run_state.h"
#include "tracking/session.h"

namespace trawl::tracking {

using Json = nlohmann::json;
using Answer = tl::expected<Json, Refusal>;

inline tl::unexpected<Refusal> refuse(Refusal refusal) {
  return tl::unexpected<Refusal>(std::move(refusal));
}

/// What a method may see and change while it runs. A method validates everything before its first
/// `record`, so that a refusal leaves no trace.
struct Call {
  const SessionSettings& settings;
  RunState& state;
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

/// 404 "Run with id=X not found" for a run that the session does not hold.
tl::expected<const Run*, Refusal> known_run(const Call& call, std::string_view run_id);

/// `path` is what follows /api/2.0/mlflow/ (or /ajax-api/2.0/mlflow/). A part `{name}` matches any
/// one part and becomes the field `name`.
struct Route {
  std::string_view verb;
  std::string_view path;
  Method method;
};

std::span<const Route> run_routes();
std::span<const Route> log_routes();
std::span<const Route> experiment_routes();
std::span<const Route> model_routes();

/// A method with its fields, ready to run under the session's lock.
struct PreparedCall {
  Method method{};
  Json fields;
};

/// Finds the route and parses body or query. 404 for an unknown route, 400 for a body that is not a
/// JSON object or has the wrong type.
tl::expected<PreparedCall, Refusal> prepare(const Request& request);

/// One query parameter, decoded, or nothing. The first where it is repeated.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

Response to_response(const Json& document);

}  // namespace trawl::tracking
