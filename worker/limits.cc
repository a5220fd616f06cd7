#include "worker/limits.h"

#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>

#include "base/assert.h"

namespace trawl::worker {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

}  // namespace

BootTime boot_now() {
  timespec now{};
  TRAWL_ASSERT(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
  return BootTime(now.tv_sec * kNsPerSecond + now.tv_nsec);
}

BootTimer::BootTimer() : timer_(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)) {
  TRAWL_ASSERT(timer_.get() >= 0);
}

void BootTimer::arm(BootTime at) {
  if (armed_ && *armed_ <= at) return;
  armed_ = at;
  // Zero would disarm it; a time that has passed fires at once.
  const std::int64_t ns = std::max<std::int64_t>(at.count(), 1);
  itimerspec spec{};
  spec.it_value = {ns / kNsPerSecond, ns % kNsPerSecond};
  TRAWL_ASSERT(timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr) == 0);
}

void BootTimer::clear() {
  std::uint64_t ignored = 0;
  if (read(timer_.get(), &ignored, sizeof ignored) > 0) armed_.reset();
}

Result<Limits> Limits::make() {
  Descriptor memory(memfd_create("trawl-limits", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (memory.get() < 0) return fail_errno("cannot make memory for limits", errno);
  // A page that shrinks would be the end of every process that reads it.
  if (ftruncate(memory.get(), sizeof(Page)) != 0 ||
      fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return fail_errno("cannot make memory for limits", errno);
  }
  return share(std::move(memory));
}

Result<Limits> Limits::share(Descriptor memory) {
  struct stat info {};
  if (fstat(memory.get(), &info) != 0) return fail_errno("cannot read the limits", errno);
  if (info.st_size != sizeof(Page)) return fail_errno("cannot read the limits", EINVAL);
  void* const mapped =
      mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (mapped == MAP_FAILED) return fail_errno("cannot map the limits", errno);
  // The memory begins as zeros, which is what a fresh page holds.
  return Limits(std::move(memory), static_cast<Page*>(mapped));
}

void Limits::Unmap::operator()(Page* page) const {
  munmap(page, sizeof(Page));
}

std::optional<BootTime> Limits::lease() const {
  const BootTime until(page_->lease_ns.load());
  return until == BootTime::zero() ? std::nullopt : std::optional(until);
}

void Limits::set_lease(std::optional<BootTime> until) {
  page_->lease_ns.store(until ? std::max<std::int64_t>(until->count(), 1) : 0);
}

Duration Limits::takeover() const {
  return Duration(page_->takeover_us.load());
}

void Limits::set_takeover(Duration takeover) {
  page_->takeover_us.store(takeover.count());
}

}  // namespace trawl::worker
