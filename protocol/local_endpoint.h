// protocol/local_endpoint.h: where the coordinator of a state folder listens on this machine.
#pragma once

#include <string>

#include "base/error.h"

namespace trawl::protocol {

/// The ZeroMQ endpoint of the Unix socket that belongs to the state folder `home` (absolute); makes
/// the socket's folder, which is the user's alone (0700). A Unix socket's path holds 107 bytes, so
/// a longer one moves to a folder of the user's under /tmp. kSystem: the folder cannot be made, or
/// somebody else owns it.
Result<std::string> local_endpoint(const std::string& home);

/// Makes the folder where it is missing, and makes it the user's alone (0700). kSystem: it cannot
/// be made, or somebody else owns it.
Result<void> make_private_folder(const std::string& folder);

/// Removes the socket's file; for the one who is bound to it.
void remove_local_endpoint(const std::string& endpoint);

}  // namespace trawl::protocol
