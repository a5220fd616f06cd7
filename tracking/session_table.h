// tracking/session_table.h: which trials are served, and who is using their sessions right now.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/error.h"
#include "tracking/trial_session.h"

namespace trawl::tracking {

/// All functions may be called from any thread.
class SessionTable {
  struct Entry {
    std::unique_ptr<Session> session;
    int use_count = 0;
    bool is_leaving = false;
  };

 public:
  /// Keeps a session alive while a request uses it.
  class Use {
   public:
    Use(SessionTable& table, std::string_view trial);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

    /// Null for a trial that is unknown or leaving.
    Session* session() const { return entry_ == nullptr ? nullptr : entry_->session.get(); }

   private:
    SessionTable& table_;
    Entry* entry_ = nullptr;
  };

  /// kConflict: the trial has a session already; else the errors of TrialSession::open.
  Result<void> add(TrialSettings settings);

  /// Returns when nothing uses the session any more and it is destroyed.
  void remove(std::string_view trial);

 private:
  std::mutex mutex_;
  std::condition_variable left_;  // a leaving session has no user any more
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace trawl::tracking
