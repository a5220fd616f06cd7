#!/bin/sh
# rank.sh MEASUREMENTS KEEP FOLDER: writes the KEEP largest measurements to FOLDER/best.csv.
set -eu
measurements=$1
keep=$2
folder=$3

head -n 1 "$measurements" >"$folder/best.csv"
tail -n +2 "$measurements" | sort -t , -k 2,2nr | head -n "$keep" >>"$folder/best.csv"
echo "kept $keep of $(($(wc -l <"$measurements") - 1)) measurements"

mkdir -p outputs
sum=$(tail -n +2 "$folder/best.csv" | awk -F , '{ sum += $2 } END { print sum }')
echo "$sum" >outputs/sum.txt
