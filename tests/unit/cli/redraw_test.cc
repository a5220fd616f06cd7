// The bytes that replace one block of lines by the next.
#include "cli/view/redraw.h"

#include <catch2/catch.hpp>

namespace trawl::cli {
namespace {

constexpr std::size_t kColumns = 80;

std::string framed(const std::string& bytes) {
  return "\x1b[?25l\r" + bytes + "\x1b[J\x1b[?25h";
}

}  // namespace

TEST_CASE("the first block is written where the cursor is", "[cli]") {
  Redraw redraw(false);
  CHECK(redraw.next({{{"one"}}, {{"two"}}}, kColumns) == framed("one\x1b[K\ntwo\x1b[K\n"));
}

TEST_CASE("only the lines that changed are written again", "[cli]") {
  Redraw redraw(false);
  redraw.next({{{"one"}}, {{"two"}}, {{"three"}}}, kColumns);
  CHECK(redraw.next({{{"one"}}, {{"2"}}, {{"three"}}}, kColumns) == framed("\x1b[3A\n2\x1b[K\n\n"));
}

TEST_CASE("a shorter block erases the rest of the longer one", "[cli]") {
  Redraw redraw(false);
  redraw.next({{{"one"}}, {{"two"}}}, kColumns);
  CHECK(redraw.next({{{"one"}}}, kColumns) == framed("\x1b[2A\n"));
  CHECK(redraw.next({{{"one"}}, {{"two"}}}, kColumns) == framed("\x1b[1A\ntwo\x1b[K\n"));
}

TEST_CASE("after a change of width the wrapped old block is erased and all is written", "[cli]") {
  Redraw redraw(false);
  redraw.next({{{std::string(30, 'x')}}, {{"two"}}}, kColumns);
  // 30 columns take 3 rows of 12, and "two" takes one.
  CHECK(redraw.next({{{"one"}}, {{"two"}}}, 12) == framed("\x1b[4A\x1b[Jone\x1b[K\ntwo\x1b[K\n"));
}

TEST_CASE("colours are written only where they are welcome", "[cli]") {
  const std::vector<Line> lines = {{{"x", Style::kRed}}};
  CHECK(Redraw(true).next(lines, kColumns) == framed("\x1b[31mx\x1b[0m\x1b[K\n"));
  CHECK(Redraw(false).next(lines, kColumns) == framed("x\x1b[K\n"));
}

TEST_CASE("the cursor is shown again at the end of every write", "[cli]") {
  Redraw redraw(true);
  const std::string bytes = redraw.next({}, kColumns);
  CHECK(bytes == framed(""));
}

}  // namespace trawl::cli
