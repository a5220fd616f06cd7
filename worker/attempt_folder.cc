#include "worker/attempt_folder.h"

#include <cerrno>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>

#include <fmt/format.h>

#include "worker/file_copy.h"

namespace trawl::worker {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kPrivate = 0700;

// Asks the kernel for the one folder first: parents are there but for the first of a job.
Result<void> make(const std::string& path) {
  if (mkdir(path.c_str(), kPrivate) == 0) return {};
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return {};
  return fail(ErrorCode::kSystem,
              fmt::format("cannot make the folder {}: {}", path, error.message()));
}

// A worker that was killed while it prepared the attempt has left a part of it.
Result<void> make_anew(const std::string& path) {
  if (mkdir(path.c_str(), kPrivate) == 0) return {};
  std::error_code error;
  if (errno == EEXIST) fs::remove_all(path, error);
  if (!error) return make(path);
  return fail(ErrorCode::kSystem, fmt::format("cannot remove what is left of the folder {}: {}",
                                              path, error.message()));
}

}  // namespace

AttemptFolder attempt_folder(const std::string& jobs_folder, const core::LaunchOrder& order) {
  return {jobs_folder, fmt::format("{}/{}/trials/{}-attempt-{}", jobs_folder, order.job_name,
                                   order.attempt.trial.number, order.attempt.attempt)};
}

Result<void> make_folder(const AttemptFolder& folder, const core::LaunchOrder& order,
                         const std::stop_token& stop) {
  auto made_anew = make_anew(folder.root);
  if (made_anew) made_anew = make(folder.work());
  if (!made_anew) return made_anew;
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
