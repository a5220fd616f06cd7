// tracking/thread_pool.h: threads that come when there is work and go when there is none, so that
// an idle endpoint has no stacks to pay for.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace trawl::tracking {

/// All functions may be called from any thread.
class ThreadPool {
 public:
  explicit ThreadPool(int thread_count_max) : thread_count_max_(thread_count_max) {}

  /// Runs what was submitted, then joins.
  ~ThreadPool();

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Runs `task` on an idle thread, a new one, or (at the bound) the first that becomes free. The
  /// queue is bounded by the caller: a connection has at most one task.
  void submit(std::function<void()> task);

  /// True when a task waits for a thread.
  bool is_crowded();

 private:
  using Threads = std::list<std::thread>;

  void work(Threads::iterator self);

  const int thread_count_max_;
  std::mutex mutex_;
  std::condition_variable arrived_;  // a task, or the end
  std::condition_variable ended_;    // of the last thread
  std::deque<std::function<void()>> tasks_;
  Threads threads_;
  Threads finished_;  // to be joined
  int idle_count_ = 0;
  bool stopping_ = false;
};

}  // namespace trawl::tracking
