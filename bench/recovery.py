#!/usr/bin/env python3
"""How soon a coordinator with a long history answers: from `trawl coordinator start --detach` to the
answer of `trawl coordinator status`, with 100,000 finished trials in its store, of a sweep that goes on
(all of it is replayed) and of one that has ended. Beside it the same with an empty store.
"""
import time

from bench_case import Home, line, median
from fake_workers import FakeWorkers, keep_local_worker_away, submit

WORKERS = 500
TRIALS = 100_000
REPEATS = 5


def start_time(home):
    home.run("coordinator", "stop")
    begin = time.monotonic()
    home.start()
    home.run("coordinator", "status")
    return time.monotonic() - begin


def finish_trials(home, total):
    workers = FakeWorkers("complete", home.address(), WORKERS, TRIALS, 1)
    workers.line()
    name = submit(home, total, WORKERS)
    workers.line()
    workers.end()
    count = home.json("job", "show", "-n", name)["properties"]["trials"]["Completed"]
    if count < TRIALS:
        raise SystemExit(f"recovery: {count} finished trials, fewer than were meant")


def main():
    with Home() as home:
        empty = median(start_time(home) for _ in range(REPEATS))
    # Of the second one more trials are left than the workers finish before they leave.
    for name, total, unfinished in ("finished", TRIALS, 0), ("unfinished", 2 * TRIALS, 1):
        with Home() as home, keep_local_worker_away(home):
            finish_trials(home, total)
            figure = median(start_time(home) for _ in range(REPEATS))
            if home.json("coordinator", "status")["unfinished_jobs"] != unfinished:
                raise SystemExit(f"recovery: the sweep should be {name}")
        line(f"recovery/{name}", figure, "s", empty, "an empty store", "< 2 s")


if __name__ == "__main__":
    main()
