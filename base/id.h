// base/id.h: identifiers as types, so that a worker's number is never taken for a trial's.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace trawl {

/// A number that names one thing of the kind `Tag`. Ordered by number; 0 is "none".
template <class Tag>
struct Id {
  std::int64_t number{};

  friend auto operator<=>(const Id&, const Id&) = default;
};

}  // namespace trawl
