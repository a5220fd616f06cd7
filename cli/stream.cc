#include "cli/stream.h"

#include <memory>
#include <signal.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/patient_client.h"
#include "cli/view/sweep_progress.h"
#include "cli/view/view.h"

namespace trawl::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kWaitMs = 250;  // one question to the coordinator; Ctrl-C is seen between

volatile sig_atomic_t interrupted = 0;

void on_interrupt(int) {
  interrupted = 1;
}

// Ctrl-C ends the watching; the second one ends the process as usual.
class InterruptGuard {
 public:
  InterruptGuard() {
    interrupted = 0;
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, &before_);
  }
  ~InterruptGuard() { sigaction(SIGINT, &before_, nullptr); }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  struct sigaction before_ {};
};

Result<Json> ask(PatientClient& client, const protocol::ClientRequest& request) {
  const auto answer = client.ask(request);
  if (!answer) return tl::unexpected(answer.error());
  return Json::parse(*answer);
}

void say_detached(Context& context, const std::string& name) {
  fmt::print(
      stderr,
      "\ndetached: {0} goes on. Come back with `trawl job stream -n {0}`; end it with `trawl "
      "job cancel -n {0}`\n",
      name);
  context.exit_code = kExitDetached;
}

// Feeds `view` (may be null) until the job ends. The job's last state, or nothing after Ctrl-C.
Result<std::optional<Json>> follow(PatientClient& client, const std::string& name, View* view) {
  const InterruptGuard guard;
  std::int64_t after = 0;
  while (interrupted == 0) {
    const auto watched = ask(client, protocol::WatchJob{name, after, kWaitMs});
    if (!watched) return tl::unexpected(watched.error());
    after = watched->at("last_event").get<std::int64_t>();
    if (view != nullptr) {
      view->update(*watched);
      view->tick();
    }
    const bool ended = is_ended(watched->at("job").at("status").get<std::string>());
    if (ended && watched->at("complete").get<bool>())
      return std::optional<Json>(watched->at("job"));
  }
  return std::optional<Json>();
}

// A trial's or a command job's log, as it grows. Its final state as `job show` has it.
Result<std::optional<Json>> follow_log(PatientClient& client, const std::string& name,
                                       std::FILE* out) {
  const InterruptGuard guard;
  std::int64_t offset = 0;
  std::int64_t after = 0;
  while (interrupted == 0) {
    // The state first: what is printed before the end is then in the log that is read after it.
    const auto shown = ask(client, protocol::ShowJob{name});
    if (!shown) return tl::unexpected(shown.error());
    const bool ended = is_ended(shown->at("status").get<std::string>());
    bool more = true;
    while (more) {
      const auto log = ask(client, protocol::ReadLog{name, offset});
      if (!log && log.error().code != ErrorCode::kNotFound) return tl::unexpected(log.error());
      const std::string text = log ? log->at("text").get<std::string>() : "";
      std::fwrite(text.data(), 1, text.size(), out);
      std::fflush(out);
      if (log) offset = log->at("next_offset").get<std::int64_t>();
      more = !text.empty();
    }
    if (ended) return std::optional<Json>(*shown);
    const auto watched = ask(client, protocol::WatchJob{name, after, kWaitMs});
    if (!watched) return tl::unexpected(watched.error());
    after = watched->at("last_event").get<std::int64_t>();
  }
  return std::optional<Json>();
}

// Sets the exit code; says how it ended where no view has.
void conclude(Context& context, const std::string& name, const Result<std::optional<Json>>& end,
              bool was_shown) {
  if (!end) {
    report(context, end.error());
    return;
  }
  if (!*end) {
    say_detached(context, name);
    return;
  }
  const Json& job = **end;
  const std::string status = job.at("status").get<std::string>();
  context.exit_code = exit_code_of_status(status);
  if (was_shown) return;
  std::string reason = job.value("reason", "");
  if (reason.empty() && job.contains("properties")) {
    reason = job.at("properties").value("reason", "");
  }
  if (status != "Completed" || !reason.empty()) {
    fmt::print(stderr, "{}: {}{}{}\n", name, status, reason.empty() ? "" : ": ", reason);
  }
}

}  // namespace

void stream_job(Context& context, const std::string& name, std::FILE* out) {
  PatientClient client(context.home);
  const auto shown = ask(client, protocol::ShowJob{name});
  if (!shown) {
    report(context, shown.error());
    return;
  }
  if (shown->at("type") != "sweep") {
    conclude(context, name, follow_log(client, name, out), false);
    return;
  }
  const auto view = isatty(fileno(out)) != 0 ? make_live_table(out) : make_event_lines(out);
  const auto end = follow(client, name, view.get());
  view->finish();
  conclude(context, name, end, isatty(fileno(out)) != 0);
}

void wait_for_job(Context& context, const std::string& name) {
  PatientClient client(context.home);
  const auto shown = ask(client, protocol::ShowJob{name});
  if (!shown) {
    report(context, shown.error());
    return;
  }
  if (shown->contains("parent_job_name")) {
    std::FILE* nowhere = std::fopen("/dev/null", "w");
    conclude(context, name, follow_log(client, name, nowhere), false);
    std::fclose(nowhere);
    return;
  }
  conclude(context, name, follow(client, name, nullptr), false);
}

}  // namespace trawl::cli
