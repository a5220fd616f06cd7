#include "cli/tracking_address.h"

#include <array>
#include <charconv>
#include <memory>
#include <netdb.h>
#include <string_view>
#include <sys/socket.h>

namespace trawl::cli {
namespace {

constexpr int kPortMax = 65'535;

tl::unexpected<Error> invalid(const std::string& text, const std::string& why) {
  return fail(ErrorCode::kInvalid, "--tracking " + text + ": " + why);
}

std::optional<int> parse_port(std::string_view text) {
  int port = -1;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  return is_whole && port >= 0 && port <= kPortMax ? std::optional<int>(port) : std::nullopt;
}

// The address in digits; an error in getaddrinfo's words.
tl::expected<std::string, std::string> resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int code = getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0) {
    return tl::unexpected<std::string>(gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(list, freeaddrinfo);
  std::array<char, NI_MAXHOST> digits{};
  const int code = getnameinfo(list->ai_addr, list->ai_addrlen, digits.data(), digits.size(),
                               nullptr, 0, NI_NUMERICHOST);
  if (code != 0) return tl::unexpected<std::string>(gai_strerror(code));
  return std::string(digits.data());
}

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1";
}

}  // namespace

Result<coordinator::TrackingAddress> tracking_address(const std::string& text, bool no_auth) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) {
    return invalid(text, "write HOST:PORT, such as 127.0.0.1:5000");
  }
  const auto port = parse_port(std::string_view(text).substr(colon + 1));
  if (!port) return invalid(text, "the port is a number from 0 to 65535");
  std::string host = text.substr(0, colon);
  const bool has_brackets = host.starts_with('[') && host.ends_with(']');
  if (has_brackets) host = host.substr(1, host.size() - 2);
  if (!has_brackets && host.find(':') != host.npos) {
    return invalid(text, "write an IPv6 address in brackets, such as [::1]:5000");
  }
  // `localhost` can be either loopback; the one that every client tries is meant.
  const auto address =
      host == "localhost" ? tl::expected<std::string, std::string>("127.0.0.1") : resolve(host);
  if (!address) return invalid(text, "no address of '" + host + "' is known: " + address.error());
  if (no_auth && !is_loopback(*address)) {
    return invalid(text,
                   "--no-auth is for loopback alone (127.0.0.1 or [::1]), since others can reach " +
                       *address +
                       "; leave it out, and clients send the token of `trawl coordinator token`");
  }
  return coordinator::TrackingAddress{*address, *port, !no_auth};
}

}  // namespace trawl::cli
