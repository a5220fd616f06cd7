#include "worker/link_log.h"

#include <chrono>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "protocol/clock.h"

namespace trawl::worker {
namespace {

using Change = protocol::Dealer::Change;

constexpr Duration kTellInterval = std::chrono::minutes(10);  // of the same trouble
constexpr std::string_view kScheme = "tcp://";

}  // namespace

LinkLog::LinkLog(std::string endpoint, std::string key_path)
    : address_(endpoint.starts_with(kScheme) ? endpoint.substr(kScheme.size())
                                             : std::move(endpoint)),
      key_path_(std::move(key_path)) {}

void LinkLog::tell(Change change, const protocol::Dealer& dealer) {
  if (change == Change::kUp) {
    if (!told_.empty()) spdlog::info("the coordinator at {} is there again", address_);
    told_.clear();
    return;
  }
  const std::string trouble = why(change, dealer);
  const Instant now = protocol::now();
  if (trouble == told_ && now < tell_again_) return;
  told_ = trouble;
  tell_again_ = now + kTellInterval;
  spdlog::warn("{}; trying again", trouble);
}

std::string LinkLog::why(Change change, const protocol::Dealer& dealer) const {
  if (change == Change::kRefused) {
    return fmt::format(
        "the coordinator at {} {}; the key file is {}: copy it again from keys/worker.key "
        "in the coordinator's state folder",
        address_, dealer.refusal(), key_path_);
  }
  if (change == Change::kUnreachable) {
    return fmt::format(
        "nobody answers at {}: the coordinator is not there, or another address is "
        "meant",
        address_);
  }
  return fmt::format("the link to the coordinator at {} is down", address_);
}

}  // namespace trawl::worker
