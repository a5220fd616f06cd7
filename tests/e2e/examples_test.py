#!/usr/bin/env python3
"""Every job file of examples/ runs to its end, unchanged, with the results that its README names."""

import json
import math
import pathlib
import subprocess

from trawl_case import EXAMPLES, TrawlCase, main, python_bin

LOAD_MODEL = """
import sys, joblib
from sklearn.datasets import load_digits
digits = load_digits()
print(joblib.load(sys.argv[1]).score(digits.data / 16.0, digits.target))
"""


def values_of(text):
    """NAME=VALUE lines as a dictionary."""
    return dict(line.split("=", 1) for line in text.splitlines())


def is_multiple(value, q):
    return math.isclose(value / q, round(value / q), abs_tol=1e-6)


class Examples(TrawlCase):
    def test_quickstart_finds_the_best_network_and_stops_the_hopeless_ones(self):
        self.ok("run", EXAMPLES / "quickstart/sweep.yml", "--name", "quickstart")
        job = self.show("quickstart")
        trials = self.trials("quickstart")
        self.assertEqual(job["status"], "Completed")
        self.assertEqual(len(trials), 16)

        self.check_learning_curves()
        self.check_stopped([trial for trial in trials if trial["status"] == "Canceled"])
        completed = [trial for trial in trials if trial["status"] == "Completed"]
        self.assertTrue(completed)
        for trial in completed:
            self.assertEqual(trial["properties"]["reports"], 60, trial)
            self.assertGreater(trial["properties"]["last_value"], 0.5, trial)

        best = {trial["name"]: trial["properties"]["best_value"] for trial in trials
                if "best_value" in trial["properties"]}
        self.assertEqual(job["properties"]["score"], max(best.values()))
        self.assertEqual(best[job["properties"]["best_child_run_id"]], max(best.values()))
        self.check_download("quickstart", job["properties"]["score"])

    def check_learning_curves(self):
        """Each accuracy lies between a guess and certainty, and a curve has each step once."""
        curves = {}
        for run, step, value in self.rows(
                "SELECT run_id, step, value FROM metrics WHERE key = 'accuracy'"):
            self.assertTrue(0.03 <= value <= 1, (run, step, value))
            self.assertNotIn(step, curves.setdefault(run, {}), run)
            curves[run][step] = value
        self.assertEqual(len(curves), 16)
        for run, curve in curves.items():
            self.assertEqual(sorted(curve), list(range(1, len(curve) + 1)), run)
        self.assertGreater(max(max(curve.values()) for curve in curves.values()), 0.95)
        self.assertGreater(len({round(max(curve.values()), 4) for curve in curves.values()}), 3)

    def check_stopped(self, stopped):
        self.assertTrue(stopped, "the bandit policy stopped no trial")
        for trial in stopped:
            properties = trial["properties"]
            self.assertEqual(properties["stopped_by"], "policy", trial)
            self.assertEqual(properties["policy"], "bandit", trial)
            self.assertRegex(properties["reason"],
                             r"^bandit: the best value up to report \d+ is [\d.]+; it must be at "
                             r"least [\d.]+ \(best of any trial [\d.]+ / \(1 \+ 0.15\)\)$")
            self.assertGreaterEqual(properties["reports"], 5, trial)

    def check_download(self, name, score):
        """The best trial's files come along, and its model is the one that was trained."""
        self.ok("job", "download", "-n", name, "-p", "here")
        artifacts = self.folder / "here" / "artifacts"
        self.assertIn("accuracy", (artifacts / "user_logs/std_log.txt").read_text())
        self.assertIn("precision", (artifacts / "classification_report.txt").read_text())
        loaded = subprocess.run(
            [f"{python_bin()}/python3", "-c", LOAD_MODEL, artifacts / "outputs/model.joblib"],
            text=True, stdout=subprocess.PIPE, check=True)
        self.assertGreater(float(loaded.stdout), score - 0.05)

    def test_hello_sweep_ranks_its_trials_by_the_smallest_distance(self):
        shown = json.loads(self.ok("run", EXAMPLES / "hello-sweep/sweep.yml", "-n", "hello", "-o",
                                   "json").out)
        self.assertEqual(shown["status"], "Completed")
        trials = self.trials("hello")
        self.assertEqual([trial["status"] for trial in trials], ["Completed"] * 4)
        distances = {}
        for trial in trials:
            drawn = trial["properties"]["parameters"]
            self.assertIn(drawn["word"], ["hello", "world", "hello_world"])
            self.assertTrue(0.1 <= drawn["scale"] <= 1.0, drawn)
            distances[trial["name"]] = abs(0.5 - drawn["scale"]) + 0.01 * len(drawn["word"])
            self.assertAlmostEqual(trial["properties"]["last_value"], distances[trial["name"]])
        best = shown["properties"]["best_child_run_id"]
        self.assertEqual(best, min(distances, key=distances.get))
        self.assertAlmostEqual(shown["properties"]["score"], distances[best])
        # What was drawn is what MLflow shows as the run's parameters, and the script's own run is
        # the trial's: it ended well.
        params = dict(self.rows("SELECT key, value FROM params WHERE run_id = ?", best))
        self.assertEqual(set(params), {"word", "scale"})
        self.assertEqual(set(self.rows("SELECT status FROM runs")), {("FINISHED",)})

    def test_hello_command_counts_words_into_its_named_output(self):
        finished = self.ok("run", EXAMPLES / "hello-command/job.yml", "--name", "hello-1")
        self.assertEqual(finished.out, "4 of 7 words occur 2 times or more\n")
        self.ok("job", "download", "-n", "hello-1", "--output-name", "words", "-p", "here")
        words = self.folder / "here/named-outputs/words/words.txt"
        self.assertEqual(words.read_text(), "4 a\n3 is\n2 net\n2 trawl\n")

    def test_shell_needs_no_python_and_keeps_outputs(self):
        finished = self.ok("run", EXAMPLES / "shell/job.yml", "--name", "shell-1")
        self.assertEqual(finished.out, "kept 3 of 5 measurements\n")
        self.ok("job", "download", "-n", "shell-1", "--all", "-p", "here")
        best = (self.folder / "here/named-outputs/best/best.csv").read_text()
        self.assertEqual(best, "station,depth\neast,31\nwest,25\nharbour,19\n")
        self.assertEqual((self.folder / "here/artifacts/outputs/sum.txt").read_text(), "75\n")

    def test_distributions_draws_within_every_support_and_says_that_nothing_was_logged(self):
        finished = self.ok("run", EXAMPLES / "distributions/sweep.yml", "--name", "distributions")
        self.assertIn("no trial logged the primary metric 'never_logged'", finished.err)
        trials = self.trials("distributions")
        self.assertEqual(len(trials), 6)
        for trial in trials:
            folder = pathlib.Path(trial["properties"]["folder"])
            drawn = values_of((folder / "work/outputs/values.txt").read_text())
            with self.subTest(trial=trial["name"], drawn=drawn):
                self.check_drawn(drawn, trial["properties"]["parameters"])
        self.assertGreater(len({t["properties"]["parameters"]["a_uniform"] for t in trials}), 5)

    def check_drawn(self, drawn, shown):
        self.assertIn(drawn["choice"], ["1", "2.5", "three"])
        self.assertIn(int(drawn["randint"]), range(10))
        self.assertTrue(-1 <= float(drawn["uniform"]) <= 1)
        self.assertEqual(float(drawn["uniform"]), shown["a_uniform"])
        self.assertTrue(0 <= float(drawn["quniform"]) <= 100)
        self.assertTrue(is_multiple(float(drawn["quniform"]), 5))
        self.assertTrue(math.exp(-9.21034) <= float(drawn["loguniform"]) <= 1)
        self.assertTrue(1 <= float(drawn["qloguniform"]) <= 1024)
        self.assertTrue(is_multiple(float(drawn["qloguniform"]), 1))
        self.assertLess(abs(float(drawn["normal"])), 8)
        self.assertTrue(is_multiple(float(drawn["qnormal"]), 0.5))
        self.assertTrue(0.1 < float(drawn["lognormal"]) < 10)
        self.assertTrue(is_multiple(float(drawn["qlognormal"]), 2))
        self.assertGreaterEqual(float(drawn["qlognormal"]), 0)
        conditional = shown["a_model"]
        if conditional["kind"] == "tree":
            self.assertIn(conditional["depth"], range(8))
            self.assertNotIn("penalty", conditional)
        else:
            self.assertEqual(conditional["kind"], "linear")
            self.assertTrue(0 <= conditional["penalty"] <= 1)
            self.assertNotIn("depth", conditional)

    def test_crash_records_why_trials_failed_and_goes_on(self):
        finished = self.ok("run", EXAMPLES / "crash/sweep.yml", "--name", "crash")
        self.assertIn("3 of 6 trials failed", finished.err)
        by_divisor = {t["properties"]["parameters"]["divisor"]: t for t in self.trials("crash")}
        self.assertEqual(set(by_divisor), {-1, 0, 1, 2, 4, 99})
        for divisor in (1, 2, 4):
            self.assertEqual(by_divisor[divisor]["status"], "Completed")
            self.assertEqual(by_divisor[divisor]["properties"]["last_value"], 12 / divisor)
        for divisor in (-1, 0, 99):
            self.assertEqual(by_divisor[divisor]["status"], "Failed")
        exits = by_divisor[-1]["properties"]
        self.assertEqual(exits["exit_code"], 3)
        self.assertIn("a negative divisor is not supported", exits["reason"])
        raises = by_divisor[0]["properties"]
        self.assertEqual(raises["exit_code"], 1)
        self.assertIn("ZeroDivisionError", raises["reason"])
        self.assertIn("Traceback", raises["last_lines"])
        # The shell may report the signal of its child as an exit code, or be replaced by the child.
        dies = by_divisor[99]["properties"]
        self.assertTrue(dies.get("signal") == 11 or dies.get("exit_code") == 139, dies)
        job = self.show("crash")
        self.assertEqual(job["status"], "Completed")
        self.assertEqual(job["properties"]["trials"], {"Completed": 3, "Failed": 3})
        self.assertEqual(job["properties"]["best_child_run_id"], by_divisor[1]["name"])
        self.assertEqual(job["properties"]["score"], 12)


if __name__ == "__main__":
    main()
