// protocol/keys.h: the CURVE key pairs with which both ends of a TCP connection know each other.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace trawl::protocol {

/// What a key allows.
enum class Role {
  kLocal,      // no key: the Unix socket in a folder of the user's alone; may do everything
  kWorker,     // may join as a worker
  kSubmitter,  // may submit, follow and end jobs, and stop the coordinator
};

/// "the local socket", "a worker", "a submitter".
std::string_view to_text(Role role);

/// Both in Z85: 40 printable characters without spaces.
struct KeyPair {
  std::string public_key;
  std::string secret_key;
  friend bool operator==(const KeyPair&, const KeyPair&) = default;
};

/// From the machine's random device. kSystem: libzmq has no CURVE.
Result<KeyPair> make_key_pair();

/// True for 40 characters that Z85 can have.
bool is_key(std::string_view text);

/// The public half of a secret key; "" where `secret_key` is none.
std::string public_key_of(const std::string& secret_key);

/// Who may connect to a coordinator.
struct ClusterKeys {
  KeyPair coordinator;
  std::string worker;     // public
  std::string submitter;  // public
};

/// What one needs to connect to a coordinator.
struct PeerKeys {
  KeyPair own;
  std::string coordinator;  // public
};

}  // namespace trawl::protocol
