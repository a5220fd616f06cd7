"""The smallest script that a sweep can tune: no start_run, no set_tracking_uri, no experiment."""

import argparse

import mlflow

parser = argparse.ArgumentParser()
parser.add_argument("--base", type=float)
parser.add_argument("--word")
parser.add_argument("--scale", type=float)
args = parser.parse_args()

distance = abs(args.base - args.scale) + 0.01 * len(args.word)
print(f"{args.word}: {args.scale} is {distance} away from {args.base}")
mlflow.log_metric("distance", distance)
