// worker/keeper_message.h: what the worker, its nursery and its keepers say to each other: packets
// of fixed size over SOCK_SEQPACKET sockets, some with a descriptor. All are one build of one
// program (worker/handover.h sees to that), so the packets are plain memory. Internal to worker/.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "core/ids.h"
#include "sweep/job.h"
#include "worker/leader.h"

namespace trawl::worker {

/// An open descriptor, closed at the end of its owner.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return number_; }  // -1: none
  int release();

 private:
  int number_;
};

struct SpawnOptions {
  std::vector<std::string> argv;  // argv[0] is an absolute path
  std::vector<NamedText> environment;
  std::string working_folder;
  std::string log_path;      // standard output and error are appended here
  mode_t umask = 022;        // of the first process
  std::string carried = {};  // kept beside them for the next worker; of no meaning to the keeper
};

// --- worker to keeper

struct KeeperRequest {
  enum class Kind : std::uint32_t {
    kStart,      // what `pack` made lies in the keeper's memory; the keeper has no attempt
    kTerminate,  // SIGTERM to every process; what is left goes on until it ends or kKill comes
    kKill,
    kLook,  // a limit has come nearer
    kEnd,   // end the attempt, if there is one, and yourself: no other worker will come
  };
  Kind kind{};
  std::uint64_t size{};  // kStart: of what lies in the memory; the first comes with its descriptor
  core::AttemptId attempt{};  // kStart
};

// --- keeper to worker

struct KeeperReply {
  enum class Kind : std::uint32_t { kStarted, kUnstarted, kEnded };
  Kind kind{};
  pid_t pid{};                   // kStarted: of the leader; kEnded: likewise if it was not told yet
  std::int32_t error{};          // kUnstarted: an errno
  StartStep step{};              // kUnstarted: where
  std::int32_t wait_status{};    // kEnded: of the leader; no process is left
  std::int64_t cpu_us{};         // kEnded: user and system time of all that were waited for
  std::int64_t max_rss_bytes{};  // kEnded: of the largest process
  std::uint32_t out_of_memory{};  // kEnded: 1 if the kernel killed one for want of memory
  std::int64_t elapsed_us{};      // kEnded: since the start
  std::uint32_t fenced{};  // kEnded: 1 if it was ended, or not begun, because the lease was over
};

/// What a keeper says first to a worker that takes it over, with the memory of what it was told to
/// start. Where the attempt has ended meanwhile, its reply follows again.
struct KeeperState {
  core::AttemptId attempt{};  // of attempt 0: none
  pid_t pid{};                // of the leader; 0: it did not start
  std::uint64_t size{};       // of what lies in the memory
  std::uint32_t has_ended{};  // 1: its end follows
};

// --- worker to nursery

struct NurseryRequest {
  enum class Kind : std::uint32_t {
    kMakeKeeper,  // comes with the keeper's end of its socket
    kKillKeeper,
  };
  Kind kind{};
  std::uint64_t id{};  // of the keeper
};

// --- nursery to worker

struct NurserySays {
  enum class Kind : std::uint32_t {
    kGone,  // the keeper has ended, and so has all that it left
    // To a worker that takes it over, each with a descriptor but for the last:
    kLock,      // what says that it and its keepers live
    kLimits,    // worker/limits.h
    kTracking,  // the socket where the attempts' clients log
    kKeeper,    // a socket to a keeper that has or had an attempt
    kThatIsAll,
  };
  Kind kind{};
  std::uint64_t id{};  // of the keeper; kThatIsAll: the highest that was ever given
};

// --- nursery to keeper: packets with a socket to another worker

struct AnotherWorker {};

/// Sends one packet, with `descriptor` unless that is -1. False: the peer is gone.
bool send_bytes(int socket, const void* bytes, std::size_t size, int descriptor);

struct Received {
  enum class Kind { kPacket, kNothing, kEnd };
  Kind kind = Kind::kNothing;
  Descriptor descriptor;
};

/// Takes one packet of exactly `size` bytes if there is one; never waits.
Received receive_bytes(int socket, void* bytes, std::size_t size);

/// False when the deadline came first.
bool wait_readable(int socket, std::chrono::steady_clock::time_point deadline);

template <class Packet>
bool send_packet(int socket, const Packet& packet, int descriptor = -1) {
  static_assert(std::is_trivially_copyable_v<Packet>);
  return send_bytes(socket, &packet, sizeof packet, descriptor);
}

template <class Packet>
Received receive_packet(int socket, Packet& packet) {
  static_assert(std::is_trivially_copyable_v<Packet>);
  return receive_bytes(socket, &packet, sizeof packet);
}

/// The same, once there is one, waited for until `deadline` at most: then kNothing.
template <class Packet>
Received receive_packet_until(int socket, Packet& packet,
                              std::chrono::steady_clock::time_point deadline) {
  while (true) {
    Received received = receive_packet(socket, packet);
    if (received.kind != Received::Kind::kNothing || !wait_readable(socket, deadline)) {
      return received;
    }
  }
}

/// The options as a keeper reads them. kInvalid: a text holds a NUL; kSystem: they are too long.
Result<std::string> pack(const SpawnOptions& options);

/// Memory that can be handed to another process, and writing to its begin.
Result<Descriptor> make_memory();
bool write_memory(const Descriptor& memory, std::string_view bytes);

/// What was packed, for as long as this lives.
class PackedSpawn {
 public:
  /// None when the memory cannot be read or holds something else; errno says why.
  static std::optional<PackedSpawn> read(const Descriptor& memory, std::size_t size);
  LeaderSpec spec() const;
  std::string_view carried() const { return carried_; }

 private:
  std::unique_ptr<char[]> bytes_;  // the others point into it
  std::vector<char*> argv_;
  std::vector<char*> environment_;
  const char* working_folder_ = nullptr;
  const char* log_path_ = nullptr;
  mode_t umask_{};
  std::string_view carried_;
};

}  // namespace trawl::worker
