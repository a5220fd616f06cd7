// Text from outside never reaches the terminal as control characters, and is cut by columns.
#include "cli/view/display_text.h"

#include <catch2/catch.hpp>

namespace trawl::cli {

TEST_CASE("control characters are escaped", "[cli]") {
  CHECK(escaped("a\tb\nc\rd") == "a\\tb\\nc\\rd");
  CHECK(escaped("\x1b]0;owned\x07") == "\\x1b]0;owned\\x07");
  CHECK(escaped(std::string("nul\0!", 5)) == "nul\\x00!");
  CHECK(escaped("\x7f") == "\\x7f");
}

TEST_CASE("characters that are one-byte controls to some terminals are escaped", "[cli]") {
  CHECK(escaped("\xc2\x9b"
                "31m") == "\\u009b31m");
  CHECK(escaped("\xc2\x85") == "\\u0085");
}

TEST_CASE("characters that turn the reading direction are escaped", "[cli]") {
  CHECK(escaped("a\u202eb\u2066c") == "a\\u202eb\\u2066c");
}

TEST_CASE("bytes that are not UTF-8 are escaped one by one", "[cli]") {
  CHECK(escaped("\xff\xfe") == "\\xff\\xfe");
  CHECK(escaped("caf\xe9") == "caf\\xe9");
  CHECK(escaped("\xc0\xaf") == "\\xc0\\xaf");           // overlong
  CHECK(escaped("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK(escaped("end \xe2\x80") == "end \\xe2\\x80");   // cut short
  CHECK(escaped("\xf5\x80\x80\x80") == "\\xf5\\x80\\x80\\x80");
}

TEST_CASE("other text and backslashes stay as they are", "[cli]") {
  CHECK(escaped("naïve 学习率 🚀 C:\\new") == "naïve 学习率 🚀 C:\\new");
}

TEST_CASE("width counts columns, not bytes", "[cli]") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("naïve") == 5);
  CHECK(display_width("学习率") == 6);
  CHECK(display_width("🚀") == 2);
  CHECK(display_width("e\u0301") == 1);  // e and a combining accent
}

TEST_CASE("text is cut with an ellipsis and never within a character", "[cli]") {
  CHECK(cut("learning_rate", 13) == "learning_rate");
  CHECK(cut("learning_rate", 6) == "learn…");
  CHECK(cut("学习率", 6) == "学习率");
  CHECK(cut("学习率", 5) == "学习…");
  CHECK(cut("学习率", 4) == "学…");  // half of a wide one would be left
  CHECK(cut("学习率", 1) == "…");
  CHECK(cut("abc", 0).empty());
}

TEST_CASE("padding counts columns", "[cli]") {
  CHECK(padded("学", 4) == "学  ");
  CHECK(padded_left("学", 4) == "  学");
  CHECK(padded("longer", 3) == "longer");
}

TEST_CASE("a styled line is cut in the span that is too long", "[cli]") {
  const Line line = {{"name", Style::kBold}, {"  "}, {"Running", Style::kCyan}};
  CHECK(plain(cut(line, 13)) == "name  Running");
  CHECK(plain(cut(line, 9)) == "name  Ru…");
  CHECK(plain(cut(line, 4)) == "nam…");
  CHECK(display_width(cut(line, 6)) == 6);
}

TEST_CASE("each coloured span ends its own colour", "[cli]") {
  CHECK(coloured({{"a"}, {"b", Style::kGreen}, {"", Style::kRed}}) == "a\x1b[32mb\x1b[0m");
}

TEST_CASE("durations have two units", "[cli]") {
  CHECK(duration_text(-5) == "0m00s");
  CHECK(duration_text(40'000'000) == "0m40s");
  CHECK(duration_text(72'000'000) == "1m12s");
  CHECK(duration_text(3'599'999'999) == "59m59s");
  CHECK(duration_text(7'380'000'000) == "2h03m");
  CHECK(duration_text(273'600'000'000) == "3d04h");
}

TEST_CASE("large counts are grouped", "[cli]") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(1099511627776) == "1,099,511,627,776");
}

}  // namespace trawl::cli
