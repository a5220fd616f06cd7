// tracking/session.h: whatever answers the requests behind one URL prefix of the server.
#pragma once

#include <string_view>

#include <tl/expected.hpp>

#include "tracking/artifacts.h"
#include "tracking/rest.h"

namespace trawl::tracking {

/// All functions may be called from any thread, several at once.
class Session {
 public:
  virtual ~Session() = default;

  /// Whether a request with this `Authorization` header (empty: none) is let in. Takes equally long
  /// for every wrong one.
  virtual bool admits(std::string_view authorization) const = 0;

  /// Everything but uploads. Blocks until what it answers is durable.
  virtual Response handle(const Request& request) = 0;

  /// PUT of one artifact: `path` as in Request. The caller streams the body into the upload.
  virtual tl::expected<Upload, Refusal> begin_upload(std::string_view path) = 0;
};

}  // namespace trawl::tracking
