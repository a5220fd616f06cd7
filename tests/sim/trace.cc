#include "tests/sim/trace.h"

#include <fmt/format.h>

namespace trawl::sim {
namespace {

constexpr std::size_t kLastLines = 40;
constexpr std::uint64_t kFnvPrime = 1099511628211ULL;

}  // namespace

void Trace::line(Instant at, const std::string& who, const std::string& what) {
  std::string text =
      fmt::format("{:>14.6f} {:<12} {}", static_cast<double>(at.us) / 1e6, who, what);
  for (const char c : text) {
    hash_ ^= static_cast<unsigned char>(c);
    hash_ *= kFnvPrime;
  }
  ++line_count_;
  if (echo_ == Echo::kOn) fmt::print("{}\n", text);
  last_lines_.push_back(std::move(text));
  if (last_lines_.size() > kLastLines) last_lines_.pop_front();
}

}  // namespace trawl::sim
