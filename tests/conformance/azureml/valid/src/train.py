"""Stands for a training script: prints its arguments."""
import sys

print(sys.argv[1:])
