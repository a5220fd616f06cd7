// tracking/artifact_requests.cc: the two trees of artifact requests: mlflow-artifacts/, whose paths
// name experiment and owner, and artifacts/list, which names a run.
#include "tracking/artifact_requests.h"

#include "tracking/method.h"

namespace trawl::tracking {
namespace {

constexpr std::string_view kTree = "artifacts";

struct Artifact {
  ArtifactPlace place;
  std::string path;  // below the owner's folder; empty: all that it has
  std::string stored() const { return path.empty() ? place.folder : place.folder + "/" + path; }
};

tl::unexpected<Refusal> invalid_path() {
  return refuse(invalid_parameter("Invalid path"));
}

// What follows /api/2.0/mlflow-artifacts/, or nothing.
std::optional<std::string_view> artifacts_path(std::string_view path) {
  for (const std::string_view tree :
       {"/api/2.0/mlflow-artifacts/", "/ajax-api/2.0/mlflow-artifacts/"}) {
    if (path.starts_with(tree)) return path.substr(tree.size());
  }
  return std::nullopt;
}

// The part of `path` up to the next slash, which is taken off with it.
std::string_view take_part(std::string_view& path) {
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view part = path.substr(0, end);
  path.remove_prefix(std::min(end + 1, path.size()));
  return part;
}

// "<E>/<R>/artifacts[/<path>]" or "<E>/models/<M>/artifacts[/<path>]".
tl::expected<Artifact, Refusal> find_artifact(std::string_view path, const FindArtifacts& find) {
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!is_safe_path(path)) return invalid_path();
  ArtifactOwner owner;
  owner.experiment_id = take_part(path);
  owner.id = take_part(path);
  owner.is_model = owner.id == "models";
  if (owner.is_model) owner.id = take_part(path);
  if (owner.id.empty() || take_part(path) != kTree) return invalid_path();
  auto place = find(owner);
  if (!place) return refuse(std::move(place.error()));
  return Artifact{*std::move(place), std::string(path)};
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

Response list_folder(const Request& request, const FindArtifacts& find) {
  const auto folder = query_value(request.query, "path").value_or("");
  const auto artifact = find_artifact(folder, find);
  if (!artifact) {
    const bool is_absent = folder.empty() || artifact.error().status == 404;
    return is_absent ? to_response(Json::object()) : to_response(artifact.error());
  }
  Json files = entries_json(artifact->place.store.list(artifact->stored()), "");
  if (files.empty()) return to_response(Json::object());
  return to_response(Json{{"files", std::move(files)}});
}

Response list_run(const Request& request, const FindArtifacts& find) {
  auto run_id = query_value(request.query, "run_id");
  if (!run_id) run_id = query_value(request.query, "run_uuid");
  if (!run_id) {
    return to_response(invalid_parameter("Missing value for required parameter 'run_id'."));
  }
  const std::string path = query_value(request.query, "path").value_or("");
  if (!path.empty() && !is_safe_path(path)) return to_response(invalid_path().value());
  const auto place = find({"", *run_id, false});
  if (!place && place.error().status == 404) {
    return to_response(resource_missing("Run with id=" + *run_id + " not found"));
  }
  if (!place) return to_response(place.error());
  Json answer = {
      {"root_uri", "mlflow-artifacts:/" + place->experiment_id + "/" + *run_id + "/artifacts"}};
  const Artifact artifact{*place, path};
  Json files = entries_json(place->store.list(artifact.stored()), path.empty() ? "" : path + "/");
  if (!files.empty()) answer["files"] = std::move(files);
  return to_response(answer);
}

Response one_artifact(const Request& request, std::string_view path, const FindArtifacts& find) {
  const auto artifact = find_artifact(path, find);
  if (!artifact) return to_response(artifact.error());
  if (request.method == "DELETE") {
    const auto removed = artifact->place.store.remove(artifact->stored());
    return removed ? to_response(Json::object()) : to_response(removed.error());
  }
  if (request.method != "GET") return to_response(endpoint_missing(request.path));
  const auto file = artifact->place.store.find_file(artifact->stored());
  if (!file) return to_response(file.error());
  Response response;
  response.content_type = "application/octet-stream";
  response.file = *file;
  return response;
}

}  // namespace

std::optional<Response> answer_artifacts(const Request& request, const FindArtifacts& find) {
  if (request.method == "GET" && (request.path == "/api/2.0/mlflow/artifacts/list" ||
                                  request.path == "/ajax-api/2.0/mlflow/artifacts/list")) {
    return list_run(request, find);
  }
  const auto path = artifacts_path(request.path);
  if (!path) return std::nullopt;
  if (path->starts_with("mpu/")) {
    return to_response(not_implemented("Multipart uploads are not served."));
  }
  if (request.method == "GET" && *path == kTree) return list_folder(request, find);
  if (path->starts_with("artifacts/")) {
    return one_artifact(request, path->substr(kTree.size() + 1), find);
  }
  if (path->starts_with("presigned")) {
    return to_response(invalid_parameter("Presigned URLs are not served."));
  }
  return to_response(endpoint_missing(request.path));
}

tl::expected<Upload, Refusal> begin_artifact_upload(std::string_view path,
                                                    const FindArtifacts& find) {
  const auto below = artifacts_path(path);
  constexpr std::string_view tree = "artifacts/";
  if (!below || !below->starts_with(tree)) return refuse(endpoint_missing(path));
  if (path.ends_with('/')) return invalid_path();
  const auto artifact = find_artifact(below->substr(tree.size()), find);
  if (!artifact) return refuse(artifact.error());
  if (artifact->path.empty()) return invalid_path();
  return artifact->place.store.begin_upload(artifact->stored());
}

}  // namespace trawl::tracking
