#!/bin/sh
# show.sh NAME=VALUE...: prints each drawn value on a line and keeps them in outputs/values.txt.
set -eu
mkdir -p outputs
printf '%s\n' "$@" | tee outputs/values.txt
