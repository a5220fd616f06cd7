// tracking/foreign_request.h: keeps web pages of other sites away from a session that asks for no
// token: by the Host header (a name that was made to resolve to this machine) and by the Origin
// header (a page that sends requests to another site). The rules of `mlflow server` 3.5 and later.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "tracking/rest.h"

namespace trawl::tracking {

/// What the headers of a request say about where it comes from. Empty: the header is absent.
struct Provenance {
  std::string method;
  std::string path;
  std::string host;
  std::string origin;
};

/// The 403 for a request that names a host which is neither this machine, nor a private address,
/// nor one of `allowed_hosts` (with or without its port; "*": any), or that changes something and
/// comes from a page of another site. /health and /version are open to any name.
std::optional<Response> refuse_foreign(const Provenance& request,
                                       std::span<const std::string> allowed_hosts);

}  // namespace trawl::tracking
