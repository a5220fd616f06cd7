// tracking/paging.h: long answers in pages. A token is the base64 of `{"offset": N}`, as the server
// makes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tracking/validation.h"

namespace trawl::tracking {

struct Page {
  std::size_t offset{};
  std::size_t count_max{};
};

/// Of `max_results`: what an absent one means, and the most that is granted.
struct PageLimits {
  std::int64_t count_default = 1'000'000;
  std::int64_t count_max = 1'000'000;
};

/// Reads `max_results` and `page_token`; a count out of range or a token that is none is refused.
Page read_page(FieldReader& reader, const PageLimits& limits);

std::string page_token(std::size_t offset);

}  // namespace trawl::tracking
