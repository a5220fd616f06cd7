// Which commands need no shell.
#include "distribution/launch/plain_words.h"

#include <cstdio>
#include <cstdlib>

#include <catch2/catch.hpp>

namespace trawl::launch {
namespace {

using Words = std::vector<std::string>;

TEST_CASE("a plain command is its words", "[launch]") {
  CHECK(plain_words("true") == Words{"true"});
  CHECK(plain_words("  python  train.py --lr=0.1 -x 1e-5 ") ==
        Words{"python", "train.py", "--lr=0.1", "-x", "1e-5"});
}

TEST_CASE("whatever a shell gives a meaning to needs a shell", "[launch]") {
  for (const char* command :
       {"",        "  ",    "a; b",  "a | b",   "a && b", "a > b",      "echo $HOME", "a `b`",
        "a *",     "a ~/b", "a 'b'", "a \"b\"", "a \\b",  "a\nb",       "a\tb",       "a # b",
        "a {1,2}", "a !b",  "a (b)", "a [b]",   "a b^c",  "caf\xc3\xa9"}) {
    CAPTURE(command);
    CHECK_FALSE(plain_words(command));
  }
}

TEST_CASE("an assignment, a path, a builtin and a reserved word need a shell", "[launch]") {
  for (const char* command :
       {"A=1 python x.py", "./train.sh 1", "cd /tmp", "exec python x.py", "export A",
        "time python x.py", "while", ".", "source env", "test 1"}) {
    CAPTURE(command);
    CHECK_FALSE(plain_words(command));
  }
}

TEST_CASE("bash knows no builtin or reserved word that is taken for a program", "[launch]") {
  if (std::system("bash -c true") != 0) {
    WARN("no bash here");
    return;
  }
  FILE* names = popen("bash -c 'compgen -b; compgen -k'", "r");
  REQUIRE(names != nullptr);
  char line[128];
  int count = 0;
  while (std::fgets(line, sizeof line, names) != nullptr) {
    std::string name(line);
    name.pop_back();
    if (name == "true" || name == "false") continue;
    CAPTURE(name);
    CHECK_FALSE(plain_words(name + " x"));
    ++count;
  }
  CHECK(pclose(names) == 0);
  CHECK(count > 50);
}

}  // namespace
}  // namespace trawl::launch
