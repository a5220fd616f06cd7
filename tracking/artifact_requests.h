// tracking/artifact_requests.h: the requests that are about artifacts, over a function that says
// where the files of a run or a model are.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "tracking/artifacts.h"
#include "tracking/rest.h"

namespace trawl::tracking {

/// Whose artifacts a request is about.
struct ArtifactOwner {
  std::string experiment_id;  // empty: not told, a run's id is enough
  std::string id;             // of a run or of a logged model
  bool is_model{};
};

/// Where they are: the folder `folder` of `store`.
struct ArtifactPlace {
  ArtifactStore store;
  std::string folder;         // relative, as ArtifactStore wants it
  std::string experiment_id;  // of the owner
};

/// 404 for an owner that is unknown or belongs to another experiment, 400 for one whose experiment
/// is not served here. Called from any thread.
using FindArtifacts =
    std::function<tl::expected<ArtifactPlace, Refusal>(const ArtifactOwner& owner)>;

/// Listings, downloads and deletions under mlflow-artifacts/, and artifacts/list of a run. Nothing
/// for a request about anything else.
std::optional<Response> answer_artifacts(const Request& request, const FindArtifacts& find);

/// PUT of one artifact, by the path of the request.
tl::expected<Upload, Refusal> begin_artifact_upload(std::string_view path,
                                                    const FindArtifacts& find);

}  // namespace trawl::tracking
