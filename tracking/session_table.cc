// tracking/session_table.cc: see session_table.h.
#include "tracking/session_table.h"

#include <utility>

namespace trawl::tracking {

SessionTable::Use::Use(SessionTable& table, std::string_view trial) : table_(table) {
  const std::lock_guard lock(table_.mutex_);
  const auto found = table_.entries_.find(trial);
  // Without a session: it is being opened.
  if (found == table_.entries_.end() || found->second.is_leaving || !found->second.session) return;
  entry_ = &found->second;
  ++entry_->use_count;
}

SessionTable::Use::~Use() {
  if (entry_ == nullptr) return;
  const std::lock_guard lock(table_.mutex_);
  if (--entry_->use_count == 0 && entry_->is_leaving) table_.left_.notify_all();
}

Result<void> SessionTable::add(TrialSettings settings) {
  const std::string trial = settings.trial;
  std::unique_lock lock(mutex_);
  const auto [place, is_new] = entries_.try_emplace(trial);
  if (!is_new) {
    return fail(ErrorCode::kConflict, "Trial '" + trial + "' is being served already.");
  }
  lock.unlock();
  auto session = TrialSession::open(std::move(settings));  // reads files and the spool
  lock.lock();
  if (!session) {
    entries_.erase(place);
    return tl::unexpected<Error>(std::move(session.error()));
  }
  place->second.session = *std::move(session);
  return {};
}

void SessionTable::remove(std::string_view trial) {
  std::unique_lock lock(mutex_);
  const auto found = entries_.find(trial);
  if (found == entries_.end() || found->second.is_leaving || !found->second.session) return;
  found->second.is_leaving = true;
  left_.wait(lock, [&] { return found->second.use_count == 0; });
  entries_.erase(found);
}

}  // namespace trawl::tracking
