#include "worker/attempt_folder.h"

#include <cerrno>
#include <cstdio>
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
  return fail_errno("cannot make the folder " + path, error.value());
}

// What another job of that name left, in an earlier trawl.db, is kept under another name.
Result<void> put_aside(const std::string& path) {
  for (int number = 1;; ++number) {
    const std::string kept = fmt::format("{}.before-{}", path, number);
    if (rename(path.c_str(), kept.c_str()) == 0) return {};
    if (errno != EEXIST && errno != ENOTEMPTY) return fail_errno("cannot rename " + path, errno);
  }
}

Result<void> make_anew(const AttemptFolder& folder) {
  if (mkdir(folder.root.c_str(), kPrivate) == 0) return {};
  if (errno == EEXIST) {
    remove_unstarted(folder);
    std::error_code error;
    auto put = fs::exists(folder.root, error) ? put_aside(folder.root) : Result<void>();
    if (!put) return put;
  }
  return make(folder.root);
}

}  // namespace

AttemptFolder attempt_folder(const std::string& jobs_folder, const core::LaunchOrder& order) {
  return {jobs_folder, fmt::format("{}/{}/trials/{}-attempt-{}", jobs_folder, order.job_name,
                                   order.attempt.trial.number, order.attempt.attempt)};
}

Result<void> make_folder(const AttemptFolder& folder, const core::LaunchOrder& order,
                         const std::stop_token& stop) {
  auto made_anew = make_anew(folder);
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

void remove_unstarted(const AttemptFolder& folder) {
  std::error_code error;
  if (!fs::is_directory(folder.root, error) || fs::exists(folder.log(), error) || error) return;
  fs::remove_all(folder.root, error);  // what stays is in nobody's way
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
