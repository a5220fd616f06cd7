// tracking/thread_pool.cc: see thread_pool.h.
#include "tracking/thread_pool.h"

#include <chrono>
#include <utility>

namespace trawl::tracking {
namespace {

constexpr std::chrono::seconds kIdleMax{10};  // then a thread ends

}  // namespace

ThreadPool::~ThreadPool() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  arrived_.notify_all();
  ended_.wait(lock, [this] { return threads_.empty(); });
  lock.unlock();
  for (std::thread& thread : finished_) thread.join();
}

void ThreadPool::submit(std::function<void()> task) {
  Threads joinable;
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    joinable.swap(finished_);
    const bool needs_thread = tasks_.size() > static_cast<std::size_t>(idle_count_);
    if (needs_thread && threads_.size() < static_cast<std::size_t>(thread_count_max_)) {
      const auto self = threads_.emplace(threads_.end());
      *self = std::thread([this, self] { work(self); });
    } else {
      arrived_.notify_one();
    }
  }
  for (std::thread& thread : joinable) thread.join();
}

bool ThreadPool::is_crowded() {
  const std::lock_guard lock(mutex_);
  return tasks_.size() > static_cast<std::size_t>(idle_count_);
}

void ThreadPool::work(Threads::iterator self) {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_count_;
    arrived_.wait_for(lock, kIdleMax, [this] { return stopping_ || !tasks_.empty(); });
    --idle_count_;
    if (tasks_.empty()) break;  // told to stop, or idle for long
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
  finished_.splice(finished_.end(), threads_, self);
  if (threads_.empty()) ended_.notify_all();
}

}  // namespace trawl::tracking
