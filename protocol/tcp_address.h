// protocol/tcp_address.h: HOST:PORT, as people write it and as sockets want it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace trawl::protocol {

struct TcpAddress {
  std::string host;  // a name, or an address in digits without brackets
  int port{};        // 0 to 65535
  friend bool operator==(const TcpAddress&, const TcpAddress&) = default;
};

/// "node1:7700", "10.0.0.1:7700", "[::1]:7700". kInvalid says what to write instead.
Result<TcpAddress> parse_tcp_address(std::string_view text);

/// The inverse of that.
std::string to_string(const TcpAddress& address);

/// As ZeroMQ writes it: "tcp://[::1]:7700".
std::string endpoint_of(const TcpAddress& address);

/// With the host in digits; `localhost` is 127.0.0.1, the one that every client tries. kInvalid:
/// the name is unknown, in the resolver's words. Blocks while it asks.
Result<TcpAddress> resolved(const TcpAddress& address);

/// True for 127.0.0.0/8 and ::1, in digits.
bool is_loopback(std::string_view host);

/// What to tell others: `address`, with this host's name in the place of 0.0.0.0 or [::].
TcpAddress advertised(const TcpAddress& address);

/// Why nobody answers at `address`, in the system's words ("Connection refused"), by trying; ""
/// where somebody does. Blocks for two seconds at most, beside the resolver.
std::string why_unreachable(const TcpAddress& address);

}  // namespace trawl::protocol
