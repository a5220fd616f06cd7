// tests/unit/tracking/trial.h: a session with a sink in memory and a folder of its own, and short
// ways to ask it something.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tracking/trial_session.h"

namespace trawl::tracking {

inline const std::string kRun = "0123456789abcdef0123456789abcdef";

/// Keeps what was committed. Can be told to fail, and to hold commits until released.
class MemorySink : public Sink {
 public:
  Result<void> commit(std::span<const Record> records) override;

  /// The next `count` commits fail; with `keep`, although their records were stored.
  void fail_next(int count, bool keep = false);

  void hold();
  void release();
  /// Waits until a commit is being held; false after ten seconds.
  bool wait_until_holding();

  std::vector<Record> records() const;
  int commit_count() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Record> records_;
  int commit_count_ = 0;
  int fail_count_ = 0;
  bool keeps_ = false;
  bool is_holding_ = false;
  int held_count_ = 0;
};

/// An empty folder, removed with all it holds.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TrialSettings settings_of(MemorySink& sink, const Folder& folder,
                          std::vector<std::string>& warnings);

struct Reply {
  int status{};
  nlohmann::json body;
};

/// Experiment 7, run kRun, sampled param lr=0.1. Time stands at 1000 ms.
class Trial {
 public:
  Trial();

  Reply post(const std::string& method, const nlohmann::json& body);
  Reply post_text(const std::string& method, const std::string& body);
  Reply get(const std::string& method, const std::string& query = "");
  Reply send(Request request);

  /// The trial's own run as runs/get shows it; a list of keyed objects by key.
  nlohmann::json run();
  nlohmann::json listed(const std::string& list);

  MemorySink sink;
  Folder folder;
  std::vector<std::string> warnings;
  std::unique_ptr<Session> session;
};

}  // namespace trawl::tracking
