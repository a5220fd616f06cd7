// tracking/artifacts.h: a trial's artifacts as files: `<root>/<run_id>/<path>` for runs and
// `<root>/models/<model_id>/<path>` for logged models, below which nothing else is ever written
// (uploads on their way are in `<root>/.uploads`). Files have mode 0600, folders 0700.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/error.h"
#include "tracking/rest.h"

namespace trawl::tracking {

/// One entry of a folder. `path` is relative to whatever was listed.
struct ArtifactEntry {
  std::string path;  // bytes that are no UTF-8 are replaced by U+FFFD
  bool is_folder{};
  std::int64_t size_bytes{};  // 0 for folders
  friend bool operator==(const ArtifactEntry&, const ArtifactEntry&) = default;
};

/// A file on its way: it appears under its name when `finish` succeeds, whole, and on disk; dropped
/// before that, it leaves nothing. Movable; one thread at a time.
class Upload {
 public:
  Upload(int descriptor, std::string temporary_path, std::string final_path);
  Upload(Upload&& other) noexcept;
  Upload& operator=(Upload&&) = delete;
  ~Upload();

  /// False when the disk refused; `finish` then says why.
  bool write(const char* data, std::size_t size);

  /// 503 when the machine refused, 400 when the name cannot be (a file where a folder must be).
  tl::expected<void, Refusal> finish();

 private:
  int descriptor_;
  int error_number_ = 0;
  std::string temporary_path_;
  std::string final_path_;
};

/// Paths given to it are relative, below the root, and start with a run's or `models/<id>`'s
/// folder. Any thread; calls on the same file at once leave one of the versions whole.
class ArtifactStore {
 public:
  /// Nothing is made before an upload needs it.
  explicit ArtifactStore(std::string root);

  /// Removes what a crash left of unfinished uploads; for a folder that no other process uses.
  void clear_uploads() const;

  tl::expected<Upload, Refusal> begin_upload(std::string_view path) const;

  /// The absolute path of an existing regular file; 404 if there is none.
  tl::expected<std::string, Refusal> find_file(std::string_view path) const;

  /// Entries of a folder by name; none where it is absent or a file.
  std::vector<ArtifactEntry> list(std::string_view folder) const;

  /// Removes a file or a whole folder; what is absent is fine.
  tl::expected<void, Refusal> remove(std::string_view path) const;

 private:
  std::string root_;
};

/// True for a relative path without empty, "." or ".." parts and without NUL.
bool is_safe_path(std::string_view path);

}  // namespace trawl::tracking
