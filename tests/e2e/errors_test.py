#!/usr/bin/env python3
"""What goes wrong is said clearly, at its place, with the exit code that the README names."""

import re

from trawl_case import TrawlCase, main

BAD_SWEEP = """
    type: sweep
    trial:
      code: nowhere
      command: python train.py --x ${{search_space.y}}
      environment: {image: debian}
    sampling_algorithm: randomly
    search_space:
      x: {type: unifrom, min_value: 0, max_value: 1}
    objective:
      gaol: minimize
      primary_metric: loss
    limits:
      max_total_trials: many
"""


class BadFiles(TrawlCase):
    def errors(self, file, *args):
        """The errors of a refused file as (line, column, text)."""
        finished = self.ends(3, *(args or ("run",)), file)
        self.assertEqual(finished.out, "")
        place = re.compile(rf"^{re.escape(str(file))}:(\d+):(\d+): error: (.+)$", re.M)
        found = [(int(line), int(column), text)
                 for line, column, text in place.findall(finished.err)]
        self.assertTrue(found, finished)
        return found

    def test_all_errors_of_a_file_come_at_once_each_at_its_place(self):
        file = self.write("bad.yml", BAD_SWEEP.lstrip("\n"))
        found = {line: text for line, _, text in self.errors(file)}
        lines = file.read_text().splitlines()
        line_of = {word: next(i for i, line in enumerate(lines, 1) if word in line)
                   for word in ("nowhere", "randomly", "unifrom", "gaol", "many")}
        self.assertLessEqual(set(line_of.values()), set(found), found)
        self.assertIn("did you mean 'uniform'?", found[line_of["unifrom"]])
        self.assertIn("did you mean 'goal'?", found[line_of["gaol"]])
        self.assertIn("allowed: random, grid, bayesian", found[line_of["randomly"]])
        # create and validate say the same; the job was not made.
        self.assertEqual(self.errors(file, "job", "create", "-f"), self.errors(file))
        self.assertEqual(self.json("job", "list"), [])

    def test_a_file_that_is_no_yaml_is_refused_at_its_place(self):
        file = self.write("broken.yml", "type: command\ncommand: 'echo\n")
        self.errors(file)
        file = self.write("tab.yml", "type: command\n\tcommand: echo\n")
        self.assertEqual(self.errors(file)[0][0], 2)
        file = self.write("list.yml", "- type: command\n")
        self.assertEqual(self.errors(file)[0][:2], (1, 1))

    def test_a_file_that_cannot_be_read_is_named(self):
        finished = self.ends(3, "run", self.folder / "nowhere.yml")
        self.assertIn(f"{self.folder}/nowhere.yml: error: cannot read", finished.err)
        self.ends(3, "run", self.folder)
        binary = self.folder / "binary.yml"
        binary.write_bytes(bytes(range(256)))
        self.ends(3, "run", binary)

    def test_an_override_is_checked_like_the_file(self):
        file = self.job_file(script="true")
        finished = self.ends(3, "run", file, "--set", "limits.timeout=soon")
        self.assertIn("--set limits.timeout=soon: error:", finished.err)
        self.ends(3, "run", file, "--set", "nonsense")
        self.ends(3, "run", file, "--set", "limits.tmieout=60")

    def test_validate_has_no_effect(self):
        good = self.job_file(script="touch $BOOK/ran")
        finished = self.ok("job", "validate", "-f", good)
        self.assertIn(": valid", finished.err)
        self.ends(3, "job", "validate", "-f", self.write("bad.yml", "type: comand\n"))
        self.assertEqual(self.note("ran"), [])
        self.assertEqual(self.daemon("coordinator"), [], "validate needs no coordinator")


class BadTrials(TrawlCase):
    def test_a_missing_script_fails_every_trial_and_the_sweep(self):
        file = self.sweep_file("", command="python nowhere.py")
        finished = self.ends(1, "run", file, "--name", "missing")
        self.assertIn("3 of 3 trials failed and none completed", finished.err)
        self.assertIn("nowhere.py", finished.err)
        for trial in self.trials("missing"):
            self.assertEqual(trial["status"], "Failed")
            self.assertEqual(trial["properties"]["exit_code"], 2)
            self.assertIn("nowhere.py", trial["properties"]["last_lines"])
        self.assertEqual(self.show("missing")["status"], "Failed")
        self.ends(1, "job", "wait", "-n", "missing")
        self.ends(1, "job", "stream", "-n", "missing")

    def test_a_command_that_is_not_found_is_called_so(self):
        file = self.job_file(command="no-such-program --please")
        finished = self.ends(1, "run", file, "--name", "lost")
        self.assertIn("exit code 127 (a shell's code for a command that it cannot find)",
                      finished.err)
        self.assertIn("no-such-program", finished.err)
        self.assertEqual(self.show("lost")["properties"]["exit_code"], 127)

    def test_a_metric_that_is_never_logged_is_said_loudly(self):
        file = self.sweep_file("log another 1")
        finished = self.ok("run", file, "--name", "silent")
        sentence = ("no trial logged the primary metric 'score', so there is no best trial: the "
                    'script must call mlflow.log_metric("score", value)')
        self.assertIn(sentence, finished.err)
        job = self.show("silent")
        self.assertEqual(job["status"], "Completed")
        self.assertEqual(job["properties"]["reason"], sentence)
        self.assertNotIn("best_child_run_id", job["properties"])
        refused = self.ends(4, "job", "download", "-n", "silent")
        self.assertIn("has no best trial", refused.err)

    def test_an_input_that_is_not_there_is_refused_at_its_place(self):
        file = self.job_file(script="true", more="""
            inputs:
              data: {type: uri_file, path: ./nowhere.csv}
        """)
        finished = self.ends(3, "run", file)
        self.assertRegex(finished.err, r"job\.yml:\d+:\d+: error: .*nowhere\.csv")


class StateFolder(TrawlCase):
    def test_a_folder_that_others_may_enter_is_refused_and_left_as_it_is(self):
        shared = self.write("shared/keep.txt", "mine").parent
        shared.chmod(0o1777)
        finished = self.ends(3, "--home", str(shared), "job", "list")
        self.assertIn("open to other users", finished.err)
        self.assertEqual(shared.stat().st_mode & 0o7777, 0o1777)
        self.assertEqual([entry.name for entry in shared.iterdir()], ["keep.txt"])


class BadCommands(TrawlCase):
    def test_an_unknown_name_is_exit_code_4(self):
        for verb in ("show", "stream", "wait", "cancel", "download"):
            finished = self.ends(4, "job", verb, "-n", "nobody")
            self.assertIn("'nobody'", finished.err)
            self.assertEqual(finished.out, "")
        self.ends(4, "job", "list", "--parent-job-name", "nobody")

    def test_a_name_that_is_taken_is_exit_code_6(self):
        file = self.job_file(script="true")
        self.ok("run", file, "--name", "taken")
        finished = self.ends(6, "run", file, "--name", "taken")
        self.assertIn("there is a job named 'taken' already", finished.err)
        self.assertEqual(len(self.json("job", "list")), 1)

    def test_an_ended_job_cannot_be_canceled(self):
        self.ok("run", self.job_file(script="true"), "--name", "over")
        finished = self.ends(6, "job", "cancel", "-n", "over")
        self.assertIn("'over' has already ended", finished.err)

    def test_the_files_of_a_running_job_cannot_be_downloaded_yet(self):
        name = self.submit(self.job_file(script="wait_for gate"))
        finished = self.ends(6, "job", "download", "-n", name)
        self.assertIn("wait for its end", finished.err)

    def test_two_coordinators_on_one_folder_are_a_conflict(self):
        self.start_coordinator()
        finished = self.ends(6, "coordinator", "start")
        self.assertIn("another coordinator has the state folder", finished.err)
        self.ends(6, "coordinator", "start", "--detach")
        self.assertEqual(len(self.daemon("coordinator")), 1)

    def test_two_workers_on_one_folder_are_a_conflict(self):
        self.start_coordinator(slots=1)
        finished = self.ends(6, "worker", "start", "--coordinator", self.status()["address"])
        self.assertIn("another worker has the folder", finished.err)

    def test_without_a_coordinator_its_status_is_exit_code_5(self):
        finished = self.ends(5, "coordinator", "status")
        self.assertIn("no coordinator runs for", finished.err)
        self.ends(5, "coordinator", "stop")

    def test_bad_usage_is_exit_code_3_and_says_what_is_wrong(self):
        for args, said in ((["job", "show", "-n", "x", "--colour"], "--colour"),
                           (["job", "show"], "--name"),
                           (["run"], "file"),
                           (["job", "list", "-o", "xml"], "xml"),
                           (["job", "list", "--max-results", "-1"], "max-results"),
                           ([], "subcommand")):
            with self.subTest(args=args):
                finished = self.ends(3, *args)
                self.assertIn(said, finished.err)
                self.assertEqual(finished.out, "")

    def test_help_and_version_are_answers(self):
        self.assertRegex(self.ok("--version").out, r"^trawl \d+\.\d+\.\d+")
        self.assertIn("trawl run sweep.yml", self.ok("--help").out)
        self.assertIn("--name", self.ok("job", "show", "--help").out)

    def test_a_state_folder_that_cannot_be_made_is_named(self):
        occupied = self.write("occupied", "a file")
        finished = self.ends(5, "job", "list", "--home", occupied)
        self.assertIn(str(occupied), finished.err)

    def test_a_state_folder_with_a_long_name_works(self):
        home = self.folder / ("long-" * 30)
        self.ok("run", self.job_file(script="true"), "--home", home)


if __name__ == "__main__":
    main()
