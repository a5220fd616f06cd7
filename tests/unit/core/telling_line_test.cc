// Which line of a failed trial's log becomes the reason.
#include "core/telling_line.h"

#include <catch2/catch.hpp>

namespace trawl::core {
namespace {

const std::string kTraceback =
    "Traceback (most recent call last):\n"
    "  File \"train.py\", line 3, in <module>\n"
    "    fit(x)\n"
    "    ~~~^^^\n"
    "ValueError: x is below zero\n";
const std::string kLinks =
    "\U0001F3C3 View run lr_0 at: http://127.0.0.1:1/#/experiments/1/runs/lr_0\n"
    "\U0001F9EA View experiment at: http://127.0.0.1:1/#/experiments/1\n";

TEST_CASE("the reason is the last line that says something", "[core]") {
  CHECK(telling_line("").empty());
  CHECK(telling_line("\n  \n").empty());
  CHECK(telling_line("loading\nno such file\r\n\n") == "no such file");
  CHECK(telling_line("no end of line") == "no end of line");
}

TEST_CASE("MLflow's links are no reason", "[core]") {
  CHECK(telling_line("out of memory\n" + kLinks) == "out of memory");
  CHECK(telling_line(kTraceback + kLinks) == "ValueError: x is below zero");
  CHECK(telling_line(kLinks + kTraceback) == "ValueError: x is below zero");
  CHECK(telling_line(kLinks).empty());
}

TEST_CASE("of a traceback the reason is its exception, whatever is printed after it", "[core]") {
  CHECK(telling_line(kTraceback + "Sentry is attempting to send 2 events\n") ==
        "ValueError: x is below zero");
  const std::string many_lines = "RuntimeError: CUDA error: out of memory\nCompile with ...\n";
  CHECK(telling_line("Traceback (most recent call last):\n  File \"a.py\", line 1\n" +
                     many_lines) == "RuntimeError: CUDA error: out of memory");
}

TEST_CASE("of chained tracebacks the last one is the reason", "[core]") {
  CHECK(telling_line("Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n"
                     "KeyError: 'lr'\n\n"
                     "During handling of the above exception, another exception occurred:\n\n" +
                     kTraceback) == "ValueError: x is below zero");
}

TEST_CASE("a traceback whose beginning was cut off is one all the same", "[core]") {
  CHECK(telling_line("rain.py\", line 9\n  File \"train.py\", line 3, in f\n    g()\n"
                     "  [Previous line repeated 980 more times]\nRecursionError: too deep\n" +
                     kLinks) == "RecursionError: too deep");
}

}  // namespace
}  // namespace trawl::core
