#!/usr/bin/env python3
"""Trials a second with two workers of one slot each that joined over TCP with CURVE, as on two other
machines, against the local worker with two slots: sweeps of 1,000 trials of `true`, two at a time.
"""
import os
import subprocess
import time

from bench_case import TRAWL, Home, line, median
from trials import sweep_rate, warm_up

TRIALS = 1000
REPEATS = 5


def local_rate():
    with Home() as home:
        warm_up(home)
        return sweep_rate(home, TRIALS)


def remote_rate():
    with Home(options=("--listen", "127.0.0.1:0")) as home:
        listen = home.json("coordinator", "status")["listen"]
        workers = [subprocess.Popen([TRAWL, "worker", "start", "--home", os.path.join(home.folder, name),
                                     "--coordinator", listen, "--key", f"{home.home}/keys/worker.key",
                                     "--name", name, "--cpus", "1"],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                   for name in ("one", "two")]
        while home.json("coordinator", "status")["slots"] < len(workers):
            time.sleep(0.05)
        warm_up(home)
        rate = sweep_rate(home, TRIALS)
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait()
        return rate


def main():
    local, remote = [], []
    for _ in range(REPEATS):
        local.append(local_rate())
        remote.append(remote_rate())
    line("remote/1000", median(remote), "trials/s", median(local), "the local worker", "no goal of its own")


if __name__ == "__main__":
    main()
