#include "cli/snapshot.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/ignore_rules.h"
#include "cluster/file_lock.h"
#include "worker/endpoint.h"
#include "worker/environment.h"
#include "worker/file_copy.h"

namespace trawl::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kIgnoreBytesMax = std::uintmax_t{1} << 20;

tl::unexpected<Error> cannot_copy(const fs::path& at, const std::error_code& error) {
  return fail(ErrorCode::kSystem,
              fmt::format("cannot copy the code {}: {}", at.string(), error.message()));
}

// A folder on the way down from the root, by which a link that leads back up is known.
struct Identity {
  dev_t device{};
  ino_t number{};
  friend bool operator==(const Identity&, const Identity&) = default;
};

class CodeCopy {
 public:
  CodeCopy(fs::path root, fs::path home, Snapshot& snapshot)
      : root_(std::move(root)), home_(std::move(home)), snapshot_(snapshot) {}

  Result<void> copy() {
    auto rules = read_rules();
    if (!rules) return rules;
    return copy_folder(root_, snapshot_.code, "");
  }

 private:
  Result<void> read_rules() {
    for (const char* name : {".amlignore", ".gitignore"}) {
      const fs::path path = root_ / name;
      std::error_code error;
      if (!fs::is_regular_file(path, error)) continue;
      std::ifstream in(path, std::ios::binary);
      std::string text(kIgnoreBytesMax + 1, '\0');
      in.read(text.data(), static_cast<std::streamsize>(text.size()));
      text.resize(static_cast<std::size_t>(in.gcount()));
      if (!in.eof() || in.bad() || text.size() > kIgnoreBytesMax) {
        return fail(ErrorCode::kSystem, fmt::format("cannot read {}, or it is larger than {} KiB",
                                                    path.string(), kIgnoreBytesMax >> 10));
      }
      rules_.add(text);
      return {};
    }
    return {};
  }

  // `relative` is the folder's path below the root; of a followed link, the link's.
  Result<void> copy_folder(const fs::path& from, const fs::path& to, const std::string& relative) {
    struct stat info {};
    if (stat(from.c_str(), &info) != 0) {
      return cannot_copy(from, std::error_code(errno, std::generic_category()));
    }
    const Identity identity{info.st_dev, info.st_ino};
    if (std::ranges::find(way_, identity) != way_.end()) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("the link {} leads back to a folder that holds it: remove it, or name "
                      "it in .amlignore",
                      from.string()));
    }
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    fs::directory_iterator entry(from, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      entries.push_back(*entry);
    }
    if (!error) fs::create_directories(to, error);
    if (!error) {
      fs::permissions(to, fs::perms(info.st_mode & 07777) | fs::perms::owner_all, error);
    }
    if (error) return cannot_copy(from, error);
    std::ranges::sort(entries, {}, &fs::directory_entry::path);
    way_.push_back(identity);
    for (const fs::directory_entry& one : entries) {
      const std::string name = one.path().filename().string();
      auto copied = copy_entry(one, to / name, relative.empty() ? name : relative + "/" + name);
      if (!copied) return copied;
    }
    way_.pop_back();
    return {};
  }

  Result<void> copy_entry(const fs::directory_entry& entry, const fs::path& to,
                          const std::string& relative) {
    std::error_code error;
    const fs::file_status own = entry.symlink_status(error);
    if (error) return cannot_copy(entry.path(), error);
    if (fs::is_symlink(own)) return copy_link(entry.path(), to, relative);
    if (fs::is_directory(own)) {
      const bool is_home = fs::equivalent(entry.path(), home_, error);
      if (is_home || rules_.leaves_out(relative, true)) return {};
      return copy_folder(entry.path(), to, relative);
    }
    if (!fs::is_regular_file(own) || rules_.leaves_out(relative, false)) return {};
    return copy_file(entry.path(), to);
  }

  Result<void> copy_link(const fs::path& from, const fs::path& to, const std::string& relative) {
    std::error_code error;
    const fs::path target = fs::canonical(from, error);
    if (error == std::errc::too_many_symbolic_link_levels) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("the link {} leads back to itself: remove it, or name it in "
                              ".amlignore",
                              from.string()));
    }
    if (error) {
      if (rules_.leaves_out(relative, false)) return {};
      snapshot_.warnings.push_back(
          fmt::format("the link {} leads nowhere, and is copied as it is", from.string()));
      error.clear();
      fs::copy_symlink(from, to, error);
      if (error) return cannot_copy(from, error);
      return {};
    }
    const bool is_folder = fs::is_directory(target, error);
    const bool stays = is_copied(target, is_folder);
    // A link is no folder to git; one that becomes a folder is one.
    if (rules_.leaves_out(relative, is_folder && !stays)) return {};
    if (!stays) return is_folder ? copy_folder(from, to, relative) : copy_file(from, to);
    const fs::path place = fs::path(relative).parent_path();
    fs::create_symlink(target.lexically_relative(place.empty() ? root_ : root_ / place), to, error);
    if (error) return cannot_copy(from, error);
    return {};
  }

  // Whether the root's copy has what stands at `target`.
  bool is_copied(const fs::path& target, bool is_folder) const {
    const fs::path relative = target.lexically_relative(root_);
    if (relative.empty() || *relative.begin() == "..") return false;
    if (relative == ".") return true;
    fs::path above;
    for (const fs::path& part : relative) {
      above /= part;
      const bool last = above == relative;
      if (rules_.leaves_out(above.string(), !last || is_folder)) return false;
    }
    return true;
  }

  Result<void> copy_file(const fs::path& from, const fs::path& to) {
    std::error_code error;
    auto copied = worker::clone_file(from, to);
    if (!copied) return copied;
    ++snapshot_.file_count;
    const std::uintmax_t size = fs::file_size(to, error);
    if (!error) snapshot_.bytes += size;
    return {};
  }

  const fs::path root_;  // canonical
  const fs::path home_;
  Snapshot& snapshot_;
  IgnoreRules rules_;
  std::vector<Identity> way_;  // the folders from the root to where the copy is
};

Result<void> copy_code(const std::string& home, const std::string& code, Snapshot& snapshot) {
  if (code.empty()) return {};
  snapshot.code = snapshot.folder + "/code";
  std::error_code error;
  const fs::path source = fs::canonical(code, error);
  if (!error && fs::is_directory(source, error)) return CodeCopy(source, home, snapshot).copy();
  if (!error) fs::create_directory(snapshot.code, error);
  if (error) return cannot_copy(code, error);
  const fs::path target = fs::path(snapshot.code) / fs::path(code).filename();
  auto copied = worker::clone_file(source, target);
  if (!copied) return copied;
  snapshot.file_count = 1;
  snapshot.bytes = fs::file_size(target, error);
  return {};
}

Result<void> make_private(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (!error) return {};
  return fail(ErrorCode::kSystem,
              fmt::format("cannot make the folder {}: {}", folder, error.message()));
}

}  // namespace

Result<Snapshot> take_snapshot(const SnapshotPlace& place, const std::string& code,
                               const std::vector<NamedText>& variables) {
  Snapshot snapshot;
  snapshot.folder = place.folder + "/" + worker::random_hex(8);
  auto written = make_private(place.folder);
  if (!written) return tl::unexpected(written.error());
  const auto lock = cluster::take_lock(cluster::snapshot_lock_path(snapshot.folder),
                                       "another process has the snapshot " + snapshot.folder);
  if (!lock) return tl::unexpected(lock.error());
  snapshot.lock = *lock;
  written = make_private(snapshot.folder);
  if (written) written = copy_code(place.home, code, snapshot);
  snapshot.environment = snapshot.folder + "/environment";
  if (written) written = worker::write_environment(snapshot.environment, variables);
  if (written) return snapshot;
  remove(snapshot);
  return tl::unexpected(written.error());
}

void remove(const Snapshot& snapshot) {
  std::error_code ignored;  // what is left of it is only disk space
  fs::remove_all(snapshot.folder, ignored);
  hand_over(snapshot);
}

void hand_over(const Snapshot& snapshot) {
  unlink(cluster::snapshot_lock_path(snapshot.folder).c_str());
  close(snapshot.lock);
}

}  // namespace trawl::cli
