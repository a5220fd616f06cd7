// tracking/metric_series.cc: the rows of one metric, each once, in a vector with a hash index
// beside it (linear probing over 32-bit slots, at most half full), so that a row costs 24 bytes and
// about 8 to 16 of index instead of a node of a set.
#include <bit>
#include <cmath>
#include <tuple>

#include "base/assert.h"
#include "tracking/run_state.h"

namespace trawl::tracking {
namespace {

bool equal_values(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

bool equal_rows(const MetricRow& a, const MetricRow& b) {
  return a.timestamp_ms == b.timestamp_ms && a.step == b.step && equal_values(a.value, b.value);
}

// The finaliser of splitmix64: every bit of the input moves half of the output's.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

std::uint64_t hashed(const MetricRow& row) {
  // Equal values must have equal bits: one zero, one NaN.
  const double value = row.value == 0 ? 0.0 : row.value;
  const std::uint64_t bits = std::isnan(value) ? 1 : std::bit_cast<std::uint64_t>(value);
  const auto step = static_cast<std::uint64_t>(row.step);
  const auto timestamp = static_cast<std::uint64_t>(row.timestamp_ms);
  return mixed(bits + mixed(step + mixed(timestamp)));
}

}  // namespace

bool is_later(const MetricRow& a, const MetricRow& b) {
  if (a.step != b.step) return a.step > b.step;
  if (a.timestamp_ms != b.timestamp_ms) return a.timestamp_ms > b.timestamp_ms;
  if (std::isnan(a.value)) return false;
  return std::isnan(b.value) || a.value > b.value;
}

bool precedes_in_history(const MetricRow& a, const MetricRow& b) {
  if (a.timestamp_ms != b.timestamp_ms) return a.timestamp_ms < b.timestamp_ms;
  if (a.step != b.step) return a.step < b.step;
  return a.value < b.value || (!std::isnan(a.value) && std::isnan(b.value));
}

bool MetricSeries::insert(const MetricRow& row) {
  if (slots_.size() < 2 * (rows_.size() + 1)) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hashed(row) & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    if (equal_rows(rows_[slots_[slot] - 1], row)) return false;
  }
  TRAWL_ASSERT(rows_.size() < UINT32_MAX);
  rows_.push_back(row);
  slots_[slot] = static_cast<std::uint32_t>(rows_.size());
  if (rows_.size() == 1 || is_later(row, rows_[latest_])) latest_ = rows_.size() - 1;
  return true;
}

void MetricSeries::grow() {
  const std::size_t slot_count = slots_.empty() ? 4 : 2 * slots_.size();
  slots_.assign(slot_count, 0);
  for (std::size_t index = 0; index < rows_.size(); ++index) {
    std::size_t slot = hashed(rows_[index]) & (slot_count - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slot_count - 1);
    slots_[slot] = static_cast<std::uint32_t>(index + 1);
  }
}

}  // namespace trawl::tracking
