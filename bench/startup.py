#!/usr/bin/env python3
"""From a cold command to its first trial running, and what an idle coordinator and worker cost."""
import os
import subprocess
import time

from bench_case import Home, TRAWL, line, median

JOB = """\
command: echo $EPOCHREALTIME > {file}
environment: azureml:none@latest
"""


def cold_start(home):
    """Seconds from the start of `trawl run` on a new state folder to the job's first command."""
    file = os.path.join(home.folder, "began")
    job = os.path.join(home.folder, "job.yml")
    with open(job, "w") as out:
        out.write(JOB.format(file=file))
    begin = time.time()
    home.run("run", job, "-o", "none")
    with open(file) as written:
        return float(written.read()) - begin


def exec_time():
    """What `trawl --version` takes: the program's own start, paid three times (client, coordinator,
    worker)."""
    begin = time.time()
    subprocess.run([TRAWL, "--version"], check=True, stdout=subprocess.DEVNULL)
    return time.time() - begin


def family(pid):
    """That process and all below it."""
    found, wanted = [], [pid]
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as stat:
                parents.setdefault(int(stat.read().rpartition(")")[2].split()[1]), []).append(int(name))
        except (FileNotFoundError, ProcessLookupError):
            pass
    while wanted:
        found.append(wanted.pop())
        wanted += parents.get(found[-1], [])
    return found


def is_keeper(pid):
    try:
        with open(f"/proc/{pid}/comm") as comm:
            return comm.read() == "trawl-keeper\n"
    except FileNotFoundError:
        return False


def rested(pid):
    """The family once its idle keepers have left."""
    deadline = time.monotonic() + 60
    while True:
        pids = family(pid)
        if not any(map(is_keeper, pids)):
            return pids
        if time.monotonic() > deadline:
            raise SystemExit("bench_startup: idle keepers stay")
        time.sleep(0.1)


def pss_mib(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            total += sum(int(row.split()[1]) for row in rollup if row.startswith("Pss:"))
    return total / 1024


def cpu_s(pids):
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main():
    starts, execs = [], []
    for _ in range(9):
        with Home(start=False) as home:
            execs.append(exec_time() * 1000)
            starts.append(cold_start(home) * 1000)
    line("startup/first-trial", median(starts), "ms", 3 * median(execs), "three starts of the program",
         "<= 50 ms")
    with Home() as home:
        cold_start(home)
        coordinator = home.json("coordinator", "status")["pid"]
        pids = rested(coordinator)
        begin = cpu_s(pids)
        time.sleep(10)
        line("startup/idle-memory", pss_mib(pids), "MiB PSS", 12, "goal", "<= 12 MiB")
        line("startup/idle-cpu", (cpu_s(pids) - begin) / 10 * 100, "% of a core", 1, "one per cent", "none")


if __name__ == "__main__":
    main()
