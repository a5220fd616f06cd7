#include "cli/download.h"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/view/sweep_progress.h"

namespace trawl::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Result<void> copy_tree(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from, error)) return {};
  fs::create_directories(fs::is_directory(from, error) ? to : to.parent_path(), error);
  if (!error) {
    fs::copy(from, to,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing |
                 fs::copy_options::copy_symlinks,
             error);
  }
  if (!error) return {};
  return fail(ErrorCode::kSystem,
              fmt::format("cannot copy {} to {}: {}", from.string(), to.string(), error.message()));
}

Result<Json> show(const Context& context, const std::string& name) {
  auto answer = ask_coordinator(context, protocol::ShowJob{name});
  if (!answer) return tl::unexpected(answer.error());
  return Json::parse(*answer);
}

// The trial whose files stand for the job.
Result<Json> chosen_trial(const Context& context, const std::string& name) {
  auto job = show(context, name);
  if (!job) return job;
  if (!is_ended(job->at("status").get<std::string>())) {
    return fail(ErrorCode::kConflict,
                fmt::format("'{}' is {}; wait for its end with `trawl job wait -n {}`", name,
                            job->at("status").get<std::string>(), name));
  }
  if (job->at("type") != "sweep") return job;
  const Json& properties = job->at("properties");
  if (!properties.contains("best_child_run_id")) {
    return fail(
        ErrorCode::kNotFound,
        fmt::format("'{}' has no best trial: no trial logged the primary metric; name a trial, "
                    "as in `trawl job download -n {}_0`",
                    name, name));
  }
  return show(context, properties.at("best_child_run_id").get<std::string>());
}

Result<void> copy_artifacts(const fs::path& attempt, const fs::path& to, const std::string& run) {
  for (const auto& [from, into] :
       {std::pair<fs::path, fs::path>(attempt / "work/outputs", "outputs"),
        {attempt / "work/logs", "logs"},
        {attempt / "std_log.txt", "user_logs/std_log.txt"},
        {attempt / "artifacts" / run, ""},
        {attempt / "artifacts/models", "models"}}) {
    auto copied = copy_tree(from, into.empty() ? to : to / into);
    if (!copied) return copied;
  }
  return {};
}

std::string known_outputs(const fs::path& outputs) {
  std::error_code error;
  std::string names;
  for (const auto& entry : fs::directory_iterator(outputs, error)) {
    names += (names.empty() ? "; there are: " : ", ") + entry.path().filename().string();
  }
  return names.empty() ? "; it has none" : names;
}

Result<void> copy_outputs(const fs::path& attempt, const fs::path& to,
                          const std::optional<std::string>& only) {
  const fs::path outputs = attempt / "named_outputs";
  if (only) {
    std::error_code error;
    const bool is_name = only->find('/') == std::string::npos && *only != "." && *only != "..";
    if (!is_name || !fs::exists(outputs / *only, error)) {
      return fail(ErrorCode::kNotFound,
                  fmt::format("there is no output named '{}'{}", *only, known_outputs(outputs)));
    }
    return copy_tree(outputs / *only, to / *only);
  }
  return copy_tree(outputs, to);
}

}  // namespace

Result<void> download(const Context& context, const DownloadArguments& arguments) {
  const auto trial = chosen_trial(context, arguments.name);
  if (!trial) return tl::unexpected(trial.error());
  const std::string run = trial->at("name").get<std::string>();
  const Json& properties = trial->at("properties");
  if (!properties.contains("folder")) {
    return fail(ErrorCode::kNotFound, fmt::format("'{}' never ran, so it has no files", run));
  }
  const fs::path attempt = properties.at("folder").get<std::string>();
  std::error_code error;
  if (!fs::is_directory(attempt, error)) {
    return fail(ErrorCode::kNotFound,
                fmt::format("the files of '{}' are not there any more: {}", run, attempt.string()));
  }
  const fs::path target = arguments.folder;
  if (arguments.output_name) {
    return copy_outputs(attempt, target / "named-outputs", arguments.output_name);
  }
  auto copied = copy_artifacts(attempt, target / "artifacts", run);
  if (!copied || !arguments.all) return copied;
  return copy_outputs(attempt, target / "named-outputs", std::nullopt);
}

}  // namespace trawl::cli
