#include "cli/submit.h"

#include <filesystem>
#include <pwd.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/shell_environment.h"
#include "cli/snapshot.h"
#include "cli/submitted.h"
#include "cli/view/display_text.h"
#include "worker/endpoint.h"

namespace trawl::cli {
namespace {

constexpr std::uint64_t kLargeBytes = 100'000'000;  // worth a line: every attempt copies it

void tell(const Snapshot& snapshot, const std::string& code) {
  for (const std::string& warning : snapshot.warnings) {
    fmt::print(stderr, "trawl: warning: {}\n", warning);
  }
  if (snapshot.bytes <= kLargeBytes) return;
  fmt::print(
      stderr,
      "trawl: warning: {} has {} files, {} MB, which every attempt copies: name what the job "
      "does not need in .amlignore\n",
      code, snapshot.file_count, snapshot.bytes / 1'000'000);
}

std::string user_name() {
  const passwd* entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(geteuid());
}

std::string folder_name() {
  std::error_code error;
  const std::string name = std::filesystem::current_path(error).filename().string();
  return name.empty() ? "Default" : name;
}

}  // namespace

std::optional<JobSpec> read_job(Context& context, const JobFileArguments& arguments,
                                bool for_submission) {
  jobfile::ReadOptions options;
  for (const std::string& text : arguments.overrides) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      report(context,
             {ErrorCode::kInvalid,
              "--set " + text + ": write --set PATH=VALUE, as in --set limits.timeout=60"});
      return std::nullopt;
    }
    options.overrides.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  options.name = arguments.name;
  options.fresh = std::stoull(worker::random_hex(8), nullptr, 16);
  options.experiment_name = folder_name();
  options.resolve_inputs = for_submission;
  jobfile::Reading reading = jobfile::read_job_file(arguments.file, options);
  for (const jobfile::Diagnostic& diagnostic : reading.diagnostics) {
    fmt::print(stderr, "{}\n", escaped_lines(jobfile::to_string(diagnostic)));
  }
  if (!reading.job) context.exit_code = kExitUsage;
  return std::move(reading.job);
}

Result<std::string> submit(const Context& context, JobSpec spec) {
  const auto place = snapshot_place(context);
  if (!place) return tl::unexpected(place.error());
  const auto snapshot = take_snapshot(*place, spec.command.code, shell_environment());
  if (!snapshot) return tl::unexpected(snapshot.error());
  tell(*snapshot, spec.command.code);
  spec.command.code = snapshot->code;
  spec.command.shell_environment = snapshot->environment;
  spec.command.umask = shell_umask();
  spec.created_by = user_name();
  const std::string name = spec.name;
  spec.submission = std::stoull(worker::random_hex(8), nullptr, 16);
  auto answer = ask_coordinator(context, protocol::SubmitJob{std::move(spec)});
  // After any other error the job may have been accepted all the same: the lock then goes with this
  // process, and a snapshot without a job with the next start of a coordinator.
  if (answer) hand_over(*snapshot);
  if (answer) note_job(context, *snapshot, name);
  if (!answer && answer.error().code == ErrorCode::kConflict) remove(*snapshot);
  return answer;
}

}  // namespace trawl::cli
