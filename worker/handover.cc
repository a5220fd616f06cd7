#include "worker/handover.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

namespace trawl::worker {
namespace {

constexpr std::string_view kName = "nursery.sock";

/// The socket's address. A path must fit into 107 bytes, which a folder's may not: so it is named
/// by an open descriptor of the folder.
struct Address {
  Descriptor folder;
  sockaddr_un bytes{};
};

Result<Address> address_in(const std::string& folder) {
  Address address;
  address.folder = Descriptor(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (address.folder.get() < 0) return fail_errno("cannot open " + folder, errno);
  const std::string path = fmt::format("/proc/self/fd/{}/{}", address.folder.get(), kName);
  address.bytes.sun_family = AF_UNIX;
  static_assert(sizeof address.bytes.sun_path > sizeof "/proc/self/fd/2147483647/" + kName.size());
  std::ranges::copy(path, address.bytes.sun_path);
  return address;
}

Descriptor make_socket() {
  return Descriptor(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
}

std::optional<ucred> peer_of(const Descriptor& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid == geteuid() ? std::optional(peer) : std::nullopt;
}

}  // namespace

Result<Descriptor> make_handover_socket(const std::string& folder) {
  const std::string what = fmt::format("cannot make the socket {}/{}", folder, kName);
  auto address = address_in(folder);
  if (!address) return tl::unexpected(address.error());
  Descriptor made = make_socket();
  if (made.get() < 0) return fail_errno(what, errno);
  unlinkat(address->folder.get(), kName.data(), 0);
  if (bind(made.get(), reinterpret_cast<const sockaddr*>(&address->bytes), sizeof address->bytes) !=
          0 ||
      chmod(address->bytes.sun_path, S_IRUSR | S_IWUSR) != 0) {
    return fail_errno(what, errno);
  }
  return made;
}

bool listen_for_workers(int socket) {
  constexpr int kBacklog = 8;  // workers that were killed while they connected
  const int flags = fcntl(socket, F_GETFL);
  return flags >= 0 && fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0 &&
         listen(socket, kBacklog) == 0;
}

Descriptor accept_worker(int socket) {
  Descriptor accepted(accept4(socket, nullptr, nullptr, SOCK_CLOEXEC));
  return accepted.get() >= 0 && peer_of(accepted) ? std::move(accepted) : Descriptor();
}

std::optional<FoundNursery> find_nursery(const std::string& folder) {
  const auto address = address_in(folder);
  Descriptor connected = make_socket();
  if (!address || connected.get() < 0) return std::nullopt;
  if (connect(connected.get(), reinterpret_cast<const sockaddr*>(&address->bytes),
              sizeof address->bytes) != 0) {
    return std::nullopt;
  }
  const auto peer = peer_of(connected);  // of the process that listens
  if (!peer) return std::nullopt;
  return FoundNursery{std::move(connected), peer->pid};
}

}  // namespace trawl::worker
