#include "cli/submit.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "cli/exit_code.h"
#include "worker/code_copy.h"
#include "worker/endpoint.h"

namespace trawl::cli {
namespace {

namespace fs = std::filesystem;

// What decides which programs and libraries a command finds: the job runs as it would in the shell
// that submitted it, whichever shell started the coordinator. Nothing else of the environment is
// kept, since the rest may hold secrets.
constexpr std::array kHostVariables = {"PATH",
                                       "VIRTUAL_ENV",
                                       "CONDA_PREFIX",
                                       "CONDA_DEFAULT_ENV",
                                       "PYTHONPATH",
                                       "PYTHONHOME",
                                       "PYTHONUSERBASE",
                                       "LD_LIBRARY_PATH",
                                       "CUDA_HOME",
                                       "R_LIBS",
                                       "R_HOME",
                                       "JULIA_PROJECT",
                                       "LANG",
                                       "LC_ALL",
                                       "TZ"};

void add_host_variables(CommandSpec& command) {
  std::vector<NamedText> variables;
  for (const char* name : kHostVariables) {
    const char* text = std::getenv(name);
    if (text != nullptr) variables.push_back({name, text});
  }
  auto& own = command.environment_variables;
  own.insert(own.begin(), variables.begin(), variables.end());  // a later one of a name wins
}

// A copy of the code in the state folder; its path.
Result<std::string> snapshot(const std::string& home, const std::string& code) {
  const fs::path folder = fs::path(home) / "snapshots" / worker::random_hex(8);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return fail(ErrorCode::kSystem,
                fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
  }
  const auto copied = worker::copy_code(code, folder, {home});
  if (!copied) {
    std::error_code ignored;  // what is left of it is only disk space
    fs::remove_all(folder, ignored);
    return tl::unexpected(copied.error());
  }
  const bool is_folder = fs::is_directory(code, error);
  return (is_folder ? folder : folder / fs::path(code).filename()).string();
}

std::string folder_name() {
  std::error_code error;
  const std::string name = fs::current_path(error).filename().string();
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
    fmt::print(stderr, "{}\n", jobfile::to_string(diagnostic));
  }
  if (!reading.job) context.exit_code = kExitUsage;
  return std::move(reading.job);
}

Result<std::string> submit(const Context& context, JobSpec spec) {
  std::string copied;
  if (!spec.command.code.empty()) {
    auto snapshotted = snapshot(context.home, spec.command.code);
    if (!snapshotted) return tl::unexpected(snapshotted.error());
    copied = *snapshotted;
    spec.command.code = copied;
  }
  add_host_variables(spec.command);
  spec.submission = std::stoull(worker::random_hex(8), nullptr, 16);
  auto answer = ask_coordinator(context, protocol::SubmitJob{std::move(spec)});
  const bool refused = !answer && answer.error().code == ErrorCode::kConflict;
  if (refused && !copied.empty()) {
    std::error_code ignored;  // a copy that nobody needs is only disk space
    fs::remove_all(copied, ignored);
  }
  return answer;
}

}  // namespace trawl::cli
