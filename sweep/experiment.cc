#include "sweep/experiment.h"

#include <cstdint>

namespace trawl {

std::string experiment_id(std::string_view name) {
  if (name == "Default") return "0";
  // FNV-1a, 64 bit (G. Fowler, L. C. Noll, K.-P. Vo, IETF draft "The FNV Non-Cryptographic Hash
  // Algorithm", section 2), folded to what a signed 64-bit column and 18 digits hold.
  constexpr std::uint64_t kOffset = 14695981039346656037ULL;
  constexpr std::uint64_t kPrime = 1099511628211ULL;
  constexpr std::uint64_t kDigits18 = 1'000'000'000'000'000'000ULL;
  std::uint64_t hash = kOffset;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return std::to_string(hash % (kDigits18 - 1) + 1);
}

}  // namespace trawl
