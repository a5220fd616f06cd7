// cli/view/display_text.h: text that came from outside (names, reasons, log lines), made fit to be
// shown: control characters escaped, so that a trial cannot write to the terminal what it likes,
// and cut or padded by the columns that it takes.
//
// Widths are a table of the common cases (CJK and emoji two columns, combining marks none), not
// Unicode's whole property files: a rare script may be a column off, which costs alignment, no
// more.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace trawl::cli {

/// Control characters, line separators and bidirectional overrides as \n, \t, \x1b, \u202e; bytes
/// that are not UTF-8 as \xNN. The result is one line of valid UTF-8. A backslash stays as it is.
std::string escaped(std::string_view text);

/// The same for a text of several lines: its line ends stay.
std::string escaped_lines(std::string_view text);

/// Columns that `text` (valid UTF-8 without control characters) takes on a terminal.
std::size_t display_width(std::string_view text);

/// `text` if it fits into `columns`, else its beginning and an ellipsis. Never half a character.
std::string cut(std::string_view text, std::size_t columns);

/// `text` and spaces up to `columns`; longer text is left alone.
std::string padded(std::string_view text, std::size_t columns);
std::string padded_left(std::string_view text, std::size_t columns);

/// 0m40s, 1m12s, 2h03m, 3d04h; a negative duration is zero.
std::string duration_text(long long us);

/// 1234567 as 1,234,567.
std::string grouped(long long count);

enum class Style { kPlain, kBold, kDim, kGreen, kRed, kYellow, kCyan };

struct Span {
  std::string text;  // escaped
  Style style = Style::kPlain;

  friend bool operator==(const Span&, const Span&) = default;
};

/// One line on the terminal.
using Line = std::vector<Span>;

std::string plain(const Line& line);
std::string coloured(const Line& line);
std::size_t display_width(const Line& line);

/// At most `columns` wide.
Line cut(const Line& line, std::size_t columns);

/// Green for Completed, red for Failed, ...
Style style_of_status(std::string_view status);

}  // namespace trawl::cli
