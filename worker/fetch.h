// worker/fetch.h: one file over http or https (libcurl).
#pragma once

#include <stop_token>
#include <string>

#include "base/error.h"

namespace trawl::worker {

struct FetchRequest {
  std::string url;
  std::string path;           // where to; overwritten, and incomplete after an error
  std::string etag;           // of the copy that is there already, as its server said it; or empty
  std::string last_modified;  // likewise
};

struct Fetched {
  bool changed{};    // false: the copy that is there is still good, and `path` is untouched
  std::string etag;  // of what was fetched
  std::string last_modified;
};

/// Blocks until the file is there. Redirections are followed (10, over http and https alone). What
/// may pass (no connection, a cut transfer, status 408, 429 or 5xx) is tried 3 times in all, a
/// second and then three seconds apart; nothing else is. A transfer that stands still for a minute
/// is cut. Errors name the URL without its query and credentials, which may be secret:
/// kNotFound: any other HTTP status, which is named; kUnavailable: what may pass did not; or `stop`
/// was requested; kSystem: the disk has no room, or refused the file.
///
/// Any thread, several at once; curl_global_init must have been called.
Result<Fetched> fetch(const FetchRequest& request, const std::stop_token& stop);

/// The URL without user, password, query and fragment.
std::string shown_url(const std::string& url);

}  // namespace trawl::worker
