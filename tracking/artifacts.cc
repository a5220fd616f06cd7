// tracking/artifacts.cc: artifacts on disk. A file is written beside its destination's tree,
// flushed and renamed, so a reader or a crash never sees half of one.
#include "tracking/artifacts.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace trawl::tracking {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;
constexpr std::string_view kUploads = ".uploads";

std::string text_of(int error_number) {
  return std::error_code(error_number, std::generic_category()).message();
}

// What no later try can mend is 400; what the machine may recover from is 503.
Refusal refusal_of(const std::string& what, int error_number) {
  switch (error_number) {
    case ENOTDIR:
    case EISDIR:
    case EEXIST:
    case ENOTEMPTY:
    case ENAMETOOLONG:
      return invalid_parameter("Invalid path: " + what + ": " + text_of(error_number));
    default:
      return temporarily_unavailable(what + ": " + text_of(error_number));
  }
}

// 0 or an errno. Existing folders are fine.
int make_folders(const std::string& folder) {
  for (std::size_t end = 1; end != folder.npos && end < folder.size();) {
    end = folder.find('/', end + 1);
    if (mkdir(folder.substr(0, end).c_str(), kFolderMode) != 0 && errno != EEXIST) return errno;
  }
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) return errno;
  return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

std::string parent_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

int flush_folder(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const int error_number = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  return error_number;
}

// Well-formed UTF-8: a byte that is part of none becomes U+FFFD.
std::string printable(std::string_view name) {
  if (is_utf8(name)) return std::string(name);
  std::string result;
  while (!name.empty()) {
    std::size_t length = std::min<std::size_t>(4, name.size());
    while (length > 0 && !is_utf8(name.substr(0, length))) --length;
    result += length > 0 ? std::string(name.substr(0, length)) : "\xef\xbf\xbd";
    name.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

}  // namespace

Upload::Upload(int descriptor, std::string temporary_path, std::string final_path)
    : descriptor_(descriptor),
      temporary_path_(std::move(temporary_path)),
      final_path_(std::move(final_path)) {}

Upload::Upload(Upload&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      error_number_(other.error_number_),
      temporary_path_(std::move(other.temporary_path_)),
      final_path_(std::move(other.final_path_)) {}

Upload::~Upload() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(temporary_path_.c_str());
}

bool Upload::write(const char* data, std::size_t size) {
  while (size > 0 && error_number_ == 0) {
    const ssize_t written = ::write(descriptor_, data, size);
    if (written < 0) {
      if (errno != EINTR) error_number_ = errno;
      continue;
    }
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return error_number_ == 0;
}

tl::expected<void, Refusal> Upload::finish() {
  const std::string folder = parent_of(final_path_);
  if (error_number_ == 0 && fsync(descriptor_) != 0) error_number_ = errno;
  if (error_number_ == 0) error_number_ = make_folders(folder);
  if (error_number_ == 0 && rename(temporary_path_.c_str(), final_path_.c_str()) != 0) {
    error_number_ = errno;
  }
  if (error_number_ != 0) {
    return tl::unexpected<Refusal>(refusal_of("The artifact was not stored", error_number_));
  }
  close(std::exchange(descriptor_, -1));
  if (const int error_number = flush_folder(folder); error_number != 0) {
    return tl::unexpected<Refusal>(refusal_of("The artifact may not be on disk", error_number));
  }
  return {};
}

ArtifactStore::ArtifactStore(std::string root) : root_(std::move(root)) {
  while (root_.size() > 1 && root_.ends_with('/')) root_.pop_back();
}

void ArtifactStore::clear_uploads() const {
  std::error_code ignored;  // what stays only costs space
  fs::remove_all(root_ + "/" + std::string(kUploads), ignored);
}

tl::expected<Upload, Refusal> ArtifactStore::begin_upload(std::string_view path) const {
  static std::atomic<std::uint64_t> count{0};
  const std::string folder = root_ + "/" + std::string(kUploads);
  // Other processes may upload to the same folder.
  std::string temporary = folder + "/" + std::to_string(getpid()) + "-" + std::to_string(++count);
  int error_number = make_folders(folder);
  int descriptor = -1;
  if (error_number == 0) {
    descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode);
    if (descriptor < 0) error_number = errno;
  }
  if (error_number != 0) {
    return tl::unexpected<Refusal>(refusal_of("The artifact was not stored", error_number));
  }
  return Upload(descriptor, std::move(temporary), root_ + "/" + std::string(path));
}

tl::expected<std::string, Refusal> ArtifactStore::find_file(std::string_view path) const {
  std::string file = root_ + "/" + std::string(path);
  struct stat status {};
  if (stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return tl::unexpected<Refusal>(resource_missing("No such artifact: " + std::string(path)));
  }
  return file;
}

std::vector<ArtifactEntry> ArtifactStore::list(std::string_view folder) const {
  std::vector<ArtifactEntry> entries;
  std::error_code error;
  fs::directory_iterator at(root_ + "/" + std::string(folder), error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    std::error_code gone;
    const bool is_folder = at->is_directory(gone);
    const auto size = is_folder ? 0 : at->file_size(gone);
    if (gone) continue;
    entries.push_back(
        {printable(at->path().filename().native()), is_folder, static_cast<std::int64_t>(size)});
  }
  std::ranges::sort(entries, {}, &ArtifactEntry::path);
  return entries;
}

tl::expected<void, Refusal> ArtifactStore::remove(std::string_view path) const {
  std::error_code error;
  fs::remove_all(root_ + "/" + std::string(path), error);
  if (error && error.value() != ENOTDIR) {
    return tl::unexpected<Refusal>(refusal_of("The artifact was not removed", error.value()));
  }
  return {};
}

bool is_safe_path(std::string_view path) {
  if (path.find('\0') != path.npos) return false;
  return std::ranges::none_of(split(path, '/'), [](std::string_view part) {
    return part.empty() || part == "." || part == "..";
  });
}

}  // namespace trawl::tracking
