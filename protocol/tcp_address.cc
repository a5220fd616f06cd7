#include "protocol/tcp_address.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

namespace trawl::protocol {
namespace {

constexpr int kPortMax = 65'535;

std::optional<int> parse_port(std::string_view text) {
  int port = -1;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  return is_whole && port >= 0 && port <= kPortMax ? std::optional<int>(port) : std::nullopt;
}

using AddressList = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

// An error in getaddrinfo's words.
tl::expected<AddressList, std::string> look_up(const TcpAddress& address) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(address.port);
  if (const int code = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &list); code != 0) {
    return tl::unexpected<std::string>(gai_strerror(code));
  }
  return AddressList(list, freeaddrinfo);
}

// 0, or errno.
int try_to_connect(const addrinfo& to) {
  constexpr int kTimeoutMs = 2000;
  const int descriptor =
      socket(to.ai_family, to.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to.ai_protocol);
  if (descriptor < 0) return errno;
  int number = connect(descriptor, to.ai_addr, to.ai_addrlen) == 0 ? 0 : errno;
  if (number == EINPROGRESS) {
    pollfd connected{descriptor, POLLOUT, 0};
    number = ETIMEDOUT;
    socklen_t size = sizeof number;
    if (poll(&connected, 1, kTimeoutMs) > 0) {
      getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size);
    }
  }
  close(descriptor);
  return number;
}

}  // namespace

Result<TcpAddress> parse_tcp_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) {
    return fail(ErrorCode::kInvalid, "write HOST:PORT, such as 127.0.0.1:5000");
  }
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return fail(ErrorCode::kInvalid, "the port is a number from 0 to 65535");
  std::string_view host = text.substr(0, colon);
  const bool has_brackets = host.starts_with('[') && host.ends_with(']');
  if (has_brackets) host = host.substr(1, host.size() - 2);
  if (!has_brackets && host.find(':') != host.npos) {
    return fail(ErrorCode::kInvalid, "write an IPv6 address in brackets, such as [::1]:5000");
  }
  const bool is_host = !host.empty() && host.size() < NI_MAXHOST &&
                       host.find_first_of(std::string_view(" \t\r\n/;,[]\0", 10)) == host.npos;
  if (!is_host) return fail(ErrorCode::kInvalid, "write HOST:PORT, such as 127.0.0.1:5000");
  return TcpAddress{std::string(host), *port};
}

std::string to_string(const TcpAddress& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + address.host + "]" : address.host;
  return fmt::format("{}:{}", host, address.port);
}

std::string endpoint_of(const TcpAddress& address) {
  return "tcp://" + to_string(address);
}

Result<TcpAddress> resolved(const TcpAddress& address) {
  if (address.host == "localhost") return TcpAddress{"127.0.0.1", address.port};
  const auto list = look_up(address);
  std::array<char, NI_MAXHOST> digits{};
  std::string why = list ? "" : list.error();
  if (list) {
    const int code = getnameinfo((*list)->ai_addr, (*list)->ai_addrlen, digits.data(),
                                 digits.size(), nullptr, 0, NI_NUMERICHOST);
    if (code != 0) why = gai_strerror(code);
  }
  if (why.empty()) return TcpAddress{digits.data(), address.port};
  return fail(ErrorCode::kInvalid, "no address of '" + address.host + "' is known: " + why);
}

bool is_loopback(std::string_view host) {
  return host.starts_with("127.") || host == "::1";
}

TcpAddress advertised(const TcpAddress& address) {
  if (address.host != "0.0.0.0" && address.host != "::") return address;
  std::array<char, HOST_NAME_MAX + 1> name{};
  const bool is_known = gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0';
  return {is_known ? name.data() : address.host, address.port};
}

std::string why_unreachable(const TcpAddress& address) {
  const auto list = look_up(address);
  if (!list) return list.error();
  int number = 0;
  for (const addrinfo* to = list->get(); to != nullptr; to = to->ai_next) {
    number = try_to_connect(*to);
    if (number == 0) return "";
  }
  return std::strerror(number);
}

}  // namespace trawl::protocol
