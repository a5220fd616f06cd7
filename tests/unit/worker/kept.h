// tests/unit/worker/kept.h: attempts of real processes under real keepers, in a folder that all of
// them have as their working folder and by which they are found again, however they hid.
#pragma once

#include <charconv>
#include <filesystem>
#include <map>
#include <memory>
#include <poll.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/unit/sqlite/temporary_folder.h"
#include "tests/unit/worker/waiting.h"
#include "worker/keepers.h"

namespace trawl::worker {

/// All processes of the machine.
inline std::vector<pid_t> all_processes() {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ptr == name.data() + name.size()) found.push_back(pid);
  }
  return found;
}

/// The living processes whose working folder is `folder`.
inline std::vector<pid_t> living_in(const std::string& folder) {
  std::vector<pid_t> found;
  for (const pid_t pid : all_processes()) {
    std::error_code gone;
    const auto place = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/cwd", gone);
    if (!gone && place == folder && !is_gone(pid)) found.push_back(pid);
  }
  return found;
}

/// The living processes of this name that are children of `parent`.
inline std::vector<pid_t> children_named(pid_t parent, const std::string& name) {
  std::vector<pid_t> found;
  for (const pid_t pid : all_processes()) {
    const std::string stat = text_of("/proc/" + std::to_string(pid) + "/stat");
    const std::string start = " (" + name + ") ";
    const std::size_t at = stat.find(start);
    if (at == std::string::npos || stat[at + start.size()] == 'Z') continue;
    if (std::stol(stat.substr(at + start.size() + 2)) == parent) found.push_back(pid);
  }
  return found;
}

inline core::AttemptId attempt_of(std::int64_t number) {
  return {{core::JobId{1}, number}, 1};
}

class Kept {
 public:
  /// With a takeover the folder is the worker's own, too.
  explicit Kept(NurseryOptions options = {}) {
    if (options.takeover != Duration::zero()) options.folder = folder();
    keepers_ = Keepers::start(std::move(options)).value();
  }

  /// Whatever a failed test left waiting ends here.
  ~Kept() {
    if (keepers_ == nullptr) {
      take_over(Duration::zero());
    } else if (!is_over_) {
      keepers_->end_all();
    }
  }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  Keepers& keepers() { return *keepers_; }
  void end_all() {
    keepers_->end_all();
    is_over_ = true;
  }
  /// As its death: the kernel closes its sockets.
  void end_worker() { keepers_.reset(); }
  /// The next worker's keepers; false where there is nothing to take over.
  bool take_over(Duration takeover) {
    NurseryOptions options;
    options.folder = folder();
    options.takeover = takeover;
    keepers_ = Keepers::take_over(std::move(options)).value();
    return keepers_ != nullptr;
  }
  const std::string& folder() const { return folder_.path(); }
  std::string file(const std::string& name) const { return folder_.file(name); }
  std::vector<pid_t> living() const { return living_in(folder()); }
  std::vector<pid_t> living(const std::string& name) const {
    auto found = living();
    std::erase_if(found, [&](pid_t pid) {
      return text_of("/proc/" + std::to_string(pid) + "/comm") != name + "\n";
    });
    return found;
  }

  SpawnOptions options(std::vector<std::string> argv, std::int64_t number = 0) const {
    return {std::move(argv),
            {{"PATH", "/usr/bin:/bin"}},
            folder(),
            file("log" + std::to_string(number))};
  }
  SpawnOptions shell(const std::string& script, std::int64_t number = 0) const {
    return options({"/bin/sh", "-c", script}, number);
  }

  /// Starts it and returns its leader.
  pid_t start(const SpawnOptions& options, std::int64_t number = 0) {
    REQUIRE(keepers_->launch(attempt_of(number), options));
    return next<Keepers::Started>(number).pid;
  }
  pid_t start(const std::string& script, std::int64_t number = 0) {
    return start(shell(script, number), number);
  }

  core::Outcome end(std::int64_t number = 0) { return next<Keepers::Ended>(number).outcome; }

  /// What comes next of that attempt.
  template <class Event>
  Event next(std::int64_t number = 0) {
    auto& events = events_[attempt_of(number)];
    while (events.empty()) read();
    const Keepers::Event event = events.front();
    events.erase(events.begin());
    REQUIRE(std::holds_alternative<Event>(event));
    return std::get<Event>(event);
  }

  /// True if that attempt has nothing to say now.
  bool is_quiet(std::int64_t number = 0) {
    read_now();
    return events_[attempt_of(number)].empty();
  }

  /// The number that a script writes into the file, once it is there.
  pid_t number_in(const std::string& name) const {
    REQUIRE(eventually([&] { return text_of(file(name)).ends_with('\n'); }));
    return static_cast<pid_t>(std::stol(text_of(file(name))));
  }

  pid_t nursery() const {
    std::vector<pid_t> found;
    REQUIRE(eventually([&] {
      found = children_named(getpid(), "trawl-nursery");
      return found.size() == 1;
    }));
    return found.front();
  }
  std::vector<pid_t> keeper_processes() const { return children_named(nursery(), "trawl-keeper"); }

 private:
  void read() {
    pollfd polled{keepers_->descriptor(), POLLIN, 0};
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(kDeadline).count();
    REQUIRE(poll(&polled, 1, static_cast<int>(ms)) == 1);
    read_now();
  }
  void read_now() {
    for (const Keepers::Event& event : keepers_->read()) {
      const auto attempt = std::visit([](const auto& e) { return e.attempt; }, event);
      events_[attempt].push_back(event);
    }
  }

  TemporaryFolder folder_;
  std::map<core::AttemptId, std::vector<Keepers::Event>> events_;
  std::unique_ptr<Keepers> keepers_;
  bool is_over_ = false;
};

}  // namespace trawl::worker
