// The checks have put canonical forms into the tree; what is left are the job's own names and what
// is empty.
#include "sweep/jobfile/document.h"

#include <nlohmann/json.hpp>

namespace trawl::jobfile {
namespace {

bool is_empty(const nlohmann::json& value) {
  return value.is_null() || ((value.is_object() || value.is_array()) && value.empty());
}

void remove_empty(nlohmann::json& mapping) {
  for (auto entry = mapping.begin(); entry != mapping.end();) {
    entry = is_empty(*entry) ? mapping.erase(entry) : ++entry;
  }
}

}  // namespace

std::string document_of(const Node& root, const JobSpec& job) {
  nlohmann::json document = to_json(root);
  document.erase("name");
  document["type"] = job.sweep ? "sweep" : "command";
  document["display_name"] = job.display_name;
  if (!job.experiment_name.empty()) document["experiment_name"] = job.experiment_name;
  if (job.sweep && !document.contains("sampling_algorithm")) {
    document["sampling_algorithm"] = {{"type", "random"}};
  }
  // The seed that was drawn for a sweep without one, so that the sweep can be made again.
  if (job.sweep && document["sampling_algorithm"].is_object()) {
    nlohmann::json& algorithm = document["sampling_algorithm"];
    if (algorithm["type"] == "random") algorithm["seed"] = job.sweep->sampling.seed;
  }
  if (document.contains("trial")) remove_empty(document["trial"]);
  remove_empty(document);
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace trawl::jobfile
