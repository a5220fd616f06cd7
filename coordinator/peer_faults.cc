#include "coordinator/peer_faults.h"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "protocol/clock.h"

namespace trawl::coordinator {
namespace {

constexpr Duration kInterval = std::chrono::minutes(1);
constexpr int kLinesMax = 5;              // about one peer in that time
constexpr std::size_t kPeersMax = 1000;   // more are told of without their counts
constexpr std::int32_t kSlotsMax = 4096;  // as `trawl worker start --cpus`

std::string name_of(const protocol::Received& received) {
  if (received.role == protocol::Role::kLocal) return "a process on this machine";
  return fmt::format("{} at {}", to_text(received.role), received.address);
}

// It is printed, and names folders on the worker.
bool is_worker_name(const std::string& name) {
  constexpr std::size_t kNameBytesMax = 100;
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name[0] != '.' && name.size() <= kNameBytesMax &&
         std::ranges::all_of(name, is_plain);
}

}  // namespace

std::string fault_of(protocol::Role role, const protocol::Inbound& message) {
  using protocol::Role;
  if (std::holds_alternative<protocol::ClientEnvelope>(message)) {
    return role == Role::kWorker ? "a command of a client, which a worker's key does not allow"
                                 : "";
  }
  if (role == Role::kSubmitter) return "a worker's message, which a submitter's key does not allow";
  const auto* hello = std::get_if<core::Hello>(&std::get<core::FromWorker>(message).body);
  if (hello == nullptr) return "";
  if (!is_worker_name(hello->worker_name)) return "a worker's name that is none";
  if (hello->slot_count < 1 || hello->slot_count > kSlotsMax) {
    return fmt::format("{} slots", hello->slot_count);
  }
  return "";
}

void PeerFaults::take_undecoded(protocol::Router& router, const protocol::Received& received,
                                const Error& error) {
  if (error.code != ErrorCode::kUnavailable) {
    drop(router, received, error.message);
    return;
  }
  if (refused_.size() >= kPeersMax) refused_.clear();
  if (!refused_.insert(received.peer).second) {
    drop(router, received, error.message);
    return;
  }
  router.send(received.peer, protocol::encode_refusal(error.message));
  tell(name_of(received), "was refused: " + error.message);
}

void PeerFaults::drop(protocol::Router& router, const protocol::Received& received,
                      const std::string& fault) {
  router.drop(received);
  tell(name_of(received), "sent what it must not and is disconnected: " + fault);
}

void PeerFaults::tell_refusals(protocol::Router& router) {
  while (const auto refusal = router.next_refusal()) {
    tell("a connection from " + refusal->address, refusal->why);
  }
}

void PeerFaults::tell(const std::string& who, const std::string& what) {
  const Instant now = protocol::now();
  if (told_.size() >= kPeersMax) {
    std::erase_if(told_, [&](const auto& told) { return told.second.until <= now; });
  }
  if (told_.size() >= kPeersMax && !told_.contains(who)) return;
  Told& told = told_[who];
  if (told.until <= now) {
    if (told.untold > 0) spdlog::warn("{}: {} times more of that", who, told.untold);
    told = {now + kInterval, 0, 0};
  }
  if (++told.lines > kLinesMax) {
    ++told.untold;
    return;
  }
  spdlog::warn("{} {}", who, what);
}

}  // namespace trawl::coordinator
