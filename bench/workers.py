#!/usr/bin/env python3
"""What many idle workers cost: 5,000 over TCP with CURVE (bench_fake_workers: one process, real sockets,
the real agent with its heartbeats) against one coordinator. Its processor time and memory, then `kill
-9` and the next one: how long until all are back. None may be declared lost.
"""
import os
import socket
import time

from bench_case import Home, line
from fake_workers import FakeWorkers

WORKERS = 5000
IDLE_S = 30
LIBZMQ_KB = 39  # of a connection with CURVE, measured beside this project


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kb(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(text.split()[1]) for text in file if text.startswith("VmRSS"))


def wait_for_all(workers):
    begin = time.monotonic()
    while workers.line().split()[0] != str(WORKERS):
        pass
    return time.monotonic() - begin


def declared_lost(home):
    with open(os.path.join(home.home, "coordinator.log")) as log:
        return sum("counts as lost" in text or "has not been heard" in text for text in log)


def main():
    port = free_port()
    with Home(options=("--listen", f"127.0.0.1:{port}")) as home:
        pid = home.json("coordinator", "status")["pid"]
        memory_before = memory_kb(pid)
        workers = FakeWorkers("hold", f"tcp://127.0.0.1:{port}", WORKERS, f"{home.home}/keys/worker.key")
        joined = wait_for_all(workers)

        begin, cpu, own_cpu = time.monotonic(), cpu_seconds(pid), cpu_seconds(workers.process.pid)
        time.sleep(IDLE_S)
        elapsed = time.monotonic() - begin
        share = (cpu_seconds(pid) - cpu) / elapsed
        own_share = (cpu_seconds(workers.process.pid) - own_cpu) / elapsed
        line("workers/heartbeats", share * 100, "% of a core", own_share * 100, "the workers themselves", "< 10 %")
        line("workers/memory", (memory_kb(pid) - memory_before) / WORKERS, "KB a worker", LIBZMQ_KB, "libzmq's",
             "< 48 KB")

        home.kill()
        begin = time.monotonic()
        home.start()
        wait_for_all(workers)
        line("workers/back", time.monotonic() - begin, "s", joined, "the first time", "< 40 s")
        lost = declared_lost(home)
        line("workers/declared-lost", lost, "workers", WORKERS, "of", "0")
        workers.end()


if __name__ == "__main__":
    main()
