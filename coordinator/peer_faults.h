// coordinator/peer_faults.h: what becomes of peers that send what they must not: they are dropped,
// and the log says who they were, rarely enough that a flood does not fill a disk.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/error.h"
#include "base/instant.h"
#include "protocol/codec.h"
#include "protocol/socket.h"

namespace trawl::coordinator {

/// Why a peer of that role may not send this; "" where it may.
std::string fault_of(protocol::Role role, const protocol::Inbound& message);

class PeerFaults {
 public:
  /// Of a message that did not decode, for the reason `error`. A peer of another version
  /// (kUnavailable) is told so, once, and will leave.
  void take_undecoded(protocol::Router& router, const protocol::Received& received,
                      const Error& error);

  /// Ends the connection. `fault` says what was wrong with the message.
  void drop(protocol::Router& router, const protocol::Received& received, const std::string& fault);

  /// Tells of the connections that were ended since the last call before anything was seen of them.
  void tell_refusals(protocol::Router& router);

 private:
  struct Told {
    Instant until;  // what follows counts for this time
    int lines = 0;
    std::int64_t untold = 0;
  };
  void tell(const std::string& who, const std::string& what);

  std::set<std::string> refused_;     // peers of another version, of late
  std::map<std::string, Told> told_;  // by role and address, a thousand at most
};

}  // namespace trawl::coordinator
