#include "protocol/socket.h"

#include <algorithm>
#include <zmq.h>

namespace trawl::protocol {

void Waiter::add(int descriptor) {
  items_.push_back({nullptr, descriptor});
}

void Waiter::wait(std::optional<Duration> timeout) const {
  std::vector<zmq_pollitem_t> polled;
  polled.reserve(items_.size());
  for (const Item& item : items_) polled.push_back({item.socket, item.descriptor, ZMQ_POLLIN, 0});
  constexpr std::int64_t kUsPerMs = 1000;
  // Rounded up, so that a timer is never early.
  const long timeout_ms =
      timeout ? static_cast<long>((std::max<std::int64_t>(timeout->count(), 0) + kUsPerMs - 1) /
                                  kUsPerMs)
              : -1;
  zmq_poll(polled.data(), static_cast<int>(polled.size()), timeout_ms);
}

}  // namespace trawl::protocol
