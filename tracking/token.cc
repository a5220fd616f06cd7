#include "tracking/token.h"

#include <sys/random.h>
#include <vector>

#include "base/assert.h"

namespace trawl::tracking {

std::string random_hex(std::size_t byte_count) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::vector<unsigned char> bytes(byte_count);
  const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
  TRAWL_ASSERT(got == static_cast<ssize_t>(byte_count));
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xfU];
  }
  return text;
}

bool is_bearer(std::string_view authorization, std::string_view token) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!authorization.starts_with(kScheme)) return false;
  const std::string_view given = authorization.substr(kScheme.size());
  unsigned difference = given.size() == token.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |=
        static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(token[i % token.size()]);
  }
  return difference == 0;
}

}  // namespace trawl::tracking
