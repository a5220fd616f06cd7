"""Counts the words of a file and writes those that occur often enough. Standard library only."""

import argparse
import collections
import pathlib
import re

parser = argparse.ArgumentParser()
parser.add_argument("--text", type=pathlib.Path)
parser.add_argument("--least", type=int)
parser.add_argument("--output", type=pathlib.Path)
args = parser.parse_args()

words = collections.Counter(re.findall(r"[a-z]+", args.text.read_text().lower()))
lines = [f"{count} {word}" for word, count in sorted(words.items()) if count >= args.least]
(args.output / "words.txt").write_text("\n".join(lines) + "\n")
print(f"{len(lines)} of {len(words)} words occur {args.least} times or more")
