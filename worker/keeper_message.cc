#include "worker/keeper_message.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "base/assert.h"

namespace trawl::worker {
namespace {

// Above what the kernel takes for arguments and environment together (a quarter of the stack's
// limit, 6 MiB at most).
constexpr std::size_t kPackedBytesMax = 8 << 20;

struct Head {
  std::uint32_t argv_count{};
  std::uint32_t environment_count{};
  mode_t umask{};
  std::uint32_t carried_size{};
};

/// Descriptors that came with a message; more than the first are closed.
Descriptor take_descriptor(msghdr& message) {
  Descriptor taken;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    int number = -1;
    std::memcpy(&number, CMSG_DATA(head), sizeof number);
    taken = Descriptor(number);
  }
  return taken;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (number_ >= 0) close(number_);
    number_ = other.release();
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

int Descriptor::release() {
  return std::exchange(number_, -1);
}

bool send_bytes(int socket, const void* bytes, std::size_t size, int descriptor) {
  iovec part{const_cast<void*>(bytes), size};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
  }
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(size);
}

Received receive_bytes(int socket, void* bytes, std::size_t size) {
  iovec part{bytes, size};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t count = 0;
  do {
    count = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  Received received;
  if (count < 0) {
    received.kind = errno == EAGAIN ? Received::Kind::kNothing : Received::Kind::kEnd;
    return received;
  }
  received.descriptor = take_descriptor(message);
  // The peer is this program: a packet of another size is its end.
  received.kind =
      static_cast<std::size_t>(count) == size ? Received::Kind::kPacket : Received::Kind::kEnd;
  return received;
}

bool wait_readable(int socket, std::chrono::steady_clock::time_point deadline) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd polled{socket, POLLIN, 0};
    if (poll(&polled, 1, static_cast<int>(left.count())) > 0) return true;
  }
}

Result<std::string> pack(const SpawnOptions& options) {
  TRAWL_ASSERT(!options.argv.empty());
  const std::string what = "cannot start " + options.argv[0] + " in " + options.working_folder;
  const Head head{static_cast<std::uint32_t>(options.argv.size()),
                  static_cast<std::uint32_t>(options.environment.size()), options.umask,
                  static_cast<std::uint32_t>(options.carried.size())};
  std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
  std::size_t text_count = 0;
  const auto end = [&] {
    bytes += '\0';
    ++text_count;
  };
  const auto add = [&](const std::string& text) {
    bytes += text;
    end();
  };
  add(options.working_folder);
  add(options.log_path);
  for (const std::string& word : options.argv) add(word);
  for (const NamedText& variable : options.environment) {
    bytes += variable.name;
    bytes += '=';
    add(variable.text);
  }
  const auto nul_count = std::count(bytes.begin() + sizeof head, bytes.end(), '\0');
  if (static_cast<std::size_t>(nul_count) != text_count) {
    return fail(ErrorCode::kInvalid,
                what + ": an argument or a variable of the environment holds a NUL character");
  }
  bytes += options.carried;
  if (bytes.size() > kPackedBytesMax) return fail_errno(what, E2BIG);
  return bytes;
}

Result<Descriptor> make_memory() {
  Descriptor memory(memfd_create("trawl-spawn", MFD_CLOEXEC));
  if (memory.get() < 0) return fail_errno("cannot make memory for a keeper", errno);
  return memory;
}

bool write_memory(const Descriptor& memory, std::string_view bytes) {
  for (off_t offset = 0; !bytes.empty();) {
    const ssize_t count = pwrite(memory.get(), bytes.data(), bytes.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += count;
  }
  return true;
}

std::optional<PackedSpawn> PackedSpawn::read(const Descriptor& memory, std::size_t size) {
  if (size < sizeof(Head) || size > kPackedBytesMax) {
    errno = EINVAL;
    return std::nullopt;
  }
  PackedSpawn packed;
  packed.bytes_ = std::make_unique_for_overwrite<char[]>(size);
  for (std::size_t filled = 0; filled < size;) {
    const ssize_t count = pread(memory.get(), packed.bytes_.get() + filled, size - filled,
                                static_cast<off_t>(filled));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      if (count == 0) errno = EINVAL;
      return std::nullopt;
    }
    filled += static_cast<std::size_t>(count);
  }
  Head head;
  std::memcpy(&head, packed.bytes_.get(), sizeof head);
  packed.umask_ = head.umask;
  char* next = packed.bytes_.get() + sizeof head;
  if (head.carried_size > size - sizeof head) {
    errno = EINVAL;
    return std::nullopt;
  }
  char* const end = packed.bytes_.get() + size - head.carried_size;
  packed.carried_ = {end, head.carried_size};
  // What a worker wrote that was killed in the middle of it may be anything.
  constexpr std::size_t kOtherTexts = 2;
  const auto text_count = std::count(next, end, '\0');
  if (head.argv_count == 0 ||
      static_cast<std::uint64_t>(text_count) !=
          std::uint64_t{head.argv_count} + head.environment_count + kOtherTexts) {
    errno = EINVAL;
    return std::nullopt;
  }
  const auto take = [&]() -> char* {
    char* const text = next;
    next = std::find(next, end, '\0') + 1;
    return text;
  };
  packed.working_folder_ = take();
  packed.log_path_ = take();
  packed.argv_.reserve(head.argv_count + 1);
  packed.environment_.reserve(head.environment_count + 1);
  for (std::uint32_t i = 0; i < head.argv_count; ++i) packed.argv_.push_back(take());
  packed.argv_.push_back(nullptr);
  for (std::uint32_t i = 0; i < head.environment_count; ++i) packed.environment_.push_back(take());
  packed.environment_.push_back(nullptr);
  return packed;
}

LeaderSpec PackedSpawn::spec() const {
  return {argv_.data(), environment_.data(), working_folder_, log_path_, umask_};
}

}  // namespace trawl::worker
