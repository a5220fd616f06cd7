#!/usr/bin/env python3
"""How soon 1,000 running trials are known as running again after `kill -9` of the coordinator: from the
start of the next one until every worker has been welcomed with what it runs. Once with one real worker
of 1,000 slots, whose trials are 1,000 processes; once with 1,000 fake workers of one slot each
(bench_fake_workers). No trial may have been started twice or stopped. Beside it the start alone.
"""
import subprocess
import time

from bench_case import TRAWL, Home, line, median
from fake_workers import FakeWorkers, keep_local_worker_away, submit

TRIALS = 1000
REPEATS = 5
WAIT_S = 120  # for what takes seconds
GOAL = "<= 1 s (floor 3)"


def wait_for(what, is_there):
    until = time.monotonic() + WAIT_S
    while not is_there():
        if time.monotonic() > until:
            raise SystemExit(f"reattach: {what} did not come")
        time.sleep(0.01)


def slot_count(home):
    return home.json("coordinator", "status")["slots"]


def check_untouched(home, name):
    trials = home.json("job", "show", "-n", name)["properties"]["trials"]
    if trials != {"Running": TRIALS}:
        raise SystemExit(f"reattach: not all trials run on: {trials}")
    attempts = {trial["properties"]["attempt"] for trial in home.json("job", "list", "--parent-job-name", name)}
    if attempts != {1}:
        raise SystemExit(f"reattach: some trials were started again: attempts {attempts}")


def restart(home, is_back):
    """Seconds until it serves, and until all is back."""
    home.kill()
    begin = time.monotonic()
    home.start()
    served = time.monotonic() - begin
    is_back()
    return served, time.monotonic() - begin


def measure(name, home, sweep, is_back):
    starts, times = zip(*(restart(home, is_back) for _ in range(REPEATS)))
    check_untouched(home, sweep)
    line(f"reattach/{name}", median(times), "s", median(starts), "the start alone", GOAL)


def real_processes():
    with Home() as home:
        address = home.address()
        worker = subprocess.Popen([TRAWL, "worker", "start", "--home", home.home, "--coordinator", address,
                                   "--name", "local", "--cpus", str(TRIALS)],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("the worker", lambda: slot_count(home) == TRIALS)
        sweep = submit(home, TRIALS, TRIALS, "sleep 1000000")
        wait_for("the trials", lambda: home.json("job", "show", "-n", sweep)["properties"]["trials"] ==
                 {"Running": TRIALS})
        measure("processes", home, sweep, lambda: wait_for("the worker", lambda: slot_count(home) == TRIALS))
        home.run("job", "cancel", "-n", sweep)
        home.run("job", "wait", "-n", sweep, exits=(2,))
        worker.terminate()
        worker.wait()


def fake_workers():
    with Home() as home, keep_local_worker_away(home):
        workers = FakeWorkers("hold", home.address(), TRIALS)

        def wait_until(*counts):
            while tuple(map(int, workers.line().split())) != counts:
                pass

        wait_until(TRIALS, 0, 0)
        sweep = submit(home, TRIALS, TRIALS)
        wait_until(TRIALS, TRIALS, TRIALS)
        measure("workers", home, sweep, lambda: wait_until(TRIALS, TRIALS, TRIALS))
        workers.end()


def main():
    real_processes()
    fake_workers()


if __name__ == "__main__":
    main()
