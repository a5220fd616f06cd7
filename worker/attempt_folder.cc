#include "worker/attempt_folder.h"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace trawl::worker {
namespace {

namespace fs = std::filesystem;

// The error_code overloads of std::filesystem, as a Result that names the path.
Result<void> checked(const std::string& what, const std::string& path, std::error_code error) {
  if (!error) return {};
  return fail(ErrorCode::kSystem, fmt::format("cannot {} {}: {}", what, path, error.message()));
}

Result<void> make(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return checked("make the folder", path, error);
}

std::error_code copy_entry(const fs::directory_entry& entry, const fs::path& target) {
  std::error_code error;
  if (entry.is_symlink(error)) {
    fs::copy_symlink(entry.path(), target, error);
  } else if (entry.is_directory(error)) {
    fs::create_directory(target, entry.path(), error);  // with its mode
  } else if (entry.is_regular_file(error)) {
    fs::copy_file(entry.path(), target, error);
  }
  return error;
}

// `jobs` and the state folder around it may lie inside `code`: a copy that took them along would
// never end.
Result<void> copy_folder(const fs::path& code, const fs::path& target, const fs::path& jobs) {
  std::error_code error;
  fs::path at = code;  // what an error is about
  fs::recursive_directory_iterator entry(code, error);
  while (!error && entry != fs::recursive_directory_iterator()) {
    at = entry->path();
    std::error_code none;  // of comparisons: what cannot be compared is another folder
    const bool is_state =
        fs::equivalent(at, jobs, none) || fs::equivalent(at, jobs.parent_path(), none);
    if (is_state) {
      entry.disable_recursion_pending();
    } else {
      error = copy_entry(*entry, target / at.lexically_relative(code));
    }
    if (!error) entry.increment(error);
  }
  return checked("copy the code", at, error);
}

Result<void> copy_code(const fs::path& code, const AttemptFolder& folder) {
  std::error_code error;
  if (fs::is_directory(code, error)) return copy_folder(code, folder.work(), folder.jobs);
  fs::copy(code, folder.work() / code.filename(), error);
  return checked("copy the code", code, error);
}

}  // namespace

AttemptFolder attempt_folder(const std::string& jobs_folder, const core::LaunchOrder& order) {
  return {jobs_folder, fmt::format("{}/{}/trials/{}/attempt-{}", jobs_folder, order.job_name,
                                   order.attempt.trial.number, order.attempt.attempt)};
}

Result<void> make_folder(const AttemptFolder& folder, const core::LaunchOrder& order) {
  for (const std::string& path : {folder.work(), folder.root + "/user_logs"}) {
    auto made = make(path);
    if (!made) return made;
  }
  if (!order.command.code.empty()) {
    auto copied = copy_code(order.command.code, folder);
    if (!copied) return copied;
  }
  for (const std::string& path : {folder.work() + "/outputs", folder.work() + "/logs"}) {
    auto made = make(path);
    if (!made) return made;
  }
  return {};
}

Result<void> make_outputs(const launch::ProcessPlan& plan) {
  for (const launch::OutputPlace& output : plan.outputs) {
    const fs::path path = output.path;
    auto made = make(output.is_file ? path.parent_path().string() : path.string());
    if (!made) return made;
  }
  return {};
}

}  // namespace trawl::worker
