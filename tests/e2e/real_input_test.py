#!/usr/bin/env python3
"""Job files from public repositories run to their end: cloud inputs are replaced with --set, nothing
else is changed. They lie beside the source tree and are read in place."""

import json
import pathlib
import unittest

from trawl_case import ROOT, TrawlCase, main

VALID = ROOT.parent / "shared" / "azureml" / "valid"
EXAMPLES = "azureml-examples/cli/jobs"
SDK = "azure-sdk-for-python/sdk/ml/azure-ai-ml/tests/test_configs"


@unittest.skipUnless(VALID.is_dir(), f"the public job files are not there: {VALID}")
class RealInput(TrawlCase):
    def setUp(self):
        super().setUp()
        self.csv = self.write("data/points.csv", "x,y\n1,2\n")
        self.name_last = 0

    def file(self, path):
        self.assertTrue((VALID / path).is_file(), path)
        return VALID / path

    def follow(self, path, *args, code=0):
        """Runs the file to its end; the job as `show` has it."""
        self.name_last += 1
        name = f"real-{self.name_last}"
        self.ends(code, "run", self.file(path), "--name", name, *args)
        return self.show(name)

    def input(self, name, path):
        return ["--set", f"inputs.{name}.path={path}"]

    def metric(self, name):
        """The training scripts there are stubs that log what this names."""
        return ["--set", f"trial.environment_variables.TRAWL_STUB_METRIC={name}"]

    def argvs(self, sweep):
        """The arguments of each trial's stub, which prints them as JSON."""
        return [json.loads(self.log_of(trial["name"]).splitlines()[0])["argv"]
                for trial in self.trials(sweep)]

    def check_sweep(self, job, statuses):
        self.assertEqual(job["status"], "Completed", job)
        self.assertEqual(job["properties"]["trials"], statuses, job)

    # --- sweeps

    def test_hello_sweep_with_its_metric(self):
        job = self.follow(f"{EXAMPLES}/basics/hello-sweep.yml", *self.metric("random_metric"))
        self.check_sweep(job, {"Completed": 4})
        self.assertAlmostEqual(job["properties"]["score"], 1 / 3)
        self.assertEqual(job["experiment_name"], "hello-sweep-example")
        for argv in self.argvs(job["name"]):
            self.assertEqual(argv[:2], ["--A", "0.5"])
            self.assertIn(argv[3], ["hello", "world", "hello_world"])
            self.assertTrue(0.1 <= float(argv[5]) <= 1.0, argv)

    def test_twenty_trials_of_the_iris_sweep_with_a_local_file(self):
        job = self.follow(f"{EXAMPLES}/single-step/scikit-learn/iris/job-sweep.yml",
                          *self.input("iris_csv", self.csv))
        self.check_sweep(job, {"Completed": 20})
        for argv in self.argvs(job["name"]):
            self.assertEqual(pathlib.Path(argv[1]).read_text(), self.csv.read_text())
            self.assertIn(argv[5], ["rbf", "linear", "poly"])

    def test_a_grid_over_a_registered_data_set(self):
        job = self.follow("mslearn-aml-cli/Allfiles/Labs/02/sweep-job/sweep-job.yml",
                          *self.input("diabetes", self.csv.parent))
        self.check_sweep(job, {"Completed": 6})
        grid = {(argv[3], argv[5]) for argv in self.argvs(job["name"])}
        self.assertEqual(grid, {(rate, n) for rate in ("0.01", "0.1", "1.0") for n in ("10", "100")})

    def test_a_truncation_sweep_that_its_timeout_of_five_seconds_suits(self):
        job = self.follow(f"{SDK}/sweep_job/sweep_job_test.yaml")
        self.check_sweep(job, {"Completed": 1})

    def test_a_grid_of_six_that_could_have_a_hundred_trials(self):
        self.check_sweep(self.follow("own/sweep-grid.yml"), {"Completed": 6})

    def test_a_conditional_space(self):
        job = self.follow("own/sweep-conditional.yml")
        self.check_sweep(job, {"Completed": 8})
        for trial in self.trials(job["name"]):
            model = trial["properties"]["parameters"]["model"]
            keys = {"tree": {"name", "depth"}, "mlp": {"name", "lr", "act"}}[model["name"]]
            self.assertEqual(set(model), keys)

    def test_a_seeded_sobol_sweep(self):
        job = self.follow("own/sweep-sobol-seed.yml")
        self.check_sweep(job, {"Completed": 8})
        rates = {float(argv[1]) for argv in self.argvs(job["name"])}
        self.assertEqual(len(rates), 8)

    def test_median_stopping_with_its_metric(self):
        job = self.follow("own/sweep-median.yml", *self.metric("val_loss"),
                          "--set", "limits.max_total_trials=2")
        self.check_sweep(job, {"Completed": 2})

    def test_every_distribution(self):
        job = self.follow("own/sweep-all-distributions.yml")
        self.check_sweep(job, {"Completed": 8})

    # --- commands

    def command(self, path, *args):
        job = self.follow(path, *args)
        self.assertEqual(job["status"], "Completed", job)
        return self.log_of(job["name"])

    def test_hello_world_with_an_environment_variable(self):
        self.assertEqual(self.command(f"{EXAMPLES}/basics/hello-world-env-var.yml"),
                         "hello world\n")

    def test_hello_world_with_tags_and_a_description(self):
        self.assertEqual(self.command(f"{EXAMPLES}/basics/hello-world-org.yml"), "hello world\n")

    def test_code_is_there(self):
        self.assertIn(".py", self.command(f"{EXAMPLES}/basics/hello-code.yml"))

    def test_a_file_from_the_web(self):
        text = self.command(f"{EXAMPLES}/single-step/lightgbm/iris/job.yml",
                            *self.input("iris_csv", self.csv))
        self.assertEqual(json.loads(text)["argv"], ["--iris-csv", str(self.csv)])

    def test_a_registered_folder(self):
        text = self.command(f"{EXAMPLES}/basics/hello-data-uri-folder.yml",
                            *self.input("sampledata", self.csv.parent))
        self.assertEqual(text, "points.csv\n")

    def test_literals_and_a_file_from_a_store(self):
        text = self.command(f"{EXAMPLES}/single-step/scikit-learn/iris/job.yml",
                            *self.input("iris_csv", self.csv))
        argv = json.loads(text)["argv"]
        self.assertEqual(argv[2:], ["--C", "0.8", "--kernel", "rbf", "--coef0", "0.1"])

    def test_a_local_model_as_input_and_a_folder_as_output(self):
        path = "azureml-examples@b5e74c4c/cli/assets/model/job-model-as-output.yml"
        argv = json.loads(self.command(path))["argv"]
        self.assertEqual((pathlib.Path(argv[3]) / "stub_output.txt").read_text(),
                         "written by stub\n")

    def test_a_model_that_a_cluster_would_train(self):
        path = "azureml-examples@155e92fa/tutorials/e2e-dask-sweep/train_job.yml"
        argv = json.loads(self.command(path, *self.input("nyc_taxi_parquet", self.csv.parent)))
        self.assertIn("--num_boost_round", argv["argv"])

    def test_single_braces_and_a_redirected_output(self):
        self.assertEqual(self.command("own/command-local.yml"), "")
        self.ok("job", "download", "-n", "real-1", "--output-name", "o", "-p", "here")
        text = (self.folder / "here/named-outputs/o/log.txt").read_text()
        self.assertIn("argv", json.loads(text))


if __name__ == "__main__":
    main()
