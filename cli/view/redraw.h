// cli/view/redraw.h: turns a block of lines at the cursor into the next one, as the bytes for a
// terminal. Pure: it knows what it wrote last. Lines that stayed the same are not written again,
// and a block is one write, so nothing flickers. No alternate screen: what is above stays in the
// scrollback.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/view/display_text.h"

namespace trawl::cli {

class Redraw {
 public:
  explicit Redraw(bool has_colours) : has_colours_(has_colours) {}

  /// The block becomes `lines`; the cursor ends at the line below it. `columns`: the terminal's
  /// width now; after a change the old block has been wrapped anew by the terminal, so all of it is
  /// written again.
  std::string next(const std::vector<Line>& lines, std::size_t columns);

 private:
  struct Drawn {
    std::string bytes;
    std::size_t width = 0;
  };

  bool has_colours_;
  std::size_t columns_ = 0;
  std::vector<Drawn> drawn_;
};

}  // namespace trawl::cli
