// worker/link_log.h: says in the worker's log what keeps it from its coordinator: at once, and then
// rarely, however often it is tried.
#pragma once

#include <string>

#include "base/instant.h"
#include "protocol/socket.h"

namespace trawl::worker {

class LinkLog {
 public:
  /// `endpoint` is the coordinator's, `key_path` the file of the key ("" on the local socket).
  LinkLog(std::string endpoint, std::string key_path);

  void tell(protocol::Dealer::Change change, const protocol::Dealer& dealer);

 private:
  std::string why(protocol::Dealer::Change change, const protocol::Dealer& dealer) const;

  const std::string address_;
  const std::string key_path_;
  std::string told_;  // the last trouble; "" since the link was up
  Instant tell_again_{};
};

}  // namespace trawl::worker
