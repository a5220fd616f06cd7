// protocol/mailbox.h: how other threads hand things to a loop: a queue with a descriptor that the
// loop waits on together with its sockets.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

namespace trawl::protocol {

/// An eventfd: a descriptor that can be read after ring() until silence().
class Bell {
 public:
  Bell();
  ~Bell();
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  void ring();     // any thread
  void silence();  // the loop
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

template <class T>
class Mailbox {
 public:
  /// Any thread.
  void push(T item) {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) bell_.ring();
    items_.push_back(std::move(item));
  }

  /// The loop: everything that has come, oldest first.
  std::vector<T> take() {
    const std::lock_guard lock(mutex_);
    if (!items_.empty()) bell_.silence();
    return std::exchange(items_, {});
  }

  int descriptor() const { return bell_.descriptor(); }

 private:
  std::mutex mutex_;
  std::vector<T> items_;
  Bell bell_;
};

}  // namespace trawl::protocol
