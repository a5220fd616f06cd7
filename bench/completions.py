#!/usr/bin/env python3
"""Durable completions a second: a coordinator with its store against 2,000 fake workers of one slot
(bench_fake_workers: real sockets, the real agent, no processes), all on this machine. Each trial is
suggested, launched, reported as started and as ended, and its end acknowledged once it is on disk.
Long trials wait for their launch one by one; short ones (they say that they lasted 1 ms) are assigned
ahead. Over the local socket, and over TCP with CURVE. Beside it the same messages on a local socket
without a core or a store, and how often the disk syncs.
"""
import os
import subprocess

from bench_case import BUILD, Home, line, median
from fake_workers import FakeWorkers, keep_local_worker_away, submit

WORKERS = 2000
TRIALS = 100_000
REPEATS = 3
GOAL = ">= 20,000 (floor 10,000)"


def rate(told_ms):
    """Over the local socket."""
    with Home() as home, keep_local_worker_away(home):
        return rate_of(home, told_ms, home.address())


def rate_over_tcp(told_ms):
    """With CURVE; there is no other TCP."""
    with Home(options=("--listen", "127.0.0.1:0")) as home:
        endpoint = "tcp://" + home.json("coordinator", "status")["listen"]
        return rate_of(home, told_ms, endpoint, f"{home.home}/keys/worker.key")


def rate_of(home, told_ms, endpoint, *key):
    workers = FakeWorkers("complete", endpoint, WORKERS, TRIALS, told_ms, *key)
    workers.line()
    submit(home, TRIALS, WORKERS)
    seconds = float(workers.line())
    workers.end()
    return TRIALS / seconds


def plain_rate():
    with Home(start=False) as home:
        os.makedirs(home.home)
        endpoint = f"ipc://{home.home}/plain.sock"
        router = FakeWorkers("plain", endpoint, WORKERS)
        workers = FakeWorkers("complete", endpoint, WORKERS, TRIALS, 0)
        workers.line()
        seconds = float(workers.line())
        workers.end()
        router.process.kill()
        router.end()
        return TRIALS / seconds


def main():
    with Home(start=False) as home:
        syncs = float(subprocess.run([f"{BUILD}/bench/bench_fake_workers", "sync", home.folder], check=True,
                                     stdout=subprocess.PIPE, text=True).stdout)
    limit = median(plain_rate() for _ in range(REPEATS))
    line("completions/plain", limit, "trials/s", syncs, "fdatasync/s", "a limit, no goal")
    for name, told_ms in ("long", 1000), ("short", 1):
        for path, measure in ("ipc", rate), ("tcp-curve", rate_over_tcp):
            figure = median(measure(told_ms) for _ in range(REPEATS))
            line(f"completions/{name}-{path}", figure, "trials/s", limit, "the messages alone", GOAL)


if __name__ == "__main__":
    main()
