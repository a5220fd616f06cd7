// worker/handover.h: how the next worker finds the nursery of the one before, and what the two say
// first. The nursery listens at a socket in the worker's own folder; only its own user is heard.
//
// The first words are the only packets that cross from one build of trawl to another, so they never
// change. Where the builds do not understand each other any further (kHandoverVersion), the new
// worker has the old nursery end what it keeps. Internal to worker/.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

#include "base/error.h"
#include "worker/keeper_message.h"

namespace trawl::worker {

/// To be raised with every change of what keepers, nursery and worker say to each other
/// (worker/keeper_message.h), of the page of limits (worker/limits.h), or of what a launch carries
/// (worker/carried.h).
inline constexpr std::uint32_t kHandoverVersion = 1;

inline constexpr std::array<char, 8> kHandoverMagic = {'t', 'r', 'a', 'w', 'l', '-', 'n', 'u'};

/// Nursery to the next worker, as soon as that has connected.
struct HandoverOffer {
  std::array<char, 8> magic = kHandoverMagic;
  std::uint32_t version = kHandoverVersion;
  std::uint32_t reserved{};
};
static_assert(sizeof(HandoverOffer) == 16);

/// The worker's answer.
struct HandoverWish {
  enum class Kind : std::uint32_t {
    kTakeOver,  // NurserySays follow
    kEnd,       // end everything
  };
  std::array<char, 8> magic = kHandoverMagic;
  std::uint32_t version = kHandoverVersion;
  Kind kind{};
};
static_assert(sizeof(HandoverWish) == 16);

/// A socket in `folder`, for listen_for_workers() in the nursery. One that is there already is
/// replaced: the caller knows (by the folder's locks) that nobody waits at it any more.
Result<Descriptor> make_handover_socket(const std::string& folder);

/// From now on the next worker can connect, and sees this process's number.
bool listen_for_workers(int socket);

/// The next worker, if it is there and of the same user. Never waits.
Descriptor accept_worker(int socket);

struct FoundNursery {
  Descriptor socket;
  pid_t pid{};
};

/// The nursery that an earlier worker of this folder has left; none where nobody listens.
std::optional<FoundNursery> find_nursery(const std::string& folder);

}  // namespace trawl::worker
