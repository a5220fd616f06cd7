// tests/unit/cli/ignore_rules_test.cc: what an ignore file leaves out, by hand and against git.
#include "cli/ignore_rules.h"

#include <cstdio>
#include <fstream>
#include <set>

#include <catch2/catch.hpp>

#include "base/random.h"
#include "base/text.h"
#include "tests/unit/sqlite/temporary_folder.h"

namespace trawl::cli {
namespace {

bool leaves_out(std::string_view lines, std::string_view path, bool is_folder = false) {
  IgnoreRules rules;
  rules.add(lines);
  return rules.leaves_out(path, is_folder);
}

TEST_CASE("a pattern without a slash matches a name at any depth", "[ignore]") {
  CHECK(leaves_out("*.log", "a.log"));
  CHECK(leaves_out("*.log", "x/y/a.log"));
  CHECK_FALSE(leaves_out("*.log", "a.log/b"));  // its folder is asked for first
  CHECK_FALSE(leaves_out("*.log", "a.logs"));
}

TEST_CASE("a slash at the start or within anchors a pattern to the root", "[ignore]") {
  CHECK(leaves_out("/a", "a"));
  CHECK_FALSE(leaves_out("/a", "x/a"));
  CHECK(leaves_out("x/a", "x/a"));
  CHECK_FALSE(leaves_out("x/a", "y/x/a"));
  CHECK_FALSE(leaves_out("x/*", "x/y/z"));
}

TEST_CASE("a slash at the end matches folders alone", "[ignore]") {
  CHECK(leaves_out("data/", "data", true));
  CHECK(leaves_out("data/", "x/data", true));
  CHECK_FALSE(leaves_out("data/", "data", false));
}

TEST_CASE("the last rule that matches decides", "[ignore]") {
  CHECK_FALSE(leaves_out("*.csv\n!keep.csv\n", "keep.csv"));
  CHECK(leaves_out("!keep.csv\n*.csv\n", "keep.csv"));
  CHECK(leaves_out("*.csv\n!keep.csv\nkeep.csv", "keep.csv"));
}

TEST_CASE("two stars go across folders", "[ignore]") {
  CHECK(leaves_out("**/a", "a"));
  CHECK(leaves_out("**/a", "x/y/a"));
  CHECK(leaves_out("x/**", "x/y/z"));
  CHECK_FALSE(leaves_out("x/**", "x", true));
  CHECK(leaves_out("x/**/z", "x/z"));
  CHECK(leaves_out("x/**/z", "x/a/b/z"));
  CHECK_FALSE(leaves_out("x/?a**z", "x/bab/cz"));
}

TEST_CASE("escapes, comments, blanks, line ends and a byte order mark are git's", "[ignore]") {
  CHECK(leaves_out("\\#a", "#a"));
  CHECK(leaves_out("\\!a", "!a"));
  CHECK_FALSE(leaves_out("#a", "#a"));
  CHECK(leaves_out("a  ", "a"));
  CHECK(leaves_out("a\\ ", "a "));
  CHECK(leaves_out("a\r\nb\r\n", "a"));
  CHECK(
      leaves_out("\xEF\xBB\xBF"
                 "a",
                 "a"));
  CHECK_FALSE(leaves_out("a\\", "a"));
  CHECK_FALSE(leaves_out("\n\n/\n!\n", "a"));
}

TEST_CASE("classes have ranges, names and negation", "[ignore]") {
  CHECK(leaves_out("[a-c]x", "bx"));
  CHECK_FALSE(leaves_out("[!a-c]x", "bx"));
  CHECK(leaves_out("[^a-c]x", "dx"));
  CHECK(leaves_out("[]x]", "]"));
  CHECK(leaves_out("[[:digit:]_]", "7"));
  CHECK_FALSE(leaves_out("[[:nonsense:]]", "7"));
  CHECK_FALSE(leaves_out("[abc", "[abc"));
}

TEST_CASE(".git is left out until a rule asks for it", "[ignore]") {
  CHECK(leaves_out("", ".git", true));
  CHECK(leaves_out("", "sub/.git", false));
  CHECK_FALSE(leaves_out("!.git", ".git", true));
}

TEST_CASE("a pattern of many stars is answered at once", "[ignore]") {
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "*a";
  CHECK_FALSE(leaves_out(stars + "b", std::string(250, 'a')));
}

// What git says of the same paths. Its parents are asked for first, as the snapshot does.
std::set<std::string> left_out_by_git(const TemporaryFolder& folder,
                                      const std::vector<std::string>& paths) {
  std::ofstream list(folder.file("paths"), std::ios::trunc);
  for (const std::string& path : paths) list << path << "\n";
  list.close();
  const std::string command = "cd '" + folder.path() +
                              "/repository' && git -c core.excludesFile=/dev/null -c "
                              "core.quotePath=false check-ignore --no-index --stdin < ../paths";
  std::FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char buffer[4096];
  for (std::size_t count = 0; (count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    text.append(buffer, count);
  }
  const int status = pclose(pipe);
  REQUIRE((status == 0 || status == 256));  // 1: none of them
  std::set<std::string> left_out;
  for (const std::string_view line : split(text, '\n')) left_out.insert(std::string(line));
  return left_out;
}

bool left_out_by_us(const IgnoreRules& rules, const std::string& path) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    if (rules.leaves_out(path.substr(0, slash), true)) return true;
  }
  return rules.leaves_out(path, false);
}

TEST_CASE("a thousand made-up ignore files mean what they mean to git", "[ignore]") {
  TemporaryFolder folder;
  const std::string set_up = "git init -q '" + folder.path() + "/repository' 2>/dev/null";
  REQUIRE(std::system(set_up.c_str()) == 0);
  constexpr std::string_view kPieces[] = {"a",    "b", "ab", "*",    "?",    "**",
                                          "/",    "/", "!",  "[ab]", "[!a]", "\\",
                                          "[a-b", " ", ".",  "\\a",  "**/",  "/**"};
  constexpr std::string_view kNames[] = {"a", "b", "ab", "ba", "a.b", "aab", "c"};
  int compared = 0;
  for (std::uint64_t file = 0; file < 1000; ++file) {
    CounterRandom random({.seed = 7, .index = file, .purpose = 1});
    std::string lines;
    for (std::uint64_t line = 0; line < 1 + random.below(4); ++line) {
      if (random.below(4) == 0) lines += "!";
      for (std::uint64_t piece = 0; piece < 1 + random.below(5); ++piece) {
        lines += kPieces[random.below(std::size(kPieces))];
      }
      lines += "\n";
    }
    std::vector<std::string> paths;
    for (int count = 0; count < 20; ++count) {
      std::string path(kNames[random.below(std::size(kNames))]);
      for (std::uint64_t depth = random.below(3); depth > 0; --depth) {
        path += "/" + std::string(kNames[random.below(std::size(kNames))]);
      }
      paths.push_back(path);
    }
    std::ofstream(folder.file("repository/.gitignore"), std::ios::trunc) << lines;
    const std::set<std::string> expected = left_out_by_git(folder, paths);
    IgnoreRules rules;
    rules.add(lines);
    for (const std::string& path : paths) {
      CAPTURE(lines, path);
      REQUIRE(left_out_by_us(rules, path) == expected.contains(path));
      ++compared;
    }
  }
  CHECK(compared == 20'000);
}

}  // namespace
}  // namespace trawl::cli
