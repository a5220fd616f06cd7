#!/usr/bin/env python3
"""Faults of every kind on the local path: each is said clearly, and nothing is lost. docs/faults.md
has the list for people."""

import os
import signal
import subprocess

from trawl_case import TrawlCase, main


class Output(TrawlCase):
    """What cannot be printed is not done: exit code 74, or the signal of a closed pipe."""

    def to(self, path, *args):
        with open(path, "w") as out:
            child = self.start(*args, stdout=out)
            _, err = child.communicate(timeout=60)
        return child.returncode, err

    def test_an_answer_that_cannot_be_written_is_an_error(self):
        for args in (["job", "list", "-o", "json"], ["--help"], ["--version"],
                     ["job", "show", "--help"]):
            with self.subTest(args=args):
                code, err = self.to("/dev/full", *args)
                self.assertEqual(code, 74, err)
                self.assertRegex(err, "^trawl: error: cannot write to the output: "
                                      "(No space left on device|Input/output error)\n$")

    def test_a_followed_job_goes_on_when_its_follower_cannot_write(self):
        for kind, file in (("sweep", self.sweep_file("log score $1\nwait_for gate")),
                           ("job", self.job_file(script="echo up\nwait_for gate"))):
            with self.subTest(kind=kind):
                (self.book / "gate").unlink(missing_ok=True)
                code, err = self.to("/dev/full", "run", file, "--name", kind)
                self.assertEqual(code, 74, err)
                self.assertIn("No space left on device", err)
                self.assertIn(f"{kind} goes on without: `trawl job stream -n {kind}`", err)
                self.assertNotIn(self.show(kind)["status"], ("Completed", "Failed", "Canceled"))
                self.open_gate("gate")
                self.wait_for_job(kind)

    def test_a_pipe_that_closes_in_the_middle_is_no_success(self):
        self.submit(self.sweep_file("log score $1\nwait_for gate"), "--name", "piped")
        for handler, codes in ((signal.SIG_DFL, {-signal.SIGPIPE}), (signal.SIG_IGN, {74})):
            with self.subTest(handler=handler):
                child = self.start("job", "stream", "-n", "piped", restore_signals=False,
                                   preexec_fn=lambda: signal.signal(signal.SIGPIPE, handler))
                child.stdout.readline()
                child.stdout.close()
                self.open_gate("gate")  # more to print than a buffer that nobody reads any more
                self.assertIn(child.wait(timeout=60), codes)
        self.wait_for_job("piped")

    def test_nothing_that_a_trial_prints_reaches_the_terminal_as_it_is(self):
        evil = "printf 'bad \\033]0;owned\\007 \\033[31mred\\n' >&2; exit 3"
        self.ends(1, "run", self.job_file(script=evil), "--name", "one")
        finished = self.ends(1, "job", "wait", "-n", "one")
        self.assertIn(r"exit code 3: bad \x1b]0;owned\x07 \x1b[31mred", finished.err)
        file = self.sweep_file(evil)
        for verb in (["run", file, "--name", "many"], ["job", "stream", "-n", "many"],
                     ["job", "wait", "-n", "many"], ["job", "list", "--parent-job-name", "many"],
                     ["job", "list", "--parent-job-name", "many", "-o", "table"],
                     ["job", "show", "-n", "many_0", "-o", "yaml"],
                     ["job", "show", "-n", "many_0", "-o", "tsv", "--query", "properties.reason"]):
            with self.subTest(verb=verb):
                finished = self.trawl(*verb)
                for text in (finished.out, finished.err):
                    self.assertNotRegex(text, "[\x00-\x08\x0b-\x1f\x7f]")


class Reasons(TrawlCase):
    """Why a trial ended, in its own words where it has some."""

    def test_an_exception_is_the_reason_and_not_what_mlflow_prints_after_it(self):
        self.write("raise-files/src/train.py", '''
            import mlflow

            with mlflow.start_run():
                mlflow.log_metric("score", 1)
                raise ValueError("x is below zero")
        ''')
        file = self.write("raise-files/raise.yml", "type: command\ncode: src\n"
                          "command: python train.py\nenvironment: {image: debian}\n")
        finished = self.ends(1, "run", file, "--name", "raise")
        self.assertIn("View run", self.log_of("raise"))
        self.assertIn("raise: Failed: exit code 1: ValueError: x is below zero\n", finished.err)

    def test_trials_that_logged_nan_alone_are_not_said_to_have_logged_nothing(self):
        finished = self.ok("run", self.sweep_file("log score nan"), "--name", "diverged")
        self.assertIn("no trial that counts logged a number as the primary metric 'score'",
                      finished.err)
        self.assertEqual(self.show("diverged_0")["properties"]["reason"],
                         "logged only NaN as the primary metric 'score'")


if __name__ == "__main__":
    main()
