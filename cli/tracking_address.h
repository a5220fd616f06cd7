// cli/tracking_address.h: reads `--tracking HOST:PORT`.
#pragma once

#include <string>

#include "base/error.h"
#include "coordinator/coordinator.h"

namespace trawl::cli {

/// HOST is a name or an address in digits (IPv6 in brackets), PORT is 0 to 65535. kInvalid: it is
/// not that, the name is unknown, or `no_auth` is asked for an address that others can reach.
Result<coordinator::TrackingAddress> tracking_address(const std::string& text, bool no_auth);

}  // namespace trawl::cli
