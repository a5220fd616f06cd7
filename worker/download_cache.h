// worker/download_cache.h: files that inputs name by URL, fetched once and kept for later attempts
// and jobs:
//
//   <folder>/<SHA-256 of the URL>         the file; nobody may write it (0400)
//   <folder>/<SHA-256 of the URL>.json    etag and last_modified, as the server said them; written
//                                         to, so far as its time goes, whenever the file is used
//
// A file is asked for again once for each job: the server says whether it has changed (ETag,
// Last-Modified), so the trials of one job do not ask a thousand times. A file without either is
// fetched anew then.
//
// When a file has been fetched and all together have more bytes than there may be, those that were
// used longest ago are removed: never the new one, never one that an attempt uses. So what attempts
// use at once may be more. The folder may be removed while no worker uses it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "core/ids.h"

namespace trawl::worker {

inline constexpr std::uint64_t kDownloadBytesMax = std::uint64_t{10} << 30;

class DownloadCache {
 public:
  /// `folder` is made with the first file; what broke off in it earlier is removed. One process may
  /// use it. Not to be made by two threads at once (curl_global_init).
  explicit DownloadCache(std::string folder, std::uint64_t bytes_max = kDownloadBytesMax);

  /// The path of the file behind `url`, which `attempt` uses from here on. Valid until release() of
  /// it, or until the next fetch of that URL replaces it (a hard link or an open descriptor keeps
  /// what it has). Blocks: while another thread fetches the same URL, and while it does so itself.
  /// Errors as fetch() says. Any thread.
  Result<std::string> fetch(const std::string& url, core::AttemptId attempt,
                            const std::stop_token& stop);

  /// What an earlier process fetched for `attempt`, which goes on: it uses the file behind `url`,
  /// if that is still here, until release(). Any thread.
  void hold(const std::string& url, core::AttemptId attempt);

  /// The attempt uses nothing any more. Any thread.
  void release(core::AttemptId attempt);

 private:
  /// True where the file is another one than before.
  Result<bool> refresh(const std::string& url, const std::string& path,
                       const std::stop_token& stop);
  void make_room(const std::string& newest);
  bool is_used(const std::string& path) const;

  const std::string folder_;
  const std::uint64_t bytes_max_;
  std::mutex mutex_;  // of all below
  std::condition_variable_any released_;
  std::set<std::string> busy_;                // the paths that are being fetched
  std::map<std::string, core::JobId> fresh_;  // path -> the last job that it was asked for
  std::map<core::AttemptId, std::set<std::string>> uses_;  // paths
};

}  // namespace trawl::worker
