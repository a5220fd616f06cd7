// Words of the sea, since the house is called Trawl.
#include "sweep/jobfile/fresh.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/random.h"

namespace trawl::jobfile {
namespace {

constexpr std::array<std::string_view, 32> kAdjectives = {
    "amber", "ample",  "brave",  "brisk", "calm",   "clear",   "coral",  "crisp",
    "eager", "early",  "fair",   "fleet", "frosty", "gentle",  "golden", "happy",
    "keen",  "lively", "mellow", "misty", "noble",  "patient", "quiet",  "rapid",
    "salty", "silver", "steady", "sunny", "tidy",   "upbeat",  "warm",   "witty"};
constexpr std::array<std::string_view, 32> kNouns = {
    "anchor",  "bay",    "beacon",  "breeze", "buoy",  "cod",  "cove",    "crab",
    "current", "delta",  "dolphin", "ferry",  "fjord", "gull", "harbor",  "heron",
    "island",  "keel",   "lagoon",  "mast",   "net",   "oar",  "otter",   "pearl",
    "reef",    "rudder", "sail",    "seal",   "shoal", "tide", "trawler", "wave"};

enum Purpose : std::uint32_t { kName = 1, kDisplayName = 2, kSeed = 3 };

std::string name_of(std::uint64_t entropy, Purpose purpose) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr int kSuffixSize = 10;
  CounterRandom random({.seed = entropy, .index = 0, .purpose = purpose});
  const std::string_view adjective = kAdjectives[random.below(kAdjectives.size())];
  const std::string_view noun = kNouns[random.below(kNouns.size())];
  std::string suffix;
  for (int i = 0; i < kSuffixSize; ++i) suffix += kCharacters[random.below(kCharacters.size())];
  return fmt::format("{}_{}_{}", adjective, noun, suffix);
}

}  // namespace

std::string fresh_name(std::uint64_t entropy) {
  return name_of(entropy, kName);
}

std::string fresh_display_name(std::uint64_t entropy) {
  return name_of(entropy, kDisplayName);
}

std::uint64_t fresh_seed(std::uint64_t entropy) {
  CounterRandom random({.seed = entropy, .index = 0, .purpose = kSeed});
  return random.below(std::uint64_t{1} << 53);
}

}  // namespace trawl::jobfile
