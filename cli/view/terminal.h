// cli/view/terminal.h: what is asked of the terminal: its size, and whether colours are welcome.
#pragma once

#include <cstddef>
#include <cstdio>

namespace trawl::cli {

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;

  friend bool operator==(const TerminalSize&, const TerminalSize&) = default;
};

/// 80 by 24 where `out` is no terminal or does not say.
TerminalSize terminal_size(std::FILE* out);

/// `out` is a terminal that can be coloured, and NO_COLOR (no-color.org) is unset or empty.
bool colours_welcome(std::FILE* out);

/// False for TERM=dumb: no cursor movement.
bool can_redraw();

}  // namespace trawl::cli
