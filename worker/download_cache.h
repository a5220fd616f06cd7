// worker/download_cache.h: files that inputs name by URL, fetched once and kept for later attempts
// and jobs:
//
//   <folder>/<SHA-256 of the URL>         the file; nobody may write it (0400)
//   <folder>/<SHA-256 of the URL>.json    etag and last_modified, as the server said them
//
// A file is asked for again once for each job: the server says whether it has changed (ETag,
// Last-Modified), so the trials of one job do not ask a thousand times. A file without either is
// fetched anew then. Nothing is ever removed; the folder may be, while no worker uses it.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "core/ids.h"

namespace trawl::worker {

class DownloadCache {
 public:
  /// `folder` is made with the first file. One process may use it. Not to be made by two threads at
  /// once (curl_global_init).
  explicit DownloadCache(std::string folder);

  /// The path of the file behind `url`, valid until the next fetch of that URL replaces it (a hard
  /// link or an open descriptor keeps what it has). Blocks: while another thread fetches the same
  /// URL, and while it does so itself. Errors as fetch() says. Any thread.
  Result<std::string> fetch(const std::string& url, core::JobId job, const std::stop_token& stop);

 private:
  Result<void> refresh(const std::string& url, const std::string& path,
                       const std::stop_token& stop);

  const std::string folder_;
  std::mutex mutex_;  // of all below
  std::condition_variable_any released_;
  std::set<std::string> busy_;                // the URLs that are being fetched
  std::map<std::string, core::JobId> fresh_;  // URL -> the last job that it was asked for
};

}  // namespace trawl::worker
