#!/usr/bin/env python3
"""Trials a second: sweeps of COUNT trials of `true`, two at a time, with everything that a trial has
(own folder, output files, durable start and end, a run record), against bench_spawn_loop in the same
run. Coordinator and worker run already; bench_startup measures their start. Also with 100,000
finished trials in the store (--full).
"""
import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time

from bench_case import BUILD, Home, line, median

SWEEP = """\
type: sweep
trial: {{command: "true", environment: "azureml:none@latest"}}
search_space: {{x: {{type: uniform, min_value: 0, max_value: 1}}}}
sampling_algorithm: random
objective: {{goal: minimize, primary_metric: loss}}
limits: {{max_total_trials: {count}, max_concurrent_trials: 2}}
"""


def loop_rate(count):
    folder = tempfile.mkdtemp(prefix="trawl-bench-loop-")
    atexit.register(shutil.rmtree, folder, True)  # see Home.__exit__
    out = subprocess.run([f"{BUILD}/bench/bench_spawn_loop", str(count), "2", folder + "/loop", "true"],
                         check=True, stdout=subprocess.PIPE, text=True).stdout
    return count / float(out)


def warm_up(home):
    file = os.path.join(home.folder, "warm-up.yml")
    with open(file, "w") as out:
        out.write('command: "true"\nenvironment: azureml:none@latest\n')
    home.run("run", file, "-o", "none")


def sweep_rate(home, count):
    file = os.path.join(home.folder, f"sweep-{count}.yml")
    with open(file, "w") as out:
        out.write(SWEEP.format(count=count))
    begin = time.monotonic()
    home.run("run", file, "-o", "none")
    return count / (time.monotonic() - begin)


def compare(count, repeats, home=None):
    loops, sweeps = [], []
    for _ in range(repeats):
        loops.append(loop_rate(count))
        if home is not None:
            sweeps.append(sweep_rate(home, count))
            continue
        with Home() as fresh:
            warm_up(fresh)
            sweeps.append(sweep_rate(fresh, count))
    return median(sweeps), median(loops)


def main():
    full = "--full" in sys.argv
    rate, limit = compare(1000, 5)
    line("trials/1000", rate, "trials/s", limit, "a plain loop", ">= 0.80")
    thousand = rate / limit
    rate, limit = compare(10_000, 3 if full else 1)
    line("trials/10000", rate, "trials/s", limit, "a plain loop", ">= 0.80")
    line("trials/10000-of-1000", rate / limit, "of the loop", thousand, "at 1,000", ">= 0.95")
    if full:
        with Home() as home:
            sweep_rate(home, 100_000)
            rate, limit = compare(1000, 5, home)
            line("trials/1000-after-100000", rate / limit, "of the loop", thousand, "empty store", ">= 0.95")


if __name__ == "__main__":
    main()
