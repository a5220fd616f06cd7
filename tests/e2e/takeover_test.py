#!/usr/bin/env python3
"""A trial outlives its worker: killed or told to end, the next worker of the same folder takes the
trial over, with its log, its metrics and its end."""

import os
import signal

from trawl_case import TrawlCase, is_alive, kill, main

# Logs a value after the other with the stock client, one request each, until the gate opens, and
# notes each one that was accepted.
LOGGER = """
    import os, pathlib, sys, time
    import mlflow

    number, book = sys.argv[1], pathlib.Path(sys.argv[2])
    def note(file, text):
        with open(book / file, "a") as out:
            out.write(f"{text}\\n")
    note("runs", f"{number} {os.getpid()}")
    with mlflow.start_run():
        step = 0
        while not (book / "gate").exists():
            mlflow.log_metric("score", float(step), step=step)
            note(f"accepted-{number}", step)
            print(f"step {step}", flush=True)
            step += 1
            time.sleep(0.01)
    print("the last line", flush=True)
    sys.exit(int(number))
"""


class Takeover(TrawlCase):
    def logging_sweep(self, numbers="0, 1"):
        file = self.sweep_file("", f"n: {{type: choice, values: [{numbers}]}}",
                               command=f"python train.py ${{{{search_space.n}}}} {self.book}")
        self.write("sweep-files/src/train.py", LOGGER)
        return file

    def pids(self):
        return {int(number): int(pid) for number, pid in map(str.split, self.note("runs"))}

    def curve(self, run):
        return self.rows("SELECT step, value FROM metrics WHERE run_id = ? AND key = 'score' "
                         "ORDER BY step", run)

    def attempts(self, sweep):
        return {trial["properties"]["parameters"]["n"]: trial["properties"]["attempt"]
                for trial in self.trials(sweep)}

    def wait_for_more(self, number, count=5):
        """Until that trial has had so many more values accepted than now."""
        begin = len(self.note(f"accepted-{number}"))
        self.wait_until(lambda: len(self.note(f"accepted-{number}")) >= begin + count,
                        f"trial {number} to go on logging")

    def wait_for_worker(self, before):
        """The next worker than that of the process `before`, once the coordinator has heard it."""
        def is_there():
            workers = [pid for pid in self.daemon("worker") if pid != before]
            return workers and self.status()["slots"] and workers[0]
        return self.wait_until(is_there, "the next worker")

    def test_trials_log_on_while_their_worker_is_killed_again_and_again(self):
        self.submit(self.logging_sweep(), "--name", "on")
        for number in (0, 1):
            self.wait_until(lambda: len(self.note(f"accepted-{number}")) > 2, "metrics")
        pids = self.pids()
        for _ in range(4):
            worker = self.wait_until(lambda: self.daemon("worker"), "a worker")[0]
            kill([worker])
            self.wait_for_worker(worker)
            self.wait_for_more(0)
        # In a row, also while another one starts.
        for _ in range(5):
            kill(self.wait_until(lambda: self.daemon("worker"), "a worker"))
        for number in (0, 1):
            self.wait_for_more(number)
        self.assertEqual(self.pids(), pids)
        self.assertTrue(all(map(is_alive, pids.values())))
        self.open_gate("gate")
        self.wait_for_job("on")
        self.assertEqual(len(self.note("runs")), 2)
        self.assertEqual(self.attempts("on"), {0: 1, 1: 1})
        self.assertEqual(self.statuses("on"), ["Completed", "Failed"])
        self.assertEqual(self.show("on_1")["properties"]["exit_code"], 1)
        for number in (0, 1):
            accepted = [int(step) for step in self.note(f"accepted-{number}")]
            self.assertEqual(accepted, list(range(len(accepted))))
            self.assertEqual(self.curve(f"on_{number}"), [(s, float(s)) for s in accepted])
            lines = [line for line in self.log_of(f"on_{number}").splitlines()
                     if line.startswith(("step", "the last"))]
            self.assertEqual(lines, [f"step {s}" for s in accepted] + ["the last line"])

    def waiting_sweep(self, script, numbers="0, 1"):
        self.start_coordinator(slots=2)
        file = self.sweep_file('echo "$1 $$" >> $BOOK/runs\n' + script,
                               f"n: {{type: choice, values: [{numbers}]}}")
        self.submit(file, "--name", "waiting")
        count = len(numbers.split(","))
        self.wait_until(lambda: self.statuses("waiting") == ["Running"] * count,
                        "the trials to run")

    def test_an_end_while_there_is_no_worker_is_reported_by_the_next(self):
        self.waiting_sweep("wait_for gate\nexit $1", numbers="0, 7")
        pids = self.pids()
        # Without a coordinator nobody starts another worker.
        self.kill_daemon("coordinator")
        self.kill_daemon("worker")
        self.open_gate("gate")
        self.wait_until(lambda: not any(map(is_alive, pids.values())), "both to end")
        self.wait_for_job("waiting")
        self.assertEqual(self.statuses("waiting"), ["Completed", "Failed"])
        self.assertEqual(self.show("waiting_1")["properties"]["exit_code"], 7)
        self.assertEqual(self.attempts("waiting"), {0: 1, 7: 1})

    def test_what_was_taken_over_can_be_canceled(self):
        self.waiting_sweep("trap '' TERM\n(setsid sleep 1000 &)\nwait_for never")
        worker = self.daemon("worker")[0]
        self.kill_daemon("worker")
        self.wait_for_worker(worker)
        self.assertTrue(all(map(is_alive, self.pids().values())))
        self.ok("job", "cancel", "-n", "waiting")
        self.wait_for_job("waiting", code=2)
        self.assertEqual(self.statuses("waiting"), ["Canceled"] * 2)
        self.assertFalse(self.trial_processes())
        self.assertEqual(self.attempts("waiting"), {0: 1, 1: 1})

    def test_a_worker_that_is_told_to_end_leaves_its_trials_to_the_next(self):
        self.waiting_sweep("log score 1 0\necho >> $BOOK/logged\nwait_for gate\nlog score 2 1")
        self.wait_until(lambda: len(self.note("logged")) == 2, "both to have logged")
        worker = self.daemon("worker")[0]
        mine = next(child for child in self.children if child.pid == worker)
        os.kill(worker, signal.SIGTERM)
        self.assertEqual(mine.wait(timeout=60), 0)
        self.assertTrue(all(map(is_alive, self.pids().values())))
        self.wait_for_worker(worker)
        self.open_gate("gate")
        self.wait_for_job("waiting")
        self.assertEqual(self.attempts("waiting"), {0: 1, 1: 1})
        for number in (0, 1):
            self.assertEqual(self.curve(f"waiting_{number}"), [(0, 1.0), (1, 2.0)])

    def test_without_takeover_trials_end_with_their_worker(self):
        self.env["TRAWL_TAKEOVER"] = "0"
        for how in (signal.SIGKILL, signal.SIGTERM):
            with self.subTest(how=how):
                runs = len(self.note("runs"))
                file = self.sweep_file('echo "$1 $$" >> $BOOK/runs\nwait_for gate',
                                       "n: {type: choice, values: [0]}")
                name = f"ended-{how.name.lower()}"
                self.submit(file, "--name", name)
                self.wait_until(lambda: len(self.note("runs")) == runs + 1, "the trial to run")
                self.wait_until(lambda: self.statuses(name) == ["Running"], "the store to know it")
                first = self.pids()[0]
                os.kill(self.daemon("worker")[0], how)
                self.wait_until(lambda: len(self.note("runs")) == runs + 2, "a second attempt")
                self.assertFalse(is_alive(first))
                self.open_gate("gate")
                self.wait_for_job(name)
                self.assertEqual(self.attempts(name), {0: 2})
                (self.book / "gate").unlink()

    def test_when_no_worker_comes_in_time_everything_ends(self):
        self.env["TRAWL_TAKEOVER"] = "0.5"
        self.waiting_sweep("(setsid env -i sleep 1000 &)\nwait_for never")
        self.kill_daemon("coordinator")
        self.kill_daemon("worker")
        self.wait_until(lambda: not self.processes(), "trials, nursery and keepers to be gone")


if __name__ == "__main__":
    main()
