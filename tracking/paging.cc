// tracking/paging.cc: page tokens and the base64 (RFC 4648) that they are written in.
#include "tracking/paging.h"

#include <cstdint>
#include <optional>

namespace trawl::tracking {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = i; j < i + 3; ++j) {
      bits = bits << 8 | (j < text.size() ? static_cast<unsigned char>(text[j]) : 0U);
    }
    for (std::size_t digit = 0; digit < 4; ++digit) {
      const bool padding = i + digit > text.size();
      result += padding ? '=' : kAlphabet[bits >> (18 - 6 * digit) & 63U];
    }
  }
  return result;
}

// Anything that is no base64 ends the text.
std::string from_base64(std::string_view text) {
  std::string result;
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (const char c : text) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == kAlphabet.npos) break;
    bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xffffU;
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    result += static_cast<char>(bits >> bit_count & 0xffU);
  }
  return result;
}

std::optional<std::size_t> token_offset(const std::string& token) {
  const auto document = nlohmann::json::parse(from_base64(token), nullptr, false);
  if (!document.is_object()) return std::nullopt;
  const auto offset = document.find("offset");
  if (offset == document.end() || !offset->is_number_unsigned()) return std::nullopt;
  return offset->get<std::size_t>();
}

}  // namespace

Page read_page(FieldReader& reader, const PageLimits& limits) {
  Page page;
  const auto count = reader.optional_integer("max_results").value_or(limits.count_default);
  if (count < 1 || count > limits.count_max) {
    reader.refuse(invalid_parameter("Invalid value " + std::to_string(count) +
                                    " for parameter 'max_results' supplied. It must be between 1 "
                                    "and " +
                                    std::to_string(limits.count_max) + "."));
    return page;
  }
  page.count_max = static_cast<std::size_t>(count);
  const auto token = reader.optional_text("page_token");
  if (!token || token->empty()) return page;
  const auto offset = token_offset(*token);
  if (!offset || *offset > SIZE_MAX - page.count_max) {
    reader.refuse(invalid_parameter("Invalid page token, could not decode it."));
    return page;
  }
  page.offset = *offset;
  return page;
}

std::string page_token(std::size_t offset) {
  return base64("{\"offset\": " + std::to_string(offset) + "}");
}

}  // namespace trawl::tracking
