// tracking/token.h: the random texts of the tracking API: bearer tokens, and the ids of runs and
// models.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace trawl::tracking {

/// 2 * `byte_count` random hexadecimal digits from the system.
std::string random_hex(std::size_t byte_count);

/// Whether an `Authorization` header is "Bearer <token>". Takes equally long for every wrong one.
bool is_bearer(std::string_view authorization, std::string_view token);

}  // namespace trawl::tracking
