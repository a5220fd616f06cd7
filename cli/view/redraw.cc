// cli/view/redraw.cc: ECMA-48 sequences that every terminal of the last thirty years has: cursor up
// (CUU), erase to the end of line (EL) and screen (ED), and DEC's cursor visibility (DECTCEM).
#include "cli/view/redraw.h"

#include <fmt/format.h>

namespace trawl::cli {
namespace {

constexpr const char* kHideCursor = "\x1b[?25l";
constexpr const char* kShowCursor = "\x1b[?25h";
constexpr const char* kEraseLineEnd = "\x1b[K";
constexpr const char* kEraseBelow = "\x1b[J";

}  // namespace

std::string Redraw::next(const std::vector<Line>& lines, std::size_t columns) {
  const bool is_resized = columns != columns_ && columns > 0;
  std::size_t rows = 0;  // that the old block takes
  for (const Drawn& line : drawn_) {
    rows += is_resized && line.width > columns ? (line.width + columns - 1) / columns : 1;
  }
  std::string bytes = kHideCursor;
  bytes += "\r";
  if (rows > 0) bytes += fmt::format("\x1b[{}A", rows);
  if (is_resized && rows > 0) bytes += kEraseBelow;
  std::vector<Drawn> drawn;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    Drawn line{has_colours_ ? coloured(lines[i]) : plain(lines[i]), display_width(lines[i])};
    const bool is_same = !is_resized && i < drawn_.size() && drawn_[i].bytes == line.bytes;
    if (!is_same) bytes += line.bytes + kEraseLineEnd;
    bytes += "\n";
    drawn.push_back(std::move(line));
  }
  bytes += kEraseBelow;  // also what was typed meanwhile, such as ^C
  bytes += kShowCursor;
  drawn_ = std::move(drawn);
  columns_ = columns;
  return bytes;
}

}  // namespace trawl::cli
