// The two views, as they write to a file.
#include "cli/view/view.h"

#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "tests/unit/cli/watched.h"

namespace trawl::cli {
namespace {

using Json = nlohmann::ordered_json;

// A file in memory and what has been written to it.
class Recorder {
 public:
  Recorder() : file_(open_memstream(&bytes_, &size_)) { REQUIRE(file_ != nullptr); }
  ~Recorder() {
    std::fclose(file_);
    std::free(bytes_);
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  std::FILE* file() { return file_; }

  /// Only what has been flushed.
  std::string text() const { return {bytes_, size_}; }

 private:
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
};

// TERM for as long as it lives; tests run under any.
class TerminalKind {
 public:
  explicit TerminalKind(const char* kind) {
    if (const char* before = std::getenv("TERM")) before_ = before;
    setenv("TERM", kind, 1);
  }
  ~TerminalKind() { setenv("TERM", before_.c_str(), 1); }
  TerminalKind(const TerminalKind&) = delete;
  TerminalKind& operator=(const TerminalKind&) = delete;

 private:
  std::string before_;
};

void use_time_zone(const char* zone) {
  setenv("TZ", zone, 1);
  tzset();
}

Json event(std::int64_t second, const std::string& kind, const std::string& text,
           const std::string& trial = "") {
  Json json = {{"at_us", kStart + second * kSecond}, {"kind", kind}, {"text", text}};
  if (!trial.empty()) json["trial"] = trial;
  return json;
}

Json ended() {
  Json job = sweep_job();
  job["status"] = "Completed";
  job["ended_us"] = kStart + 72 * kSecond;
  return watched(job, Json::array({sweep_trial(0, "Completed")}));
}

}  // namespace

TEST_CASE("each event is a line with its time, its name and what happened", "[cli]") {
  use_time_zone("UTC");
  Recorder recorder;
  const auto view = make_event_lines(recorder.file());
  Json answer = watched(sweep_job(), Json::array());
  answer["events"] = {
      event(0, "job_submitted", "submitted"),
      event(1, "trial_suggested", "learning_rate=0.1, layers=2", "s_0"),
      event(2, "attempt_running", "runs", "s_0"),
      event(3, "new_best", "0.93", "s_0"),
      event(4, "stop_decided", "bandit: 0.5 is below 0.8", "s_12"),
      event(5, "trial_ended", "Canceled: bandit: 0.5 is below 0.8", "s_12"),
      event(6, "attempt_finished", "attempt 1 was lost: no word", "s_0"),
      event(7, "attempt_assigned", "attempt 2 begins", "s_0"),
      event(8, "suggestions_exhausted", "the search space has no further combination"),
      event(9, "cancel_requested", "canceled by a user"),
      event(10, "job_ended", "Canceled: canceled by a user")};
  view->update(answer);
  CHECK(recorder.text() == R"(22:13:20  s     submitted
22:13:21  s_0   queued learning_rate=0.1, layers=2
22:13:22  s_0   runs
22:13:23  s_0   best so far: accuracy = 0.93
22:13:24  s_12  is being stopped: bandit: 0.5 is below 0.8
22:13:25  s_12  Canceled: bandit: 0.5 is below 0.8
22:13:26  s_0   attempt 1 was lost: no word
22:13:27  s_0   attempt 2 begins
22:13:28  s     the search space has no further combination
22:13:29  s     is being canceled: canceled by a user
22:13:30  s     Canceled: canceled by a user
)");
}

TEST_CASE("events have the local time", "[cli]") {
  use_time_zone("UTC-5:30");
  Recorder recorder;
  Json answer = watched(sweep_job(), Json::array());
  answer["events"] = {event(0, "job_submitted", "submitted")};
  make_event_lines(recorder.file())->update(answer);
  CHECK(recorder.text() == "03:43:20  s     submitted\n");
  use_time_zone("UTC");
}

TEST_CASE("an event's text cannot write to the terminal", "[cli]") {
  use_time_zone("UTC");
  Recorder recorder;
  Json answer = watched(sweep_job(), Json::array());
  answer["events"] = {
      event(0, "trial_ended", "Failed: exit code 1: \x1b]0;owned\x07\nfake line", "s_0")};
  make_event_lines(recorder.file())->update(answer);
  CHECK(recorder.text() == "22:13:20  s_0   Failed: exit code 1: \\x1b]0;owned\\x07\\nfake line\n");
}

TEST_CASE("event lines end with one summary, and only of an ended sweep", "[cli]") {
  Recorder recorder;
  const auto view = make_event_lines(recorder.file());
  view->finish();
  view->update(watched(sweep_job(), Json::array()));
  view->finish();
  CHECK(recorder.text().empty());
  view->update(ended());
  view->finish();
  view->finish();
  CHECK(recorder.text() == "s Completed in 1m12s\n  trials  1: 1 Completed\n");
}

TEST_CASE("the live table draws nothing before it knows something", "[cli]") {
  const TerminalKind kind("xterm");
  Recorder recorder;
  {
    const auto view = make_live_table(recorder.file());
    view->tick();
    view->finish();
  }
  CHECK(recorder.text().empty());
}

TEST_CASE("the live table draws at most ten times a second", "[cli]") {
  const TerminalKind kind("xterm");
  Recorder recorder;
  const auto view = make_live_table(recorder.file());
  view->update(watched(sweep_job(), Json::array()));
  view->tick();
  const std::string first = recorder.text();
  CHECK(first.find("\x1b[?25l\rs  Running") == 0);
  view->update(watched(sweep_job(), Json::array({sweep_trial(0, "Running")})));
  view->tick();
  CHECK(recorder.text() == first);
}

TEST_CASE("the live table ends with the final table and the summary", "[cli]") {
  const TerminalKind kind("xterm");
  Recorder recorder;
  {
    const auto view = make_live_table(recorder.file());
    view->update(watched(sweep_job(), Json::array()));
    view->tick();
    view->update(ended());
    view->finish();
  }
  const std::string text = recorder.text();
  const std::string end =
      "  s_0    Completed  0.1            2              -     -      -    0m10s\x1b[K\n"
      "\x1b[J\x1b[?25h"
      "\n"
      "s Completed in 1m12s\n"
      "  trials  1: 1 Completed\n";
  REQUIRE(text.size() > end.size());
  CHECK(text.substr(text.size() - end.size()) == end);
}

TEST_CASE("a person who leaves keeps the last frame", "[cli]") {
  const TerminalKind kind("xterm");
  Recorder recorder;
  make_live_table(recorder.file())->update(watched(sweep_job(), Json::array()));
  const std::string text = recorder.text();  // the destructor finishes
  CHECK(text.find("0/16 trials") != text.npos);
  CHECK(text.substr(text.size() - 6) == "\x1b[?25h");
  CHECK(text.find("trials  0") == text.npos);
}

TEST_CASE("a dumb terminal gets event lines", "[cli]") {
  const TerminalKind kind("dumb");
  Recorder recorder;
  const auto view = make_live_table(recorder.file());
  view->update(watched(sweep_job(), Json::array()));
  view->tick();
  CHECK(recorder.text().empty());
}

}  // namespace trawl::cli
