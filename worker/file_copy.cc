#include "worker/file_copy.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "worker/keeper_message.h"

namespace trawl::worker {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kPermissions = 07777;
constexpr mode_t kOwnerFile = S_IRUSR | S_IWUSR;

tl::unexpected<Error> cannot_copy(const fs::path& from, int number) {
  return fail_errno("cannot copy " + from.string(), number);
}

// 0, or errno. The kernel copies; `sendfile` goes between any two file systems.
int copy_bytes(int from, int to) {
  constexpr std::size_t kAtOnce = std::size_t{1} << 30;
  if (ioctl(to, FICLONE, from) == 0) return 0;
  while (true) {
    const ssize_t count = sendfile(to, from, nullptr, kAtOnce);
    if (count == 0) return 0;
    if (count < 0 && errno != EINTR) return errno;
  }
}

Result<void> copy_entry(const fs::directory_entry& entry, const fs::path& to) {
  std::error_code error;
  const fs::file_status status = entry.symlink_status(error);
  if (error) return cannot_copy(entry.path(), error.value());
  if (fs::is_symlink(status)) {
    fs::copy_symlink(entry.path(), to, error);
  } else if (fs::is_directory(status)) {
    fs::create_directory(to, error);
    if (!error) fs::permissions(to, status.permissions() | fs::perms::owner_all, error);
  } else if (fs::is_regular_file(status)) {
    return clone_file(entry.path(), to);
  }
  if (error) return cannot_copy(entry.path(), error.value());
  return {};
}

}  // namespace

Result<void> clone_file(const fs::path& from, const fs::path& to) {
  const Descriptor source(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (source.get() < 0 || fstat(source.get(), &info) != 0) return cannot_copy(from, errno);
  const Descriptor target(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerFile));
  if (target.get() < 0) return fail_errno("cannot make the file " + to.string(), errno);
  if (const int error = copy_bytes(source.get(), target.get())) return cannot_copy(from, error);
  if (fchmod(target.get(), (info.st_mode & kPermissions) | kOwnerFile) != 0) {
    return fail_errno("cannot set the permissions of " + to.string(), errno);
  }
  return {};
}

Result<void> clone_folder(const fs::path& from, const fs::path& to, const std::stop_token& stop) {
  std::error_code error;
  fs::recursive_directory_iterator entry(from, error);
  fs::path at = from;  // what an error is about
  while (!error && entry != fs::recursive_directory_iterator()) {
    if (stop.stop_requested()) return fail(ErrorCode::kUnavailable, "canceled while it was copied");
    at = entry->path();
    auto copied = copy_entry(*entry, to / at.lexically_relative(from));
    if (!copied) return copied;
    entry.increment(error);
  }
  if (error) return cannot_copy(at, error.value());
  return {};
}

}  // namespace trawl::worker
