// cli/connection_key.h: finds the key file with which this process connects to a coordinator on
// another machine: --key, TRAWL_KEY, or the one in the state folder.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/client.h"
#include "protocol/key_file.h"
#include "protocol/tcp_address.h"

namespace trawl::cli {

struct ConnectionKey {
  std::string path;              // for messages
  protocol::TcpAddress address;  // of the coordinator
  protocol::PeerKeys keys;
};

/// A `target` that names no address takes the file's. kNotFound, kInvalid: the file is missing,
/// open to others, damaged, or the key of another role; kInvalid: the address is none.
Result<ConnectionKey> read_worker_key(const Target& target);
Result<ConnectionKey> read_submitter_key(const Target& target);

}  // namespace trawl::cli
