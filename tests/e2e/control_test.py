#!/usr/bin/env python3
"""Who decides when something runs and when it stops: cancel, limits, slots, Ctrl-C, idleness."""

import re
import signal

from trawl_case import TrawlCase, is_alive, main

BLOCKED = "echo $1 $$ >> $BOOK/runs\nlog score $1\nwait_for gate-$1\n"


class Cancel(TrawlCase):
    def test_a_canceled_sweep_ends_its_trials_and_starts_no_more(self):
        self.start_coordinator("--stop-grace", "1", slots=2)
        self.submit(self.sweep_file(BLOCKED), "--name", "unwanted")
        waiting = self.start("job", "wait", "-n", "unwanted")
        self.wait_until(lambda: len(self.note("runs")) == 2, "two trials to run")
        self.ok("job", "cancel", "-n", "unwanted")
        out, err = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 2, out + err)
        self.assertIn("unwanted: Canceled: canceled on request", err)
        self.assertEqual(self.trial_processes(), {})
        self.assertEqual(self.statuses("unwanted"), ["Canceled"] * 2)
        for trial in self.trials("unwanted"):
            self.assertEqual(trial["properties"]["stopped_by"], "cancel")
            self.assertEqual(trial["properties"]["signal"], signal.SIGTERM)
        self.ends(2, "job", "stream", "-n", "unwanted")

    def test_one_trial_is_canceled_and_the_sweep_goes_on(self):
        self.start_coordinator(slots=2)
        self.submit(self.sweep_file(BLOCKED), "--name", "kept")
        self.wait_until(lambda: len(self.note("runs")) == 2, "two trials to run")
        self.ok("job", "cancel", "-n", "kept_0")
        self.ends(2, "job", "wait", "-n", "kept_0")
        self.ends(2, "job", "stream", "-n", "kept_0")
        self.open_gate("gate-1", "gate-2")
        self.wait_for_job("kept")
        self.assertEqual(self.statuses("kept"), ["Canceled", "Completed", "Completed"])
        self.assertEqual(self.show("kept")["properties"]["best_child_run_id"], "kept_2")

    def test_a_job_that_waits_for_a_slot_is_canceled_at_once(self):
        self.start_coordinator(slots=1)
        first = self.submit(self.job_file(script="wait_for gate"))
        second = self.submit(self.job_file(script="touch $BOOK/ran", name="second"))
        self.assertEqual(self.show(second)["status"], "Queued")
        self.ok("job", "cancel", "-n", second)
        self.wait_for_job(second, code=2)
        self.open_gate("gate")
        self.wait_for_job(first)
        self.assertEqual(self.note("ran"), [])

    def test_a_script_may_clean_up_before_it_is_killed(self):
        self.start_coordinator("--stop-grace", "30")
        name = self.submit(self.job_file(script="""
            trap 'echo bye >> $BOOK/bye; exit 0' TERM
            echo up >> $BOOK/up
            while :; do sleep 0.05; done
        """))
        self.wait_until(lambda: self.note("up"), "the script to be ready")
        self.ok("job", "cancel", "-n", name)
        self.wait_for_job(name, code=2)
        self.assertEqual(self.note("bye"), ["bye"])

    def test_a_script_that_ignores_sigterm_is_killed_after_the_grace(self):
        self.start_coordinator("--stop-grace", "1")
        name = self.submit(self.job_file(script="""
            trap 'echo no >> $BOOK/ignored' TERM
            echo up >> $BOOK/up
            while :; do sleep 0.05; done
        """))
        self.wait_until(lambda: self.note("up"), "the script to be ready")
        self.ok("job", "cancel", "-n", name)
        self.wait_for_job(name, code=2)
        self.assertTrue(self.note("ignored"), "SIGTERM comes first")
        self.assertEqual(self.show(name)["properties"]["signal"], signal.SIGKILL)
        self.assertEqual(self.trial_processes(), {})

    def test_children_in_sessions_of_their_own_are_gone_after_a_cancel(self):
        self.start_coordinator("--stop-grace", "1")
        name = self.submit(self.job_file(script="""
            setsid sh -c 'echo $$ >> $BOOK/pids; while :; do sleep 0.2; done' &
            setsid sh -c "trap '' TERM; "'echo $$ >> $BOOK/pids; while :; do sleep 0.2; done' &
            wait
        """.replace("$BOOK", str(self.book))))
        self.wait_until(lambda: len(self.note("pids")) == 2, "the children")
        pids = [int(line) for line in self.note("pids")]
        self.assertEqual([is_alive(pid) for pid in pids], [True, True])
        self.ok("job", "cancel", "-n", name)
        self.wait_for_job(name, code=2)
        self.assertEqual([is_alive(pid) for pid in pids], [False, False])
        self.assertEqual(self.trial_processes(), {})


class Limits(TrawlCase):
    def test_a_sweep_ends_when_its_timeout_is_over(self):
        file = self.sweep_file("log score $1\nwait_for never\n",
                               limits="max_total_trials: 3, max_concurrent_trials: 1, timeout: 1")
        finished = self.ends(2, "run", file, "--name", "late")
        self.assertIn("late: Canceled: limits.timeout of 1 s is over", finished.err)
        for trial in self.trials("late"):
            self.assertEqual(trial["status"], "Canceled")
            self.assertEqual(trial["properties"]["stopped_by"], "timeout")

    def test_a_command_ends_when_its_timeout_is_over(self):
        file = self.job_file(script="wait_for never", more="limits: {timeout: 1}\n")
        finished = self.ends(2, "run", file, "--name", "late")
        self.assertIn("limits.timeout of 1 s is over", finished.err)

    def test_a_trial_ends_when_the_trial_timeout_is_over_and_the_sweep_goes_on(self):
        file = self.sweep_file("""
            log score $1
            if [ $1 = 0 ]; then wait_for never; fi
        """, limits="max_total_trials: 3, max_concurrent_trials: 1, trial_timeout: 1")
        self.ok("run", file, "--name", "slow")
        self.assertEqual(self.statuses("slow"), ["Canceled", "Completed", "Completed"])
        properties = self.show("slow_0")["properties"]
        self.assertEqual(properties["stopped_by"], "trial_timeout")
        self.assertEqual(properties["reason"], "limits.trial_timeout of 1 s is over")

    def test_max_concurrent_trials_holds_where_there_are_more_slots(self):
        self.start_coordinator(slots=4)
        self.check_bound("max_concurrent_trials = 2 (the workers have 4 slots)",
                         concurrent=2, running=2)

    def test_the_slots_hold_where_more_trials_may_run(self):
        self.start_coordinator(slots=1)
        self.check_bound("the workers' 1 slot (max_concurrent_trials is 3)",
                         concurrent=3, running=1)

    def test_a_long_trial_between_short_ones_holds_up_nothing(self):
        # The short ones are given successors ahead of time; behind the long one they go back.
        self.start_coordinator(slots=1)
        file = self.sweep_file("if [ $1 = 9 ]; then wait_for go; fi",
                               "n: {type: choice, values: [0, 1, 2, 3, 4, 9, 5, 6, 7]}",
                               limits="max_total_trials: 9, max_concurrent_trials: 1")
        self.submit(file, "--name", "mixed")
        self.wait_until(lambda: self.rows("SELECT 1 FROM attempts WHERE outcome = 'returned'")
                        or self.statuses("mixed").count("Completed") == 8,
                        "a successor to come back")
        self.open_gate("go")
        self.wait_for_job("mixed")
        self.assertEqual(self.statuses("mixed"), ["Completed"] * 9)
        self.assertEqual(self.rows("SELECT count(*) FROM attempts WHERE outcome = 'exited'"), [(9,)])

    def check_bound(self, text, concurrent, running):
        file = self.sweep_file(BLOCKED, "n: {type: choice, values: [0, 1, 2, 3, 4, 5]}",
                               limits=f"max_total_trials: 6, max_concurrent_trials: {concurrent}")
        self.submit(file, "--name", "bound")
        self.wait_until(lambda: self.statuses("bound").count("Running") == running,
                        f"{running} trials to run")
        properties = self.show("bound")["properties"]
        self.assertEqual(properties["concurrency_bound_by"], text)
        self.assertEqual(properties["trials"], {"Running": running})
        self.open_gate(*(f"gate-{n}" for n in range(6)))
        self.wait_for_job("bound")
        spans = self.rows("SELECT started_us, ended_us FROM attempts")
        self.assertEqual(len(spans), 6)
        for begin, _ in spans:
            at_once = sum(1 for other in spans if other[0] <= begin < other[1])
            self.assertLessEqual(at_once, running)
        self.assertNotIn("concurrency_bound_by", self.show("bound")["properties"])

    def test_a_grid_that_runs_out_before_max_total_trials_ends(self):
        finished = self.ok("run", self.sweep_file("log score $1"), "--name", "small")
        self.assertIn("the search space has no further combination", finished.out)
        drawn = [trial["properties"]["parameters"]["n"] for trial in self.trials("small")]
        self.assertEqual(drawn, [0, 1, 2])

    def test_max_total_trials_ends_a_grid_that_has_more(self):
        file = self.sweep_file("log score $1", limits="max_total_trials: 2")
        self.ok("run", file, "--name", "cut")
        self.assertEqual(self.statuses("cut"), ["Completed"] * 2)

    def test_the_same_seed_draws_the_same_parameters(self):
        def drawn(name, seed):
            file = self.sweep_file(
                "log score 1", "x: {type: uniform, min_value: 0, max_value: 1}, "
                "y: {type: choice, values: [a, b, c, d]}", name=name, command="sh run.sh",
                sampling=f"{{type: random, seed: {seed}}}",
                limits="max_total_trials: 4, max_concurrent_trials: 2")
            self.ok("run", file, "--name", name)
            return [trial["properties"]["parameters"] for trial in self.trials(name)]
        first = drawn("first", 5)
        self.assertEqual(drawn("second", 5), first)
        self.assertNotEqual(drawn("third", 6), first)
        self.assertEqual(len({parameters["x"] for parameters in first}), 4)


class Follow(TrawlCase):
    def test_ctrl_c_detaches_and_says_how_to_come_back(self):
        self.submit(self.sweep_file(BLOCKED, "n: {type: choice, values: [0]}"), "--name", "on")
        stream = self.start("job", "stream", "-n", "on")
        self.assertIn("submitted", stream.stdout.readline())
        self.wait_until(lambda: self.note("runs"), "the trial to run")
        self.detach(stream, "on")
        self.assertEqual(self.show("on")["status"], "Running")
        self.open_gate("gate-0")
        self.ok("job", "stream", "-n", "on")
        self.assertEqual(len(self.note("runs")), 1)

    def test_ctrl_c_in_a_run_leaves_the_command_running(self):
        file = self.job_file(script="echo $$ >> $BOOK/runs\necho up\nwait_for gate")
        client = self.start("run", file, "--name", "on")
        self.assertEqual(client.stdout.readline(), "up\n")
        self.detach(client, "on")
        self.assertTrue(is_alive(int(self.note("runs")[0])))
        self.open_gate("gate")
        self.wait_for_job("on")

    def detach(self, client, name):
        client.send_signal(signal.SIGINT)
        _, err = client.communicate(timeout=60)
        self.assertEqual(client.returncode, 130, err)
        self.assertIn(f"{name} goes on. Come back with `trawl job stream -n {name}`", err)

    def test_the_stream_of_a_trial_is_its_log_as_it_grows(self):
        file = self.sweep_file("echo begin\nwait_for gate\necho end >&2\nlog score 1\n",
                               "n: {type: choice, values: [0]}")
        self.submit(file, "--name", "talks")
        self.wait_until(lambda: self.statuses("talks") == ["Running"], "the trial to run")
        stream = self.start("job", "stream", "-n", "talks_0")
        self.assertEqual(stream.stdout.readline(), "begin\n")
        self.open_gate("gate")
        out, err = stream.communicate(timeout=60)
        self.assertEqual((stream.returncode, out), (0, "end\n"), err)

    def test_two_followers_see_the_same(self):
        self.submit(self.sweep_file(BLOCKED), "--name", "seen")
        followers = [self.start("job", "stream", "-n", "seen") for _ in range(2)]
        self.open_gate("gate-0", "gate-1", "gate-2")
        outputs = [follower.communicate(timeout=60)[0] for follower in followers]
        self.assertEqual([follower.returncode for follower in followers], [0, 0])
        self.assertEqual(len(set(outputs)), 1, outputs)
        self.assertEqual(len(re.findall(r"seen_\d +Completed", outputs[0])), 3, outputs[0])


class Processes(TrawlCase):
    def test_an_idle_coordinator_and_its_worker_leave_by_themselves(self):
        coordinator = self.start_coordinator("--leave-when-idle", "1")
        self.ok("run", self.job_file(script="true"), "--name", "quick")
        self.assertEqual(coordinator.wait(timeout=60), 0)
        self.wait_until(lambda: not self.processes(), "everything to leave", deadline=90)
        # The state is still there for the next one.
        self.assertEqual(self.show("quick")["status"], "Completed")

    def test_a_coordinator_with_work_does_not_leave(self):
        coordinator = self.start_coordinator("--leave-when-idle", "0.2")
        file = self.job_file(script="sleep 1\nwait_for gate")
        name = self.submit(file)
        self.wait_until(lambda: self.status()["uptime_s"] > 1, "more time than it would idle")
        self.assertIsNone(coordinator.poll())
        self.open_gate("gate")
        self.wait_for_job(name)
        self.assertEqual(coordinator.wait(timeout=60), 0)

    def test_a_stopped_coordinator_leaves_trials_running_for_the_next_one(self):
        coordinator = self.start_coordinator()
        self.submit(self.sweep_file(BLOCKED, "n: {type: choice, values: [0]}"), "--name", "over")
        self.wait_until(lambda: self.note("runs"), "the trial to run")
        self.ok("coordinator", "stop")
        self.assertEqual(coordinator.wait(timeout=60), 0)
        self.ends(5, "coordinator", "status")
        pid = int(self.note("runs")[0].split()[1])
        self.assertTrue(is_alive(pid))
        self.open_gate("gate-0")
        self.ok("job", "stream", "-n", "over")
        self.assertEqual(len(self.note("runs")), 1)

    def test_many_first_clients_share_one_coordinator(self):
        clients = [self.start("job", "list", "-o", "json") for _ in range(12)]
        for client in clients:
            out, err = client.communicate(timeout=60)
            self.assertEqual((client.returncode, out.strip()), (0, "[]"), err)
        self.assertEqual(len(self.daemon("coordinator")), 1)

    def test_a_detached_coordinator_may_leave_when_it_is_idle(self):
        self.ok("coordinator", "start", "--detach", "--leave-when-idle", "0.5")
        self.wait_until(lambda: not self.processes(), "it to leave")

    def test_a_detached_coordinator_serves_when_start_returns(self):
        started = self.ok("coordinator", "start", "--detach")
        status = self.status()
        self.assertIn(f"runs as process {status['pid']}", started.err)
        self.assertEqual(status["unfinished_jobs"], 0)
        self.ok("run", self.job_file(script="true"))
        self.assertEqual(self.status()["pid"], status["pid"])
        self.ok("coordinator", "stop")
        self.wait_until(lambda: not is_alive(status["pid"]), "the coordinator to end")


if __name__ == "__main__":
    main()
