"""Builds small trees that each break one rule, and checks that tools/check_layers says so."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOL = Path(__file__).resolve().parents[3] / "tools" / "check_layers"

GOOD = {
    "base/CMakeLists.txt": "trawl_layer(base PURE FOLDER base\n  HEADERS a.h SOURCES a.cc)\n",
    "base/a.h": "// base/a.h: a thing.\n#pragma once\n",
    "base/a.cc": '#include "base/a.h"\n',
    "net/CMakeLists.txt": "trawl_layer(net FOLDER net SOURCES net.cc USES base)\n",
    "net/net.cc": "// net/net.cc: sockets.\n#include <sys/socket.h>\n",
    "docs/architecture.md": (
        "| floor | folder | uses | what |\n|---|---|---|---|\n"
        "| 2 | `net/` | base | sockets |\n| 0 | `base/` | | **pure.** things |\n"
    ),
    "docs/glossary.md": (
        "## Words that we do not use\n\n| not | but |\n|---|---|\n| early stopping | policy |\n"
    ),
}


class CheckLayers(unittest.TestCase):
    def faults(self, changes):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {**GOOD, **changes}.items():
                path = Path(root) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            run = subprocess.run(
                [sys.executable, str(TOOL), root], capture_output=True, text=True, check=False
            )
        self.assertEqual(run.stderr, "")
        self.assertEqual(run.returncode, 1 if run.stdout else 0)
        return run.stdout

    def expect(self, changes, *parts):
        said = self.faults(changes)
        for part in parts:
            self.assertIn(part, said)
        self.assertIn("\n1 faults;", "\n" + said)

    def header(self, line):
        return {"base/a.h": GOOD["base/a.h"] + line + "\n"}

    def test_a_tree_that_keeps_the_rules_has_no_faults(self):
        self.assertEqual(self.faults({}), "")

    def test_an_include_through_the_parent_folder_is_refused(self):
        self.expect({"net/net.cc": '#include "../base/a.h"\n'}, "net/net.cc:1:", "../")

    def test_a_pure_folder_has_no_clock_thread_file_or_environment(self):
        for line in (
            "#include <thread>",
            "#include <fstream>",
            "#include <sys/types.h>",
            "#include <zmq.hpp>",
            "#include <SQLiteCpp/SQLiteCpp.h>",
            "inline auto now() { return std::chrono::steady_clock::now(); }",
            'inline auto home() { return getenv("HOME"); }',
        ):
            with self.subTest(line):
                self.expect(self.header(line), "base/a.h:3:", "which is pure")

    def test_what_a_comment_or_a_text_says_is_no_impurity(self):
        self.assertEqual(self.faults(self.header("// std::chrono::steady_clock::now() is not ours")), "")
        self.assertEqual(self.faults(self.header('inline auto text = "getenv";')), "")

    def test_the_floors_table_equals_what_cmake_builds(self):
        table = GOOD["docs/architecture.md"]
        self.expect(
            {"docs/architecture.md": table.replace("| base |", "| |")},
            "docs/architecture.md:3:", "net/CMakeLists.txt:1",
        )
        self.expect(
            {"docs/architecture.md": table.replace("| 2 | `net/` | base | sockets |\n", "")},
            "'net' has no row",
        )
        self.expect(
            {"docs/architecture.md": table.replace("**pure.** ", "")}, "`base/` is **pure.** in one"
        )

    def test_arrows_run_down_only(self):
        table = GOOD["docs/architecture.md"]
        self.expect({"docs/architecture.md": table.replace("| 2 |", "| 0 |")}, "arrows run down")

    def test_a_source_that_nothing_builds_is_reported(self):
        self.expect({"net/orphan.cc": "// net/orphan.cc: forgotten.\n"}, "net/orphan.cc:1:")

    def test_long_files_are_reported(self):
        self.expect(self.header("// more\n" * 250), "at most 250")
        self.expect({"net/net.cc": "// line\n" * 601}, "at most 600")

    def test_names_that_say_nothing_and_banned_words_are_reported(self):
        self.expect(self.header("class TrialManager;"), "'TrialManager'")
        self.expect(self.header("// the early_stopping rule"), "the glossary says 'policy'")
        self.expect(self.header("// " + "TO" + "DO later"), "names its issue")


if __name__ == "__main__":
    unittest.main()
