// cli/view/display_text.cc: decoding, widths and escapes, one character at a time.
#include "cli/view/display_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

#include <fmt/format.h>

namespace trawl::cli {
namespace {

constexpr std::string_view kEllipsis = "…";

struct Character {
  char32_t code = 0;
  std::size_t size = 1;  // bytes
  bool is_valid = false;
};

struct Range {
  char32_t first;
  char32_t last;
};

// Sorted. Emoji_Presentation and East_Asian_Width=W, as blocks.
constexpr std::array<Range, 19> kWide = {{{0x1100, 0x115F},
                                          {0x231A, 0x231B},
                                          {0x23E9, 0x23EC},
                                          {0x2614, 0x2615},
                                          {0x26A1, 0x26A1},
                                          {0x2705, 0x2705},
                                          {0x2728, 0x2728},
                                          {0x274C, 0x274C},
                                          {0x2B50, 0x2B50},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0xA4CF},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1F64F},
                                          {0x1F680, 0x1F9FF},
                                          {0x20000, 0x3FFFD}}};

constexpr std::array<Range, 9> kNoWidth = {{{0x0300, 0x036F},
                                            {0x0483, 0x0489},
                                            {0x0591, 0x05BD},
                                            {0x1AB0, 0x1AFF},
                                            {0x1DC0, 0x1DFF},
                                            {0x200B, 0x200F},
                                            {0x20D0, 0x20FF},
                                            {0xFE00, 0xFE0F},
                                            {0xFE20, 0xFE2F}}};

// Would move the cursor, start a sequence, break the line or turn the reading direction.
constexpr std::array<Range, 5> kUnsafe = {
    {{0x00, 0x1F}, {0x7F, 0x9F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}}};

template <std::size_t kCount>
bool is_in(const std::array<Range, kCount>& ranges, char32_t code) {
  return std::ranges::any_of(
      ranges, [code](const Range& range) { return code >= range.first && code <= range.last; });
}

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// The character at the front of `text`, which is not empty.
Character front(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return {first, 1, true};
  std::size_t size = 0;
  char32_t code = 0;
  char32_t least = 0;  // a smaller code in so many bytes is an overlong form
  if (first >= 0xC2 && first <= 0xDF) {
    size = 2, code = first & 0x1FU, least = 0x80;
  } else if (first >= 0xE0 && first <= 0xEF) {
    size = 3, code = first & 0x0FU, least = 0x800;
  } else if (first >= 0xF0 && first <= 0xF4) {
    size = 4, code = first & 0x07U, least = 0x10000;
  }
  if (size == 0 || text.size() < size) return {first, 1, false};
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_continuation(text[i])) return {first, 1, false};
    code = (code << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < least || code > 0x10FFFF || is_surrogate) return {first, 1, false};
  return {code, size, true};
}

std::size_t width_of(char32_t code) {
  if (code < 0x300) return 1;
  if (is_in(kNoWidth, code)) return 0;
  return is_in(kWide, code) ? 2 : 1;
}

std::string escape_of(const Character& character) {
  const auto code = static_cast<std::uint32_t>(character.code);
  if (!character.is_valid) return fmt::format("\\x{:02x}", code);
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  if (code == '\t') return "\\t";
  return code <= 0x7F ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
}

// Bytes of the longest beginning that takes at most `columns`.
std::size_t size_within(std::string_view text, std::size_t columns) {
  std::size_t taken = 0;
  std::size_t size = 0;
  while (size < text.size()) {
    const Character character = front(text.substr(size));
    taken += width_of(character.code);
    if (taken > columns) break;
    size += character.size;
  }
  return size;
}

std::string_view sequence_of(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kBold:
      return "\x1b[1m";
    case Style::kDim:
      return "\x1b[2m";
    case Style::kGreen:
      return "\x1b[32m";
    case Style::kRed:
      return "\x1b[31m";
    case Style::kYellow:
      return "\x1b[33m";
    case Style::kCyan:
      return "\x1b[36m";
  }
  return "";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character character = front(text);
    if (!character.is_valid || is_in(kUnsafe, character.code)) {
      result += escape_of(character);
    } else {
      result += text.substr(0, character.size);
    }
    text.remove_prefix(character.size);
  }
  return result;
}

std::string escaped_lines(std::string_view text) {
  std::string lines;
  while (true) {
    const std::size_t end = text.find('\n');
    lines += escaped(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    lines += '\n';
    text.remove_prefix(end + 1);
  }
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = front(text);
    width += width_of(character.code);
    text.remove_prefix(character.size);
  }
  return width;
}

std::string cut(std::string_view text, std::size_t columns) {
  if (text.size() <= columns || display_width(text) <= columns) return std::string(text);
  if (columns == 0) return "";
  std::string result(text.substr(0, size_within(text, columns - 1)));
  result += kEllipsis;
  return result;
}

std::string padded(std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  std::string result(text);
  if (width < columns) result.append(columns - width, ' ');
  return result;
}

std::string padded_left(std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  std::string result(width < columns ? columns - width : 0, ' ');
  result += text;
  return result;
}

std::string duration_text(long long us) {
  constexpr long long kUsPerSecond = 1'000'000;
  constexpr long long kMinute = 60;
  constexpr long long kHour = 60 * kMinute;
  constexpr long long kDay = 24 * kHour;
  const long long seconds = std::max(us, 0LL) / kUsPerSecond;
  if (seconds < kHour) return fmt::format("{}m{:02}s", seconds / kMinute, seconds % kMinute);
  if (seconds < kDay) return fmt::format("{}h{:02}m", seconds / kHour, seconds % kHour / kMinute);
  return fmt::format("{}d{:02}h", seconds / kDay, seconds % kDay / kHour);
}

std::string grouped(long long count) {
  constexpr std::size_t kGroup = 3;
  std::string digits = std::to_string(count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + kGroup; at -= kGroup) {
    digits.insert(at - kGroup, 1, ',');
  }
  return digits;
}

std::string plain(const Line& line) {
  std::string text;
  for (const Span& span : line) text += span.text;
  return text;
}

std::string coloured(const Line& line) {
  std::string text;
  for (const Span& span : line) {
    if (span.style == Style::kPlain || span.text.empty()) {
      text += span.text;
      continue;
    }
    text += sequence_of(span.style);
    text += span.text;
    text += "\x1b[0m";
  }
  return text;
}

std::size_t display_width(const Line& line) {
  std::size_t width = 0;
  for (const Span& span : line) width += display_width(span.text);
  return width;
}

Line cut(const Line& line, std::size_t columns) {
  if (display_width(line) <= columns) return line;
  Line result;
  std::size_t left = columns;
  for (const Span& span : line) {
    const std::size_t width = display_width(span.text);
    if (width < left) {
      result.push_back(span);
      left -= width;
      continue;
    }
    // Not the last span, or too wide: what follows is left out, so the ellipsis belongs here.
    if (left > 0) result.push_back({cut(span.text + "  ", left), span.style});
    break;
  }
  return result;
}

Style style_of_status(std::string_view status) {
  if (status == "Completed") return Style::kGreen;
  if (status == "Failed") return Style::kRed;
  if (status == "Canceled" || status == "CancelRequested") return Style::kYellow;
  if (status == "Running") return Style::kCyan;
  return Style::kDim;
}

}  // namespace trawl::cli
