#!/usr/bin/env python3
"""The machine's clock jumps by hours while sweeps run, and while the coordinator is down: limits
take as long as they should, no time goes back while a job runs, the follower is told, and the next
job shows the new time."""

import sqlite3
import subprocess
import time

from trawl_case import TrawlCase, main

HOURS = 6
JUMPS = {"ahead": HOURS * 3600, "back": -HOURS * 3600}  # seconds
LIMIT = 5  # seconds; the trial_timeout that must strike, while another of an hour must not
US = 1_000_000

# Moves what CLOCK_REALTIME says by the seconds that a file holds; the monotonic clock goes on.
SHIM = r"""
    #define _GNU_SOURCE
    #include <fcntl.h>
    #include <stdlib.h>
    #include <sys/syscall.h>
    #include <sys/time.h>
    #include <time.h>
    #include <unistd.h>

    static long jump(void) {
      char text[32];
      const char* path = getenv("CLOCK_JUMP");
      int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
      if (file < 0) return 0;
      ssize_t length = read(file, text, sizeof text - 1);
      close(file);
      if (length < 0) return 0;
      text[length] = 0;
      return strtol(text, NULL, 10);
    }
    int clock_gettime(clockid_t clock, struct timespec* now) {
      int result = (int)syscall(SYS_clock_gettime, clock, now);
      if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += jump();
      return result;
    }
    int gettimeofday(struct timeval* now, void* zone) {
      struct timespec at;
      (void)zone;
      clock_gettime(CLOCK_REALTIME, &at);
      now->tv_sec = at.tv_sec;
      now->tv_usec = at.tv_nsec / 1000;
      return 0;
    }
    time_t time(time_t* out) {
      struct timespec at;
      clock_gettime(CLOCK_REALTIME, &at);
      if (out != NULL) *out = at.tv_sec;
      return at.tv_sec;
    }
"""


class ClockJumps(TrawlCase):
    def setUp(self):
        super().setUp()
        source = self.write("shim.c", SHIM)
        shim = self.folder / "shim.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(shim), str(source)], check=True)
        self.jump_file = self.folder / "jump"
        self.env.update(LD_PRELOAD=str(shim), CLOCK_JUMP=str(self.jump_file))

    def jump(self, seconds):
        fresh = self.folder / "jump.new"
        fresh.write_text(str(seconds))
        fresh.rename(self.jump_file)

    def assert_about_now(self, at_us, jump):
        self.assertLess(abs(at_us / US - time.time() - jump), 600)

    def reports_of(self, trial):
        """None where there is no such trial yet."""
        rows = self.rows("SELECT reports FROM trials WHERE name = ?", trial)
        return rows[0][0] if rows else None

    def events(self):
        return [at for at, in self.rows("SELECT at_us FROM events ORDER BY id")]

    def start_sweeps(self):
        """`patient` logs at its gates and may take an hour, `hasty` sleeps until its limit."""
        self.start_coordinator(slots=2)
        script = "log score 1 0\nwait_for gate-1\nlog score 2 1\nwait_for gate-2\n"
        one = "n: {type: choice, values: [0]}"
        limits = "max_total_trials: 1, trial_timeout: {}, timeout: 7200"
        begun = time.monotonic()
        self.submit(self.sweep_file(script, one, "patient", limits=limits.format(3600)),
                    "--name", "patient")
        self.submit(self.sweep_file("log score 1\nwait_for never", one, "hasty",
                                    limits=limits.format(LIMIT)), "--name", "hasty")
        self.wait_until(lambda: self.reports_of("patient_0") == 1 and
                        self.rows("SELECT 1 FROM trials WHERE name = 'hasty_0' AND started_us > 0"),
                        "both trials to run")
        return begun

    def check_sweeps(self, begun, jump):
        """After the jump: both limits take what they should, and the times are the journal's."""
        self.wait_until(lambda: self.show("hasty")["status"] == "Canceled", "the limit to strike")
        self.assertGreaterEqual(time.monotonic() - begun, LIMIT)
        self.assertEqual(self.show("hasty_0")["properties"]["reason"],
                         f"limits.trial_timeout of {LIMIT} s is over")
        self.open_gate("gate-1")
        self.wait_until(lambda: self.reports_of("patient_0") == 2, "a report after the jump")
        self.open_gate("gate-2")
        self.wait_for_job("patient")
        self.assertEqual(self.statuses("patient"), ["Completed"])
        events = self.events()
        self.assertEqual(events, sorted(events))
        self.assertLess(events[-1] - events[0], 600 * US)
        for at_us in (events[0], events[-1]):
            self.assert_about_now(at_us, 0)
        # What the client said stands.
        (logged_ms,), = self.rows("SELECT timestamp_ms FROM metrics WHERE run_id = 'patient_0' AND "
                                  "key = 'score' AND step = 1")
        self.assert_about_now(logged_ms * 1000, jump)

    def check_next_job(self, jump):
        self.ok("run", self.job_file(script="true"), "--name", "next")
        for at_us in self.rows("SELECT created_us, started_us, ended_us FROM jobs WHERE name = "
                               "'next'")[0]:
            self.assert_about_now(at_us, jump)

    def jump_while_all_runs(self, way):
        jump = JUMPS[way]
        begun = self.start_sweeps()
        stream = self.start("job", "stream", "-n", "patient")
        self.jump(jump)
        self.check_sweeps(begun, jump)
        _, err = stream.communicate(timeout=60)
        told = f"this machine's clock jumped {way} by {HOURS}.0 h: limits of time go on"
        self.assertIn(f"trawl: warning: {told}", err)
        self.assertIn(told, (self.folder / "own-coordinator.log").read_text())
        self.check_next_job(jump)

    def jump_while_the_coordinator_is_down(self, way):
        jump = JUMPS[way]
        begun = self.start_sweeps()
        self.kill_daemon("coordinator")
        self.jump(jump)
        self.start_coordinator()
        self.wait_until(lambda: self.status()["slots"] == 2, "the worker to be back")
        self.assertIn(f"clock jumped {way}", self.status()["trouble"])
        self.check_sweeps(begun, jump)
        self.check_next_job(jump)

    def test_limits_go_on_when_the_clock_jumps_ahead_and_the_follower_is_told(self):
        self.jump_while_all_runs("ahead")

    def test_limits_go_on_when_the_clock_jumps_back_and_the_follower_is_told(self):
        self.jump_while_all_runs("back")

    def test_limits_go_on_when_the_clock_jumps_ahead_while_the_coordinator_is_down(self):
        self.jump_while_the_coordinator_is_down("ahead")

    def test_limits_go_on_when_the_clock_jumps_back_while_the_coordinator_is_down(self):
        self.jump_while_the_coordinator_is_down("back")

    def test_no_time_goes_back_when_the_machine_starts_with_an_older_clock(self):
        self.start_coordinator()
        file = self.sweep_file("log score 1 0\nwait_for gate", "n: {type: choice, values: [0, 1]}",
                               limits="max_total_trials: 2, max_concurrent_trials: 1, "
                                      "timeout: 3600")
        self.submit(file, "--name", "rebooted")
        self.wait_until(lambda: self.reports_of("rebooted_0") == 1, "a report")
        self.kill_everything()
        database = sqlite3.connect(self.home / "trawl.db")
        with database:
            self.assertEqual(database.execute("UPDATE store SET boot = 'another'").rowcount, 1)
        database.close()
        self.jump(JUMPS["back"])
        self.open_gate("gate")
        self.ok("job", "stream", "-n", "rebooted")
        self.assertEqual(self.statuses("rebooted"), ["Completed"] * 2)
        events = self.events()
        self.assertEqual(events, sorted(events))
        self.assert_about_now(events[-1], 0)
        self.assertIn(f"clock jumped back by {HOURS}.0 h",
                      (self.home / "coordinator.log").read_text())
        self.check_next_job(JUMPS["back"])


if __name__ == "__main__":
    main()
