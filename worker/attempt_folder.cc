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

}  // namespace

AttemptFolder attempt_folder(const std::string& jobs_folder, const core::LaunchOrder& order) {
  return {fmt::format("{}/{}/trials/{}/attempt-{}", jobs_folder, order.job_name,
                      order.attempt.trial.number, order.attempt.attempt)};
}

Result<void> make_folder(const AttemptFolder& folder, const core::LaunchOrder& order) {
  for (const std::string& path : {folder.work(), folder.root + "/user_logs"}) {
    auto made = make(path);
    if (!made) return made;
  }
  if (!order.command.code.empty()) {
    const fs::path code = order.command.code;
    std::error_code error;
    const bool is_folder = fs::is_directory(code, error);
    const fs::path target = is_folder ? fs::path(folder.work()) : folder.work() / code.filename();
    fs::copy(code, target, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
    auto copied = checked("copy the code", order.command.code, error);
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
