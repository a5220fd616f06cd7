#include "worker/preparation.h"

#include <algorithm>
#include <cerrno>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "worker/environment.h"
#include "worker/inputs.h"

namespace trawl::worker {

namespace {

// It was made on the machine of whoever submitted.
Result<void> check_seen(const CommandSpec& command) {
  const std::string& path = command.shell_environment;
  if (path.empty() || access(path.c_str(), F_OK) == 0 || errno != ENOENT) return {};
  return fail(
      ErrorCode::kNotFound,
      fmt::format("this machine does not see {}, where the job's code and variables were put "
                  "when it was submitted: submit with a state folder (--home) on a file "
                  "system that every worker sees",
                  path.substr(0, path.rfind('/'))));
}

Result<Prepared> prepare_in(const AttemptFolder& folder, const core::LaunchOrder& order,
                            DownloadCache& cache, const std::stop_token& stop) {
  const auto seen = check_seen(order.command);
  if (!seen) return tl::unexpected(seen.error());
  auto environment = read_environment(order.command.shell_environment);
  if (!environment) return tl::unexpected(environment.error());
  auto made = make_folder(folder, order, stop);
  if (!made) return tl::unexpected(made.error());
  auto inputs = place_inputs(order.inputs, {folder.inputs(), order.attempt}, cache, stop);
  if (!inputs) return tl::unexpected(inputs.error());
  return Prepared{std::move(*inputs), std::move(*environment)};
}

}  // namespace

bool takes_time(const core::LaunchOrder& order) {
  return !order.command.code.empty() || std::ranges::any_of(order.inputs, is_moved);
}

Result<Prepared> prepare(const core::LaunchOrder& order, const AttemptFolder& folder,
                         DownloadCache& cache, const std::stop_token& stop) {
  auto prepared = prepare_in(folder, order, cache, stop);
  if (!prepared) remove_unstarted(folder);  // a part would be of no use
  return prepared;
}

std::jthread prepare_later(core::LaunchOrder order, AttemptFolder folder, DownloadCache& cache,
                           PreparationQueue& done) {
  return std::jthread([order = std::move(order), folder = std::move(folder), &cache,
                       &done](const std::stop_token& stop) {
    done.push({order.attempt, prepare(order, folder, cache, stop)});
  });
}

}  // namespace trawl::worker
