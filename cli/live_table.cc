// cli/live_table.cc: the view for a terminal.
#include "cli/view.h"

namespace trawl::cli {

std::unique_ptr<View> make_live_table(std::FILE* out) {
  return make_event_lines(out);
}

}  // namespace trawl::cli
