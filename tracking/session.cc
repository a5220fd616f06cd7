// tracking/session.cc: a session's requests in order, their commits in groups, and the paths of its
// artifacts. The durability rule is told in session.h.
#include "tracking/session.h"

#include <algorithm>
#include <array>

#include "tracking/method.h"

namespace trawl::tracking {
namespace {

constexpr std::string_view kServerVersion = "3.18.0";  // of the contract that is served

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

Result<void> check(const SessionSettings& settings) {
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

Response text_response(std::string_view text, std::string content_type) {
  Response response;
  response.content_type = std::move(content_type);
  response.body = text;
  return response;
}

// What the clients probe before they log. Anything not listed is what an old server lacks.
std::optional<Response> fixed_answer(const Request& request) {
  if (request.method != "GET") return std::nullopt;
  const std::string& path = request.path;
  if (path == "/health") return text_response("OK", "text/plain");
  if (path == "/version") return text_response(kServerVersion, "text/plain");
  if (path == "/api/3.0/mlflow/server-info" || path == "/ajax-api/3.0/mlflow/server-info") {
    return to_response(Json{{"store_type", "SqlStore"},
                            {"workspaces_enabled", false},
                            {"trace_archival_enabled", false},
                            {"multipart_uploads_enabled", false},
                            {"multipart_downloads_enabled", false},
                            {"artifact_serving_enabled", true}});
  }
  if (path.empty() || path == "/") {
    return text_response(
        "<!doctype html><title>Trawl</title><p>This is where a trial logs to. Its runs are shown "
        "by "
        "<code>trawl job show</code>.\n",
        "text/html; charset=utf-8");
  }
  return std::nullopt;
}

// What follows /api/2.0/mlflow-artifacts/, or nothing.
std::optional<std::string_view> artifacts_path(std::string_view path) {
  for (const std::string_view tree :
       {"/api/2.0/mlflow-artifacts/", "/ajax-api/2.0/mlflow-artifacts/"}) {
    if (path.starts_with(tree)) return path.substr(tree.size());
  }
  return std::nullopt;
}

Json entries_json(const std::vector<ArtifactEntry>& entries, const std::string& prefix) {
  Json files = Json::array();
  for (const ArtifactEntry& entry : entries) {
    Json file = {{"path", prefix + entry.path}, {"is_dir", entry.is_folder}};
    if (entry.size_bytes > 0) file["file_size"] = entry.size_bytes;
    files.push_back(std::move(file));
  }
  return files;
}

Response listing(const std::vector<ArtifactEntry>& entries) {
  if (entries.empty()) return to_response(Json::object());
  return to_response(Json{{"files", entries_json(entries, "")}});
}

tl::unexpected<Refusal> invalid_path() {
  return refuse(invalid_parameter("Invalid path"));
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(SessionSettings settings) {
  if (auto checked = check(settings); !checked) {
    return tl::unexpected<Error>(std::move(checked.error()));
  }
  auto artifacts = ArtifactStore::open(settings.artifacts_root);
  if (!artifacts) return tl::unexpected<Error>(std::move(artifacts.error()));
  std::unique_ptr<Session> session(new Session(std::move(settings), *std::move(artifacts)));
  if (auto rebuilt = session->rebuild(); !rebuilt) {
    return tl::unexpected<Error>(std::move(rebuilt.error()));
  }
  return session;
}

Session::Session(SessionSettings settings, ArtifactStore artifacts)
    : settings_(std::move(settings)), artifacts_(std::move(artifacts)) {}

Result<void> Session::rebuild() {
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

Response Session::handle(const Request& request) {
  if (auto fixed = fixed_answer(request)) return *std::move(fixed);
  if (const auto path = artifacts_path(request.path)) return handle_artifacts(request, *path);
  if (request.method == "GET" && request.path.ends_with("/mlflow/artifacts/list")) {
    return list_run_artifacts(request);
  }
  return handle_method(request);
}

Response Session::handle_method(const Request& request) {
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
    Call context{settings_, state_, records, settings_.now_ms()};
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
  return answer ? to_response(*answer) : to_response(answer.error());
}

// False where a commit failed meanwhile. That may have been a later one than `ticket` needed: then
// the client repeats a request that is stored already, which is harmless.
bool Session::wait_until_durable(std::unique_lock<std::mutex>& lock, std::uint64_t ticket) {
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

void Session::commit_queue(std::unique_lock<std::mutex>& lock) {
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

// From "<E>/<R>/artifacts/<path>" or "<E>/models/<M>/artifacts/<path>" to where the store keeps it.
// The path may be empty.
tl::expected<Session::StoredPath, Refusal> Session::stored_path(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!is_safe_path(path)) return invalid_path();
  const std::string experiment = settings_.experiment_id + "/";
  if (!path.starts_with(experiment)) return invalid_path();
  path.remove_prefix(experiment.size());
  const bool of_model = path.starts_with("models/");
  const std::size_t owner_end = path.find('/', of_model ? std::string_view("models/").size() : 0);
  if (owner_end == path.npos) return invalid_path();
  std::string stored(path.substr(0, owner_end));
  const std::string_view rest = path.substr(owner_end);
  if (rest != "/artifacts" && !rest.starts_with("/artifacts/")) return invalid_path();
  const std::lock_guard lock(mutex_);
  const bool known = of_model ? state_.find_document("logged_model",
                                                     stored.substr(stored.find('/') + 1)) != nullptr
                              : state_.find_run(stored) != nullptr;
  if (!known) return refuse(resource_missing("No run or model has the artifacts " + stored));
  const std::string_view name = rest.substr(std::string_view("/artifacts").size());
  stored += name;
  return StoredPath{std::move(stored), name.empty()};
}

Response Session::handle_artifacts(const Request& request, std::string_view path) {
  if (path.starts_with("mpu/")) {
    return to_response(not_implemented("Multipart uploads are not served."));
  }
  constexpr std::string_view tree = "artifacts";
  if (request.method == "GET" && path == tree) {
    const auto folder = query_value(request.query, "path").value_or("");
    const auto stored = stored_path(folder);
    if (stored) return listing(artifacts_.list(stored->path));
    if (folder.empty() || stored.error().status == 404) return to_response(Json::object());
    return to_response(stored.error());
  }
  if (!path.starts_with("artifacts/")) {
    if (path.starts_with("presigned")) {
      return to_response(invalid_parameter("Presigned URLs are not served."));
    }
    return to_response(endpoint_missing(request.path));
  }
  const auto stored = stored_path(path.substr(tree.size() + 1));
  if (!stored) return to_response(stored.error());
  if (request.method == "DELETE") {
    const auto removed = artifacts_.remove(stored->path);
    return removed ? to_response(Json::object()) : to_response(removed.error());
  }
  if (request.method != "GET") return to_response(endpoint_missing(request.path));
  const auto file = artifacts_.find_file(stored->path);
  if (!file) return to_response(file.error());
  Response response;
  response.content_type = "application/octet-stream";
  response.file = *file;
  return response;
}

Response Session::list_run_artifacts(const Request& request) {
  auto run_id = query_value(request.query, "run_id");
  if (!run_id) run_id = query_value(request.query, "run_uuid");
  if (!run_id)
    return to_response(invalid_parameter("Missing value for required parameter 'run_id'."));
  const std::string path = query_value(request.query, "path").value_or("");
  const std::string root = settings_.experiment_id + "/" + *run_id + "/artifacts";
  const auto stored = stored_path(path.empty() ? root : root + "/" + path);
  if (!stored && stored.error().status == 404) {
    return to_response(resource_missing("Run with id=" + *run_id + " not found"));
  }
  if (!stored) return to_response(stored.error());
  Json answer = {{"root_uri", "mlflow-artifacts:/" + root}};
  Json files = entries_json(artifacts_.list(stored->path), path.empty() ? "" : path + "/");
  if (!files.empty()) answer["files"] = std::move(files);
  return to_response(answer);
}

tl::expected<Upload, Refusal> Session::begin_upload(std::string_view path) {
  const auto below = artifacts_path(path);
  constexpr std::string_view tree = "artifacts/";
  if (!below || !below->starts_with(tree)) return refuse(endpoint_missing(path));
  if (path.ends_with('/')) return invalid_path();
  const auto stored = stored_path(below->substr(tree.size()));
  if (!stored) return refuse(stored.error());
  if (stored->is_whole) return invalid_path();
  return artifacts_.begin_upload(stored->path);
}

}  // namespace trawl::tracking
