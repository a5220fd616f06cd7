#include "coordinator/tracking_server.h"

#include <array>
#include <unistd.h>

#include <fmt/format.h>

#include "coordinator/all_runs_session.h"
#include "coordinator/tracking_token.h"

namespace trawl::coordinator {
namespace {

// A writing request holds a thread and at most 1000 rows, so this many is what one commit of the
// core can find before it.
constexpr int kThreadsMax = 16;

// The name by which other machines reach an address that stands for all of this machine's.
std::string host_of(const std::string& address) {
  if (address == "0.0.0.0" || address == "::") {
    constexpr std::size_t kHostNameMax = 256;
    std::array<char, kHostNameMax> name{};
    if (gethostname(name.data(), name.size() - 1) == 0) return name.data();
  }
  return address.find(':') == address.npos ? address : "[" + address + "]";
}

}  // namespace

Result<std::unique_ptr<TrackingServer>> TrackingServer::start(Store* store, const std::string& home,
                                                              const TrackingAddress& address) {
  AllRunsSession::Settings settings;
  settings.artifacts_root = home + "/artifacts";
  if (address.needs_token) {
    auto token = tracking_token(home);
    if (!token) return tl::unexpected(token.error());
    settings.token = *std::move(token);
  }
  auto session = std::make_unique<AllRunsSession>(store, std::move(settings));
  tracking::ServerSettings server_settings;
  server_settings.address = address.host;
  server_settings.port = address.port;
  server_settings.thread_count_max = kThreadsMax;
  // A page that reaches it by a name of its own has no token; without one the name must be right.
  if (address.needs_token) server_settings.allowed_hosts = {"*"};
  auto server = tracking::Server::start(std::move(server_settings), std::move(session));
  if (!server) return tl::unexpected(server.error());
  const std::string uri = fmt::format("http://{}:{}", host_of(address.host), (*server)->port());
  return std::unique_ptr<TrackingServer>(new TrackingServer(*std::move(server), uri));
}

}  // namespace trawl::coordinator
