// tests/unit/protocol/samples.h: one value or more of every kind that travels or is written to a
// disk, filled with what is easily lost: NaN, infinities, empty texts, zero bytes, other scripts,
// nested values, the largest numbers.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace trawl::protocol {

struct Sample {
  std::string name;  // also of its golden file
  std::string bytes;
  /// Decodes and encodes again.
  std::function<Result<std::string>(std::string_view)> recode;
  /// Decodes and compares with the value that was encoded.
  std::function<bool(std::string_view)> is_same;
};

/// Made once.
const std::vector<Sample>& samples();

/// The sample of that name.
const Sample& sample(std::string_view name);

}  // namespace trawl::protocol
