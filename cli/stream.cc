#include "cli/stream.h"

#include <cerrno>
#include <memory>
#include <signal.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/patient_client.h"
#include "cli/view/display_text.h"
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

// Where the followed job is shown, and why that failed.
struct Output {
  std::FILE* file;
  int failure = 0;  // errno

  bool has_failed() const { return failure != 0; }
  /// Directly after writing, so that errno is still that of the write.
  void look() {
    if (failure == 0 && std::ferror(file) != 0) failure = errno != 0 ? errno : EIO;
  }
};

void say_cut_off(Context& context, const std::string& name, const Output& out) {
  fmt::print(stderr, "trawl: error: {0}; {1} goes on without: `trawl job stream -n {1}`\n",
             output_failure(out.failure), escaped(name));
  context.exit_code = kExitOutput;
}

void say_detached(Context& context, const std::string& job) {
  const std::string name = escaped(job);
  fmt::print(
      stderr,
      "\ndetached: {0} goes on. Come back with `trawl job stream -n {0}`; end it with `trawl "
      "job cancel -n {0}`\n",
      name);
  context.exit_code = kExitDetached;
}

// Says what keeps the job from going on, once, and once when that is over.
class TroubleTeller {
 public:
  void tell(const Json& watched, View* view) {
    std::string trouble = watched.value("trouble", "");
    if (trouble == told_) return;
    if (view != nullptr) view->make_way();
    const bool is_over = trouble.empty();
    fmt::print(stderr, "trawl: {}\n",
               is_over ? "that is over: " + escaped(told_) : "warning: " + escaped(trouble));
    told_ = std::move(trouble);
  }

 private:
  std::string told_;
};

// Feeds `view` (may be null), which writes to `out`, until the job ends. The job's last state, or
// nothing after Ctrl-C or where `out` takes no more.
Result<std::optional<Json>> follow(PatientClient& client, const std::string& name, View* view,
                                   Output& out) {
  const InterruptGuard guard;
  TroubleTeller trouble;
  std::int64_t after = 0;
  while (interrupted == 0 && !out.has_failed()) {
    const auto watched = ask(client, protocol::WatchJob{name, after, kWaitMs});
    if (!watched) return tl::unexpected(watched.error());
    after = watched->at("last_event").get<std::int64_t>();
    trouble.tell(*watched, view);
    if (view != nullptr) {
      view->update(*watched);
      view->tick();
      out.look();
    }
    const bool ended = is_ended(watched->at("job").at("status").get<std::string>());
    if (ended && watched->at("complete").get<bool>())
      return std::optional<Json>(watched->at("job"));
  }
  return std::optional<Json>();
}

// A trial's or a command job's log, as it grows. Its final state as `job show` has it, or nothing
// as above.
Result<std::optional<Json>> follow_log(PatientClient& client, const std::string& name,
                                       Output& out) {
  const InterruptGuard guard;
  TroubleTeller trouble;
  std::int64_t offset = 0;
  std::int64_t after = 0;
  while (interrupted == 0 && !out.has_failed()) {
    // The state first: what is printed before the end is then in the log that is read after it.
    const auto shown = ask(client, protocol::ShowJob{name});
    if (!shown) return tl::unexpected(shown.error());
    const bool ended = is_ended(shown->at("status").get<std::string>());
    bool more = true;
    while (more) {
      const auto log = ask(client, protocol::ReadLog{name, offset});
      if (!log && log.error().code != ErrorCode::kNotFound) return tl::unexpected(log.error());
      const std::string text = log ? log->at("text").get<std::string>() : "";
      std::fwrite(text.data(), 1, text.size(), out.file);
      std::fflush(out.file);
      out.look();
      if (log) offset = log->at("next_offset").get<std::int64_t>();
      more = !text.empty() && !out.has_failed();
    }
    if (ended && !out.has_failed()) return std::optional<Json>(*shown);
    const auto watched = ask(client, protocol::WatchJob{name, after, kWaitMs});
    if (!watched) return tl::unexpected(watched.error());
    after = watched->at("last_event").get<std::int64_t>();
    trouble.tell(*watched, nullptr);
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
    fmt::print(stderr, "{}: {}{}{}\n", escaped(name), status, reason.empty() ? "" : ": ",
               escaped(reason));
  }
}

}  // namespace

void stream_job(Context& context, const std::string& name, std::FILE* file) {
  Output out{file};
  PatientClient client(target_of(context));
  const auto shown = ask(client, protocol::ShowJob{name});
  if (!shown) {
    report(context, shown.error());
    return;
  }
  if (shown->at("type") != "sweep") {
    const auto end = follow_log(client, name, out);
    if (out.has_failed()) {
      say_cut_off(context, name, out);
    } else {
      conclude(context, name, end, false);
    }
    return;
  }
  const auto view = isatty(fileno(file)) != 0 ? make_live_table(file) : make_event_lines(file);
  const auto end = follow(client, name, view.get(), out);
  view->finish();
  out.look();
  if (out.has_failed()) {
    say_cut_off(context, name, out);
  } else {
    conclude(context, name, end, isatty(fileno(file)) != 0);
  }
}

void wait_for_job(Context& context, const std::string& name) {
  PatientClient client(target_of(context));
  const auto shown = ask(client, protocol::ShowJob{name});
  if (!shown) {
    report(context, shown.error());
    return;
  }
  if (shown->contains("parent_job_name")) {
    Output nowhere{std::fopen("/dev/null", "w")};
    conclude(context, name, follow_log(client, name, nowhere), false);
    std::fclose(nowhere.file);
    return;
  }
  Output unused{stderr};
  conclude(context, name, follow(client, name, nullptr, unused), false);
}

}  // namespace trawl::cli
