#include "cli/tracking_address.h"

#include "protocol/tcp_address.h"

namespace trawl::cli {
namespace {

tl::unexpected<Error> invalid(const std::string& text, const std::string& why) {
  return fail(ErrorCode::kInvalid, "--tracking " + text + ": " + why);
}

}  // namespace

Result<coordinator::TrackingAddress> tracking_address(const std::string& text, bool no_auth) {
  const auto parsed = protocol::parse_tcp_address(text);
  if (!parsed) return invalid(text, parsed.error().message);
  const auto address = protocol::resolved(*parsed);
  if (!address) return invalid(text, address.error().message);
  if (no_auth && !protocol::is_loopback(address->host)) {
    return invalid(text,
                   "--no-auth is for loopback alone (127.0.0.1 or [::1]), since others can reach " +
                       address->host +
                       "; leave it out, and clients send the token of `trawl coordinator token`");
  }
  return coordinator::TrackingAddress{address->host, address->port, !no_auth};
}

}  // namespace trawl::cli
