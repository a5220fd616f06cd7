#include "worker/attempt_folder.h"

#include <filesystem>
#include <sys/stat.h>
#include <system_error>

#include <fmt/format.h>

#include "worker/file_copy.h"

namespace trawl::worker {
namespace {

namespace fs = std::filesystem;

// Asks the kernel for the one folder first: parents are there but for the first of a job.
Result<void> make(const std::string& path) {
  constexpr mode_t kPrivate = 0700;
  if (mkdir(path.c_str(), kPrivate) == 0) return {};
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return {};
  return fail(ErrorCode::kSystem,
              fmt::format("cannot make the folder {}: {}", path, error.message()));
}

}  // namespace

AttemptFolder attempt_folder(const std::string& jobs_folder, const core::LaunchOrder& order) {
  return {jobs_folder, fmt::format("{}/{}/trials/{}-attempt-{}", jobs_folder, order.job_name,
                                   order.attempt.trial.number, order.attempt.attempt)};
}

Result<void> make_folder(const AttemptFolder& folder, const core::LaunchOrder& order,
                         const std::stop_token& stop) {
  for (const std::string& path : {folder.root, folder.work()}) {
    auto made = make(path);
    if (!made) return made;
  }
  if (!order.command.code.empty()) {
    auto copied = clone_folder(order.command.code, folder.work(), stop);
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
