#!/usr/bin/env python3
"""What the state folder holds: who may read it, and what goes from it by itself."""

import os

from trawl_case import TrawlCase, main

SCRIPT = """
    echo made > outputs/made
    echo made > $AZURE_ML_OUTPUT_o/made
    mkdir outputs/folder
    umask > $BOOK/$1
"""


def mode_of(path):
    return path.lstat().st_mode & 0o777


class Modes(TrawlCase):
    def under(self, mask, verb, *args):
        """Runs the verb as a shell with that umask does."""
        before = os.umask(mask)
        try:
            return self.ok(verb, *args)
        finally:
            os.umask(before)

    def open_to_others(self, folder):
        """What below the folder others than its owner may read, write or enter."""
        return {str(path.relative_to(self.home)): oct(mode_of(path)) for path in folder.rglob("*")
                if not path.is_symlink() and mode_of(path) & 0o077}

    def job(self, name):
        return self.job_file(command=f"sh run.sh {name}", script=SCRIPT, name=name,
                             more="outputs: {o: }\n")

    def test_a_trial_has_the_umask_of_the_shell_that_submitted_it(self):
        # The coordinator of the first lives on, and serves the others.
        for mask in (0o022, 0o077, 0o002):
            name = f"mask{mask:03o}"
            self.under(mask, "run", self.job(name), "--name", name)
            self.assertEqual(self.note(name), [f"{mask:04o}"])
            attempt = self.home / "jobs" / name / "trials/0-attempt-1"
            for made in (attempt / "work/outputs/made", attempt / "named_outputs/o/made"):
                self.assertEqual(mode_of(made), 0o666 & ~mask, made)
            self.assertEqual(mode_of(attempt / "work/outputs/folder"), 0o777 & ~mask)

    def test_what_trawl_makes_itself_is_the_users_alone(self):
        self.start_coordinator("--tracking", "127.0.0.1:0", slots=1)  # these run on meanwhile
        for mask in (0o000, 0o022):
            self.under(mask, "run", self.job_file(command="exit 0", name=f"own{mask}"))
        self.ok("coordinator", "stop")
        self.kill_everything()
        file = self.job_file(script="wait_for gate", name="started")
        self.under(0o000, "job", "create", "-f", file, "--name", "it")  # starts a coordinator too
        self.wait_until(lambda: self.show("it")["status"] == "Running", "the job to run")
        # Copies of code keep their permissions, in folders that nobody else may enter.
        own = {path: mode for path, mode in self.open_to_others(self.home).items()
               if "/code" not in path and "/work/" not in path}
        self.assertEqual(own, {})
        (folder,) = [path for path in self.home.glob("snapshots/*") if path.is_dir()]
        self.assertEqual((mode_of(folder), mode_of(folder.parent)), (0o700, 0o700))
        self.open_gate("gate")
        self.wait_for_job("it")
        for name in ("trawl.db", "worker/spool.db", "coordinator.log", "worker.log"):
            self.assertEqual(mode_of(self.home / name), 0o600, name)


class Snapshots(TrawlCase):
    def snapshots(self):
        return sorted(self.home.glob("snapshots/*"))

    def none_left(self, what):
        self.wait_until(lambda: not self.snapshots(), what)

    def test_a_jobs_snapshot_goes_with_its_end_however_that_came(self):
        self.start_coordinator(slots=1)
        self.submit(self.job_file(script="wait_for gate", name="runs"), "--name", "runs")
        self.submit(self.job_file(script="exit 3", name="fails"), "--name", "fails")
        self.submit(self.job_file(script="exit 0", name="waits"), "--name", "waits")
        self.assertEqual(len(self.snapshots()), 3)
        self.ok("job", "cancel", "-n", "waits")
        self.wait_until(lambda: len(self.snapshots()) == 2, "the canceled job's to be removed")
        self.open_gate("gate")
        self.wait_for_job("fails", code=1)
        self.none_left("the snapshots of ended jobs to be removed")
        self.assertTrue((self.home / "jobs/runs/trials/0-attempt-1/work/run.sh").exists())

    def test_what_a_job_needs_stays_when_the_coordinator_is_killed_and_goes_afterwards(self):
        sweep = self.sweep_file("wait_for gate$1\nlog score 1\n")
        self.submit(sweep, "--name", "lr")
        self.open_gate("gate0")
        self.wait_until(lambda: "Completed" in self.statuses("lr"), "the first trial to end")
        (snapshot,) = self.snapshots()
        self.kill_daemon("coordinator")
        self.ok("job", "list")  # starts the next one
        self.assertTrue((snapshot / "environment").exists())
        self.open_gate("gate1", "gate2")
        self.wait_for_job("lr")
        self.none_left("the sweep's to be removed")

    def test_what_nobody_removed_goes_with_the_next_coordinator(self):
        # As if the coordinator had been killed between the job's end and the removal, or the
        # command while it submitted.
        self.ok("run", self.job_file(command="exit 0"), "--name", "first")
        self.none_left("the first job's to be removed")
        self.kill_daemon("coordinator")
        left = self.write("home/snapshots/0123456789abcdef/environment", "TOKEN=secret")
        code = self.write("home/snapshots/0123456789abcdef/code/a.py", "x")
        self.ok("job", "list")
        self.wait_until(lambda: not left.exists() and not code.exists(), "it to be removed")
        self.none_left("nothing to be left of it")


if __name__ == "__main__":
    main()
