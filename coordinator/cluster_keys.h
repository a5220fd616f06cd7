// coordinator/cluster_keys.h: the keys of a coordinator that serves other machines, as files in
// <home>/keys (0700): coordinator.key, worker.key, submit.key (protocol/key_file.h).
#pragma once

#include <string>
#include <utility>

#include "base/error.h"
#include "protocol/key_file.h"
#include "protocol/tcp_address.h"

namespace trawl::coordinator {

class ClusterKeyFiles {
 public:
  /// What is there is used again, so that workers come back after a restart; what is missing is
  /// made anew, so that removing worker.key or submit.key shuts out whoever has a copy of it.
  /// Writes nothing but the folder. Errors are those of protocol::read_key_file.
  static Result<ClusterKeyFiles> open(const std::string& home);

  protocol::ClusterKeys keys() const;

  /// Writes what is new, with the address at which workers and submitters find the coordinator.
  Result<void> write(const protocol::TcpAddress& address) const;

 private:
  struct Held {
    protocol::KeyFile file;
    bool is_new = false;
  };
  static Result<Held> held(const std::string& path, protocol::KeyUse use);

  std::string folder_;
  Held coordinator_;
  Held worker_;
  Held submitter_;
};

}  // namespace trawl::coordinator
