// protocol/admission.h: decides whose key may connect, as ZeroMQ asks for it (ZAP, RFC 27): a
// request for each new TCP connection, on a socket of the router's own context. Internal to
// protocol.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "protocol/keys.h"

namespace trawl::protocol {

/// The domain of the sockets that are asked about.
inline constexpr const char* kZapDomain = "trawl";

/// What an admitted connection's messages carry as their "User-Id", and back; kLocal for none.
std::string_view user_id_of(Role role);
Role role_of_user_id(const char* user_id);

class Admission {
 public:
  /// `context` is ZeroMQ's, and outlives this.
  static Result<std::unique_ptr<Admission>> open(void* context, const ClusterKeys& keys);
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  /// Answers what has been asked, a few hundred at most.
  void answer();

  /// The addresses of those who were refused, oldest first; beyond a hundred they are not kept.
  std::optional<std::string> next_refused();

  void* socket() const { return socket_; }  // for waiting

 private:
  Admission(void* socket, const ClusterKeys& keys);
  std::optional<Role> role_of(std::string_view raw_key) const;

  void* socket_;
  const std::string worker_;  // public keys
  const std::string submitter_;
  std::deque<std::string> refused_;
};

}  // namespace trawl::protocol
