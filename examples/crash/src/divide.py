"""A script that goes wrong in three ways: an exit code, an exception, a signal."""

import argparse
import os
import signal
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--divisor", type=int)
args = parser.parse_args()

if args.divisor < 0:
    print("a negative divisor is not supported", file=sys.stderr)
    sys.exit(3)
if args.divisor == 99:
    os.kill(os.getpid(), signal.SIGSEGV)

import mlflow  # noqa: E402  (after the checks, so that trials which fail do so at once)

mlflow.log_metric("quotient", 12 / args.divisor)
