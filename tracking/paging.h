// tracking/paging.h: long answers in pages. A token is the base64 of `{"offset": N}`, as the server
// makes them.
#pragma once

#include <cstddef>
#include <string>

#include "tracking/validation.h"

namespace trawl::tracking {

struct Page {
  std::size_t offset{};
  std::size_t count_max{};
};

/// Reads `max_results` (absent: one million) and `page_token`; a token that is none is refused.
Page read_page(FieldReader& reader);

std::string page_token(std::size_t offset);

}  // namespace trawl::tracking
