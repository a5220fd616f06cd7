#!/usr/bin/env python3
"""Several machines: a coordinator and two workers, each in a network of its own. Cables are pulled,
processes killed and frozen, disks filled; each time every trial's metrics are complete, no trial
runs twice at once, and the log says what happened."""

import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import hosts
from trawl_case import TrawlCase, is_alive, main

PORT = 5555
LEASE = 3
GRACE = 1
# Notes its start; says every 20 ms that it runs, by a clock that all hosts share; logs a metric a
# step; waits for the test in the middle.
SCRIPT = r"""
    put() { until log score $1.$2 $2; do sleep 0.05; done; }  # as mlflow's own client tries again
    host=$(hostname)
    echo "$1 $AZUREML_ATTEMPT $host $$" >> $BOOK/runs
    (while :; do echo "$$ $(date +%s%N)" >> $BOOK/alive-$1; sleep 0.02; done) &
    for step in 0 1 2; do put $1 $step; done
    echo "$1 $host" >> $BOOK/waits
    wait_for gate-$1
    for step in 3 4; do put $1 $step; done
"""
COMPLETE = [0, 1, 2, 3, 4]


@unittest.skipIf(hosts.why_not(), hosts.why_not())
class ClusterCase(TrawlCase):
    """A coordinator on the first host; workers on the others, each with a disk of its own."""

    def setUp(self):
        super().setUp()
        self.network = hosts.Network(3)
        self.addCleanup(self.network.close)
        self.head, *self.nodes = self.network.hosts
        self.coordinator = self.start_head()

    def start_on(self, host, *words, **options):
        return self.start(*words, prefix=host.prefix, **options)

    def start_head(self):
        log = open(self.folder / "coordinator.log", "ab")
        coordinator = self.start_on(
            self.head, "coordinator", "start", "--listen", f"{self.head.address}:{PORT}",
            "--lease", LEASE, "--stop-grace", GRACE, stdout=log, stderr=log)
        log.close()
        self.wait_until(lambda: self.trawl("coordinator", "status").code == 0, "a coordinator")
        return coordinator

    def node_home(self, host):
        return self.folder / f"disk-{host.name}"

    def start_node(self, host, slots=1):
        """A worker that knows the coordinator by its key file alone."""
        log = open(self.folder / f"worker-{host.name}.log", "ab")
        worker = self.start_on(host, "worker", "start", "--key", self.home / "keys/worker.key",
                               "--cpus", slots, stdout=log, stderr=log,
                               env={"TRAWL_HOME": str(self.node_home(host))})
        log.close()
        return worker

    def start_nodes(self, slots=1):
        workers = [self.start_node(host, slots) for host in self.nodes]
        self.wait_until(lambda: self.status()["slots"] == slots * len(workers), "the workers")
        return workers

    def tell_logs(self):
        for log in sorted(self.folder.glob("*.log")):
            print(f"--- {log.name} of {self.id()}\n{log.read_text(errors='replace')[-4000:]}",
                  flush=True)

    def log_has(self, name, text):
        self.wait_until(lambda: text in (self.folder / name).read_text(), f"{text!r} in {name}")

    def sweep(self, count, limits=""):
        values = ", ".join(str(n) for n in range(count))
        return self.sweep_file(SCRIPT, f"n: {{type: choice, values: [{values}]}}", limits=limits)

    def place(self, number):
        """The host on which that trial waits."""
        found = [line.split() for line in self.note("waits")]
        return next((host for n, host in reversed(found) if n == str(number)), None)

    def wait_until_waiting(self, *numbers):
        self.wait_until(lambda: all(self.place(n) for n in numbers), f"trials {numbers} to wait")

    def host_of(self, number):
        name = self.place(number)
        return next(host for host in self.nodes if host.name == name)

    def runs(self, number):
        """The processes that ran that trial, in order of their start."""
        return [int(line.split()[-1]) for line in self.note("runs")
                if line.split()[0] == str(number)]

    def check_metrics(self, sweep, count):
        """The last run of each trial has logged every step, once; earlier ones stay in the table."""
        names = {t["properties"]["parameters"]["n"]: t["name"] for t in self.trials(sweep)}
        for number in range(count):
            curve = self.rows("SELECT step FROM metrics WHERE run_id = ? AND key = 'score' "
                              "ORDER BY timestamp_ms, step", names[number])
            steps = [step for step, in curve]
            self.assertEqual(steps[-len(COMPLETE):], COMPLETE, f"of trial {number}: {steps}")
            if len(self.runs(number)) == 1:
                self.assertEqual(steps, COMPLETE, f"of trial {number}")

    def check_never_twice(self, number):
        """No sign of life of an earlier run after the first of the next one."""
        signs = [tuple(map(int, line.split())) for line in self.note(f"alive-{number}")]
        last = {}
        first = {}
        for pid, at in signs:
            first.setdefault(pid, at)
            last[pid] = at
        order = [pid for pid in self.runs(number) if pid in first]
        for before, after in zip(order, order[1:]):
            self.assertLess(last[before], first[after], f"trial {number} ran twice at once")


class TwoMachines(ClusterCase):
    def test_a_sweep_runs_on_both(self):
        self.start_nodes()
        name = self.submit(self.sweep(4))
        self.open_gate(*(f"gate-{n}" for n in range(4)))
        self.wait_for_job(name)
        self.check_metrics(name, 4)
        self.assertEqual({line.split()[-2] for line in self.note("runs")}, {"h2", "h3"})

    def test_a_worker_that_is_cut_off_ends_its_trial_before_another_one_begins(self):
        self.start_nodes()
        name = self.submit(self.sweep(2))
        self.wait_until_waiting(0, 1)
        cut = self.host_of(0)
        other = self.host_of(1)
        self.network.pull_cable(cut)
        self.open_gate("gate-1")
        self.wait_until(lambda: self.place(0) == other.name, "the trial to run elsewhere")
        self.assertFalse(is_alive(self.runs(0)[0]))
        self.network.plug_in(cut)
        self.wait_until(lambda: self.status()["workers"] == 2, "the worker to come back")
        self.open_gate("gate-0")
        self.wait_for_job(name)
        self.check_metrics(name, 2)
        self.check_never_twice(0)
        self.assertEqual(len(self.runs(1)), 1)
        self.log_has("coordinator.log", f"worker {cut.name} has not been heard for")
        self.log_has("coordinator.log", "counts as lost, with 1 attempts")
        self.log_has(f"worker-{cut.name}.log", "the coordinator has not answered for 3.0 s: "
                                               "1 attempts that run here are ended")

    def test_a_short_cut_costs_nothing(self):
        self.start_nodes()
        name = self.submit(self.sweep(2))
        self.wait_until_waiting(0, 1)
        cut = self.host_of(0)
        self.network.pull_cable(cut)
        self.open_gate("gate-0")  # it ends behind the cut
        ended = self.runs(0)[0]
        self.wait_until(lambda: not is_alive(ended), "the trial to end")
        self.network.plug_in(cut)
        self.open_gate("gate-1")
        self.wait_for_job(name)
        self.check_metrics(name, 2)
        self.assertEqual([len(self.runs(n)) for n in (0, 1)], [1, 1])

    def test_a_worker_that_only_hears_is_cut_off_too(self):
        self.start_nodes()
        name = self.submit(self.sweep(1))
        self.wait_until_waiting(0)
        cut = self.host_of(0)
        self.network.mute(cut, self.head)
        self.wait_until(lambda: len(self.runs(0)) == 2, "the trial to run elsewhere")
        self.network.unmute(cut, self.head)
        self.open_gate("gate-0")
        self.wait_for_job(name)
        self.check_metrics(name, 1)
        self.check_never_twice(0)

    def test_trials_go_on_while_the_coordinator_is_killed_and_started_again(self):
        self.start_nodes()
        name = self.submit(self.sweep(4))
        self.wait_until_waiting(0, 1)
        before = self.runs(0) + self.runs(1)
        os.kill(self.coordinator.pid, signal.SIGKILL)
        self.coordinator.wait()
        self.open_gate("gate-0")  # logs and ends meanwhile
        self.wait_until(lambda: not is_alive(self.runs(0)[0]), "the trial to end")
        self.coordinator = self.start_head()
        self.open_gate("gate-1", "gate-2", "gate-3")
        self.wait_for_job(name)
        self.check_metrics(name, 4)
        self.assertEqual(self.runs(0) + self.runs(1), before)

    def test_a_frozen_worker_keeps_nothing_running_past_its_lease(self):
        workers = self.start_nodes()
        name = self.submit(self.sweep(2))
        self.wait_until_waiting(0, 1)
        frozen = self.host_of(0)
        worker = workers[self.nodes.index(frozen)]
        os.kill(worker.pid, signal.SIGSTOP)
        self.open_gate("gate-1")
        self.wait_until(lambda: len(self.runs(0)) == 2, "the trial to run elsewhere")
        self.assertFalse(is_alive(self.runs(0)[0]))
        os.kill(worker.pid, signal.SIGCONT)
        self.wait_until(lambda: self.status()["workers"] == 2, "the worker to come back")
        self.open_gate("gate-0")
        self.wait_for_job(name)
        self.check_metrics(name, 2)
        self.check_never_twice(0)

    def test_a_drained_worker_finishes_what_it_has_and_ends(self):
        workers = self.start_nodes()
        name = self.submit(self.sweep(4))
        self.wait_until_waiting(0, 1)
        drained = self.host_of(0)
        self.ok("worker", "drain", "-n", drained.name)
        listed = {w["name"]: (w["state"], w["attempts"]) for w in self.json("worker", "list")}
        self.assertEqual(listed[drained.name], ("leaving", 1))
        self.open_gate(*(f"gate-{n}" for n in range(4)))
        self.assertEqual(workers[self.nodes.index(drained)].wait(timeout=60), 0)
        self.wait_for_job(name)
        self.check_metrics(name, 4)
        self.assertEqual([line.split()[-2] for line in self.note("runs")].count(drained.name), 1)
        self.log_has("coordinator.log", f"worker {drained.name} has left")
        self.assertNotIn(drained.name, [w["name"] for w in self.json("worker", "list")])
        self.ends(4, "worker", "drain", "-n", drained.name)

    def test_a_full_disk_delays_what_is_logged_and_loses_nothing(self):
        node = self.nodes[0]
        disk = self.node_home(node)
        disk.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", disk],
                       check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=True)
        self.start_node(node)
        self.wait_until(lambda: self.status()["slots"] == 1, "the worker")
        name = self.submit(self.sweep(2))
        self.wait_until_waiting(0)
        filler = disk / "filler"
        with self.assertRaises(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 4096)
        self.open_gate("gate-0", "gate-1")
        trouble = self.wait_until(lambda: self.status().get("trouble"), "the trouble to be told")
        self.assertIn("disk", trouble)
        filler.unlink()
        self.wait_for_job(name)
        self.check_metrics(name, 2)


if __name__ == "__main__":
    main()
