#include "protocol/mailbox.h"

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"

namespace trawl::protocol {

Bell::Bell() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  TRAWL_ASSERT(descriptor_ >= 0);
}

Bell::~Bell() {
  close(descriptor_);
}

void Bell::ring() {
  const std::uint64_t one = 1;
  const ssize_t written = write(descriptor_, &one, sizeof one);
  TRAWL_ASSERT(written == sizeof one);
}

void Bell::silence() {
  std::uint64_t count = 0;
  const ssize_t taken = read(descriptor_, &count, sizeof count);
  TRAWL_ASSERT(taken == sizeof count || errno == EAGAIN);
}

}  // namespace trawl::protocol
