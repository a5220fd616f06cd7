// cli/view/terminal.cc: the ioctl and the environment variables.
#include "cli/view/terminal.h"

#include <cstdlib>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace trawl::cli {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

TerminalSize terminal_size(std::FILE* out) {
  winsize window{};
  TerminalSize size;
  if (ioctl(fileno(out), TIOCGWINSZ, &window) != 0) return size;
  if (window.ws_col > 0) size.columns = window.ws_col;
  if (window.ws_row > 0) size.rows = window.ws_row;
  return size;
}

bool colours_welcome(std::FILE* out) {
  return variable("NO_COLOR").empty() && can_redraw() && isatty(fileno(out)) != 0;
}

bool can_redraw() {
  return variable("TERM") != "dumb";
}

}  // namespace trawl::cli
