#!/usr/bin/env python3
"""kill -9 of everything, or of one part: what was accepted is kept, what was finished is not run
again, and what was interrupted is."""

import re

from trawl_case import TrawlCase, is_alive, main

# Notes each run of a trial outside of its folder, logs ten values and then waits for the test.
SCRIPT = """
    echo "$1 $$ $TRAWL_ATTEMPT" >> $BOOK/runs
    for step in 0 1 2; do log score $1.$step $step; done
    wait_for gate-$1
    log score 1$1 3
    echo done >> $BOOK/done-$1
"""


class KillNine(TrawlCase):
    def attempts(self, sweep):
        return {trial["properties"]["parameters"]["n"]: trial["properties"]["attempt"]
                for trial in self.trials(sweep)}

    def runs(self):
        """{n: how often its script was started}"""
        counts = {}
        for line in self.note("runs"):
            number = int(line.split()[0])
            counts[number] = counts.get(number, 0) + 1
        return counts

    def curve(self, run):
        return self.rows("SELECT step, value FROM metrics WHERE run_id = ? AND key = 'score' "
                         "ORDER BY step", run)

    def wait_until_reported(self, sweep, numbers):
        """Until these trials run and the coordinator has three values of each."""
        def reported():
            trials = {t["properties"]["parameters"]["n"]: t for t in self.trials(sweep)}
            return all(n in trials and trials[n]["status"] == "Running" and
                       trials[n]["properties"]["reports"] == 3 for n in numbers)
        self.wait_until(reported, f"trials {numbers} to run and report")

    def test_a_sweep_goes_on_after_everything_was_killed(self):
        self.start_coordinator(slots=2)
        file = self.sweep_file(SCRIPT, "n: {type: choice, values: [0, 1, 2, 3, 4, 5]}")
        self.open_gate("gate-0", "gate-1")
        client = self.start("run", file, "--name", "survivor")
        self.wait_until(lambda: self.trawl("job", "show", "-n", "survivor").code == 0, "the job")
        self.wait_until_reported("survivor", [2, 3])
        self.assertEqual(self.statuses("survivor"), ["Completed"] * 2 + ["Running"] * 2)

        self.kill_everything()  # coordinator, worker, trials and the client that follows
        self.assertEqual(client.wait(), -9)
        before = {run: self.curve(run) for run in ("survivor_0", "survivor_1")}
        self.assertEqual(before["survivor_1"], [(0, 1.0), (1, 1.1), (2, 1.2), (3, 11.0)])

        self.open_gate("gate-2", "gate-3", "gate-4", "gate-5")
        followed = self.ok("job", "stream", "-n", "survivor")
        self.assertRegex(followed.out, r"survivor_5 +Completed")
        self.assertEqual(self.statuses("survivor"), ["Completed"] * 6)
        self.assertEqual(self.runs(), {0: 1, 1: 1, 2: 2, 3: 2, 4: 1, 5: 1})
        self.assertEqual(self.attempts("survivor"), {0: 1, 1: 1, 2: 2, 3: 2, 4: 1, 5: 1})
        for run, curve in before.items():
            self.assertEqual(self.curve(run), curve, "a finished trial's metrics changed")
        for number in range(6):
            self.assertEqual(len(self.note(f"done-{number}")), 1)
            steps = {step for step, _ in self.curve(f"survivor_{number}")}
            self.assertEqual(steps, {0, 1, 2, 3})
        job = self.show("survivor")
        self.assertEqual(job["properties"]["best_child_run_id"], "survivor_5")
        self.assertEqual(job["properties"]["score"], 15)
        self.assertEqual(self.rows("SELECT outcome, count(*) FROM attempts GROUP BY outcome"),
                         [("exited", 6), ("lost", 2)])

    def test_a_command_job_is_run_again_after_everything_was_killed(self):
        file = self.job_file(script="""
            echo $$ >> $BOOK/runs
            wait_for gate
            echo finished
        """)
        name = self.submit(file)
        self.wait_until(lambda: self.note("runs"), "the job to run")
        self.kill_everything()
        self.open_gate("gate")
        finished = self.ok("job", "stream", "-n", name)
        self.assertIn("finished", finished.out)
        self.assertEqual(len(self.note("runs")), 2)
        self.assertEqual(self.show(name)["properties"]["attempt"], 2)

    def test_running_trials_are_not_touched_when_the_coordinator_dies(self):
        self.start_coordinator(slots=2)
        file = self.sweep_file("""
            echo "$1 $$" >> $BOOK/runs
            wait_for alone-$1
            for step in 0 1 2 3 4; do log score $1.$step $step; done
            echo logged >> $BOOK/logged-$1
            wait_for gate-$1
        """, "n: {type: choice, values: [0, 1]}")
        self.submit(file, "--name", "orphan")
        self.wait_until(lambda: self.statuses("orphan") == ["Running"] * 2, "both trials to run")
        pids = [int(line.split()[1]) for line in self.note("runs")]
        self.kill_daemon("coordinator")

        # Nobody has started another one: what is logged now is accepted by the worker alone.
        self.open_gate("alone-0", "alone-1")
        self.wait_until(lambda: self.note("logged-0") and self.note("logged-1"),
                        "metrics to be accepted without a coordinator")
        self.assertEqual(self.daemon("coordinator"), [])
        stream = self.start("job", "stream", "-n", "orphan")
        self.wait_until(lambda: len(self.curve("orphan_0") + self.curve("orphan_1")) == 10,
                        "the metrics to arrive")
        self.assertEqual([is_alive(pid) for pid in pids], [True, True])
        self.assertEqual(self.statuses("orphan"), ["Running"] * 2)

        self.open_gate("gate-0", "gate-1")
        out, err = stream.communicate(timeout=120)
        self.assertEqual(stream.returncode, 0, out + err)
        self.assertEqual(self.runs(), {0: 1, 1: 1})
        self.assertEqual(self.attempts("orphan"), {0: 1, 1: 1})
        for number in (0, 1):
            expected = [(step, float(f"{number}.{step}")) for step in range(5)]
            self.assertEqual(self.curve(f"orphan_{number}"), expected)
            self.assertEqual(self.show(f"orphan_{number}")["properties"]["reports"], 5)

    def test_trials_that_end_while_there_is_no_coordinator_have_ended_for_the_next_one(self):
        self.start_coordinator(slots=2)
        file = self.sweep_file("""
            echo "$1 $$" >> $BOOK/runs
            wait_for gate
            log score $1
            exit $1
        """, "n: {type: choice, values: [0, 1]}")
        self.submit(file, "--name", "ended")
        self.wait_until(lambda: len(self.note("runs")) == 2, "both trials to run")
        pids = [int(line.split()[1]) for line in self.note("runs")]
        self.kill_daemon("coordinator")
        self.open_gate("gate")
        self.wait_until(lambda: not any(map(is_alive, pids)), "both trials to end")
        self.ok("job", "stream", "-n", "ended")
        self.assertEqual(self.statuses("ended"), ["Completed", "Failed"])
        self.assertEqual(self.show("ended_1")["properties"]["exit_code"], 1)
        self.assertEqual(self.runs(), {0: 1, 1: 1})

    def test_a_client_that_follows_survives_the_coordinator(self):
        file = self.sweep_file("wait_for gate-$1\nlog score 1\n",
                               "n: {type: choice, values: [0]}")
        client = self.start("run", file, "--name", "followed")
        self.wait_until(lambda: self.trawl("job", "show", "-n", "followed").code == 0, "the job")
        self.wait_until(lambda: self.statuses("followed") == ["Running"], "the trial to run")
        self.kill_daemon("coordinator")
        self.wait_until(lambda: self.daemon("coordinator"), "the client to start another one")
        self.open_gate("gate-0")
        out, err = client.communicate(timeout=120)
        self.assertEqual(client.returncode, 0, out + err)
        self.assertEqual(len(re.findall(r"followed_0 +Completed", out)), 1, out)

    def test_the_worker_dies_and_its_trials_are_gone_before_they_are_tried_again(self):
        self.env["TRAWL_TAKEOVER"] = "0"
        self.start_coordinator(slots=2)
        file = self.sweep_file("""
            alive() { case $(cat /proc/$1/stat 2>/dev/null) in *") Z "* | "") false ;; esac; }
            for pid in $(cat $BOOK/pids-$1 2>/dev/null); do
              if alive $pid; then echo "$1 $pid" >> $BOOK/overlaps; fi
            done
            setsid sh -c 'while :; do sleep 0.2; done' &
            echo "$$ $!" >> $BOOK/pids-$1
            echo "$1 $$" >> $BOOK/runs
            log score $1
            wait_for gate-$1
        """)
        self.open_gate("gate-0")
        self.submit(file, "--name", "again")
        self.wait_until(lambda: len(self.note("pids-2")) == 1 and len(self.note("pids-1")) == 1,
                        "the first trial to end and the others to run")
        self.wait_until(lambda: self.statuses("again") == ["Completed", "Running", "Running"],
                        "the store to know it")
        self.kill_daemon("worker")
        self.wait_until(lambda: self.runs() == {0: 1, 1: 2, 2: 2}, "second attempts")
        self.assertEqual(self.note("overlaps"), [])
        self.open_gate("gate-1", "gate-2")
        self.wait_for_job("again")
        self.assertEqual(self.attempts("again"), {0: 1, 1: 2, 2: 2})
        self.assertEqual(self.statuses("again"), ["Completed"] * 3)
        self.assertEqual(self.note("overlaps"), [])

    def test_a_killed_worker_leaves_no_process_whatever_its_trials_made(self):
        self.env["TRAWL_TAKEOVER"] = "0"
        self.start_coordinator(slots=2)
        file = self.sweep_file("""
            trap '' TERM
            sleep 1000 &
            echo $! >> $BOOK/pids
            setsid sh -c 'echo $$ >> '$BOOK'/pids; trap "" TERM; sleep 1000; sleep 1000' &
            (setsid env -i /bin/sh -c 'echo $$ >> '$BOOK'/pids; exec sleep 1000' &)
            echo $$ >> $BOOK/pids
            wait_for never
        """, "n: {type: choice, values: [0, 1]}")
        self.submit(file, "--name", "doomed")
        self.wait_until(lambda: len(self.note("pids")) == 8, "every process of both trials")
        pids = [int(line) for line in self.note("pids")]
        self.kill_daemon("coordinator")  # which would start another worker
        self.kill_daemon("worker")
        self.wait_until(lambda: not any(map(is_alive, pids)), "the trials' processes to be gone")
        self.wait_until(lambda: not self.processes(), "nursery and keepers to be gone")

    def test_a_trial_that_kills_its_parent_at_once_keeps_its_files(self):
        file = self.write("quick.yml", "type: command\nenvironment: {image: d}\n"
                                       "command: 'echo hello; kill -KILL $PPID'\n")
        self.ends(1, "run", file, "--name", "quick")
        self.assertEqual(self.rows("SELECT count(*) FROM attempts WHERE folder IS NULL"), [(0,)])
        self.assertEqual(self.log_of("quick"), "hello\n")
        self.ok("job", "download", "-n", "quick", "-p", "there")

    def test_a_trial_that_kills_its_parent_costs_no_other_trial(self):
        self.start_coordinator(slots=2)
        file = self.sweep_file("""
            echo $1 >> $BOOK/runs
            if [ $1 = 0 ]; then
              setsid sh -c 'echo $$ >> '$BOOK'/left; sleep 1000' &
              while [ ! -s $BOOK/left ]; do sleep 0.01; done
              kill -KILL $PPID
              sleep 1000
            fi
            wait_for gate
            log score 1
        """, "n: {type: choice, values: [0, 1]}")
        self.submit(file, "--name", "parricide")
        # Its losses say nothing of the other one, so it is tried again beside it until it fails.
        self.wait_until(lambda: self.statuses("parricide") == ["Failed", "Running"],
                        "the one to fail, and the other to run")
        self.assertEqual(self.rows("SELECT number, count(*) FROM attempts WHERE outcome = 'lost' "
                                   "GROUP BY number"), [(0, 5)])
        self.assertEqual(self.show("parricide_0")["properties"]["reason"], "the process above it, "
                         "which keeps its processes together, was killed 5 times")
        self.assertFalse(any(is_alive(int(pid)) for pid in self.note("left")))
        self.open_gate("gate")
        self.wait_for_job("parricide")
        self.assertEqual(self.statuses("parricide"), ["Failed", "Completed"])
        self.assertEqual(self.attempts("parricide")[1], 1)
        self.assertEqual(self.show("parricide_1")["status"], "Completed")

    def test_a_trial_that_stops_its_parent_can_be_canceled(self):
        self.start_coordinator()
        file = self.sweep_file("kill -STOP $PPID\ntouch $BOOK/stopped\nwait_for never",
                               "n: {type: choice, values: [0]}")
        self.submit(file, "--name", "gaoler")
        self.wait_until(lambda: (self.book / "stopped").exists(), "the parent to be stopped")
        self.ok("job", "cancel", "-n", "gaoler")
        self.wait_for_job("gaoler", code=2)
        self.assertEqual(self.statuses("gaoler"), ["Canceled"])
        self.assertFalse(self.trial_processes())

    def test_what_a_trial_used_is_recorded(self):
        file = self.job_file(command="sh run.sh", script="i=0; while [ $i -lt 20000 ]; do "
                             "i=$((i + 1)); done")
        self.submit(file, "--name", "used")
        self.wait_for_job("used")
        properties = self.show("used")["properties"]
        self.assertGreater(properties["trawl.cpu_seconds"], 0)
        self.assertGreater(properties["trawl.max_rss_bytes"], 1 << 19)
        self.assertEqual(self.rows("SELECT oom, cpu_s > 0 FROM attempts"), [(0, 1)])

    def test_a_trial_that_is_lost_again_and_again_fails_at_last(self):
        self.env["TRAWL_TAKEOVER"] = "0"
        self.start_coordinator()
        file = self.sweep_file("echo $1 >> $BOOK/runs\nwait_for gate-$1\nlog score 1\n",
                               "n: {type: choice, values: [0]}")
        self.submit(file, "--name", "cursed")
        for attempt in range(1, 10):
            self.wait_until(lambda: len(self.note("runs")) >= attempt or
                            self.statuses("cursed") == ["Failed"], f"attempt {attempt}")
            if self.statuses("cursed") == ["Failed"]:
                break
            self.kill_daemon("worker")
        self.wait_for_job("cursed", code=1)
        self.assertRegex(self.show("cursed_0")["properties"]["reason"],
                         r"^its worker was lost 5 times, the last 2 while it ran there alone$")


if __name__ == "__main__":
    main()
