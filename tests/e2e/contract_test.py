#!/usr/bin/env python3
"""What a trial finds around it, as in Azure ML: its environment, its code, its inputs and outputs,
and what is kept of it."""

import pathlib
import re

from trawl_case import TrawlCase, main

IO_SWEEP = """
    inputs:
      data: {type: uri_file, path: ../points.csv}
      base: 0.5
    outputs:
      model: {type: uri_folder}
      table: {type: uri_file}
"""


class Environment(TrawlCase):
    def environment_of(self, name):
        """What `env` printed into the trial's note."""
        pairs = (line.split("=", 1) for line in self.note(f"env-{name}") if "=" in line)
        return dict(pairs)

    def test_the_variables_of_the_contract_are_there(self):
        self.write("points.csv", "x\n1\n")
        file = self.sweep_file("env > $BOOK/env-$AZUREML_RUN_ID\nlog score 1\n",
                               "n: {type: choice, values: [7]}", more=IO_SWEEP)
        self.ok("run", file, "--name", "sweep")
        env = self.environment_of("sweep_0")
        for name, text in {
                "AZUREML_RUN_ID": "sweep_0", "AZUREML_ROOT_RUN_ID": "sweep",
                "AZUREML_EXPERIMENT_NAME": "e2e", "AZUREML_ARM_PROJECT_NAME": "e2e",
                "AZUREML_SWEEP_n": "7", "AZUREML_SWEEP_base": "0.5",
                "AZUREML_SWEEP_data": str(self.folder / "points.csv"),
                "MLFLOW_RUN_ID": "sweep_0", "MLFLOW_EXPERIMENT_NAME": "e2e"}.items():
            self.assertEqual(env.get(name), text, name)
        self.assertEqual(env["MLFLOW_EXPERIMENT_ID"], env["AZUREML_EXPERIMENT_ID"])
        self.assertRegex(env["MLFLOW_TRACKING_URI"], r"^http://127\.0\.0\.1:\d+/")
        self.assertGreaterEqual(len(env["MLFLOW_TRACKING_TOKEN"]), 32)
        self.assertTrue(env["AZURE_ML_OUTPUT_model"].endswith("/model"))
        self.assertTrue(env["AZURE_ML_OUTPUT_table"].startswith("/"))

    def test_a_command_job_gets_its_inputs_as_parameters(self):
        file = self.job_file(script="env > $BOOK/env-$AZUREML_RUN_ID",
                             more="inputs: {least: 2}\n"
                                  "environment_variables: {GREETING: hello world}\n")
        self.ok("run", file, "--name", "single")
        env = self.environment_of("single")
        self.assertEqual(env["AZUREML_PARAMETER_least"], "2")
        self.assertEqual(env["AZUREML_ROOT_RUN_ID"], "single")
        self.assertEqual(env["GREETING"], "hello world")

    def test_the_shell_that_submits_chooses_the_programs(self):
        self.start_coordinator()
        program = self.write("bin/chosen-program", "#!/bin/sh\necho chosen\n")
        program.chmod(0o755)
        path = f"{program.parent}:{self.env['PATH']}"
        finished = self.ok("run", self.job_file(command="chosen-program"), env={"PATH": path})
        self.assertEqual(finished.out, "chosen\n")

    def test_the_credentials_of_another_mlflow_server_do_not_reach_a_trial(self):
        file = self.job_file(script="env > $BOOK/env-$AZUREML_RUN_ID")
        foreign = {"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "secret-1",
                   "MLFLOW_TRACKING_URI": "http://elsewhere.invalid",
                   "MLFLOW_TRACKING_TOKEN": "secret-2"}
        self.ok("run", file, "--name", "own", env=foreign)
        env = self.environment_of("own")
        self.assertNotIn("MLFLOW_TRACKING_USERNAME", env)
        self.assertFalse([text for text in env.values() if "secret" in text or "invalid" in text])

    def test_the_token_is_in_the_environment_alone(self):
        self.start_coordinator("-v")
        file = self.sweep_file("""
            echo $MLFLOW_TRACKING_TOKEN > $BOOK/token
            log score 1
            wait_for gate
            exit 1
        """, "n: {type: choice, values: [0]}")
        self.submit(file, "--name", "secret")
        self.wait_until(lambda: self.note("token"), "the token")
        token = self.note("token")[0]
        for line in self.processes().values():
            self.assertNotIn(token, line)
        self.open_gate("gate")
        self.wait_for_job("secret", code=1)
        shown = [self.ok("job", "show", "-n", name).out for name in ("secret", "secret_0")]
        shown += [self.ends(1, "job", "stream", "-n", name).out for name in ("secret", "secret_0")]
        shown += [self.ok("job", "list", "--parent-job-name", "secret").out]
        for text in shown:
            self.assertNotIn(token, text)
        for path in self.folder.rglob("*"):
            if path.is_file() and path != self.book / "token":
                self.assertNotIn(token.encode(), path.read_bytes(), path)


class Code(TrawlCase):
    def test_later_edits_of_the_code_do_not_reach_later_trials(self):
        self.start_coordinator(slots=1)
        file = self.sweep_file("cat data.txt >> $BOOK/seen\nwait_for gate-$1\nlog score 1\n")
        data = self.write("sweep-files/src/data.txt", "as submitted\n")
        self.submit(file, "--name", "frozen")
        self.wait_until(lambda: self.note("seen"), "the first trial")
        data.write_text("edited\n")
        (data.parent / "run.sh").write_text("echo broken; exit 1\n")
        self.open_gate("gate-0", "gate-1", "gate-2")
        self.wait_for_job("frozen")
        self.assertEqual(self.note("seen"), ["as submitted"] * 3)

    def test_trials_do_not_see_each_others_files(self):
        file = self.sweep_file("""
            ls >> $BOOK/listing-$1
            touch mine-$1
            echo changed >> data.txt
            cat data.txt >> $BOOK/data-$1
            log score 1
        """)
        data = self.write("sweep-files/src/data.txt", "original\n")
        self.ok("run", file, "--name", "apart")
        for number in range(3):
            self.assertNotIn("mine", " ".join(self.note(f"listing-{number}")))
            self.assertEqual(self.note(f"data-{number}"), ["original", "changed"])
        self.assertEqual(data.read_text(), "original\n")

    def test_code_may_be_a_single_file(self):
        script = self.write("only.sh", "echo alone; ls\n")
        self.write("neighbour.txt", "not part of it\n")
        file = self.write("job.yml", "type: command\ncode: only.sh\ncommand: sh only.sh\n"
                          "environment: {image: debian}\n")
        out = self.ok("run", file).out
        self.assertIn(script.name, out)
        self.assertNotIn("neighbour", out)

    def test_links_and_permissions_of_the_code_are_kept(self):
        file = self.job_file(command="./tool && cat link.txt")
        source = self.folder / "job-files" / "src"
        self.write("job-files/src/tool", "#!/bin/sh\necho tool\n").chmod(0o755)
        self.write("job-files/src/target.txt", "linked\n")
        (source / "link.txt").symlink_to("target.txt")
        self.assertEqual(self.ok("run", file).out, "tool\nlinked\n")


class Kept(TrawlCase):
    def test_outputs_logs_and_what_was_printed_are_kept(self):
        file = self.job_file(command="sh run.sh ${{outputs.model}} ${{outputs.table}}", script="""
            echo out
            echo err >&2
            mkdir -p outputs/deep logs
            echo kept > outputs/deep/file.txt
            echo step > logs/train.log
            echo scratch > scratch.txt
            echo weights > $1/weights.bin
            echo a,b > $2
        """, more="outputs: {model: {type: uri_folder}, table: {type: uri_file}}\n")
        self.ok("run", file, "--name", "kept")
        self.assertEqual(self.log_of("kept"), "out\nerr\n")
        folder = self.show("kept")["properties"]["folder"]
        self.assertTrue((pathlib.Path(folder) / "std_log.txt").is_file())

        self.ok("job", "download", "-n", "kept", "-p", "plain")
        self.assertEqual(self.files("plain"),
                         {"artifacts/outputs/deep/file.txt": "kept\n",
                          "artifacts/logs/train.log": "step\n",
                          "artifacts/user_logs/std_log.txt": "out\nerr\n"})
        self.ok("job", "download", "-n", "kept", "--all", "-p", "all")
        named = {path: text for path, text in self.files("all").items() if "named" in path}
        self.assertEqual(named, {"named-outputs/model/weights.bin": "weights\n",
                                 "named-outputs/table/table": "a,b\n"})
        self.ok("job", "download", "-n", "kept", "--output-name", "model", "-p", "one")
        self.assertEqual(self.files("one"), {"named-outputs/model/weights.bin": "weights\n"})
        self.ends(4, "job", "download", "-n", "kept", "--output-name", "nothing", "-p", "none")

    def files(self, folder):
        root = self.folder / folder
        return {str(path.relative_to(root)): path.read_text()
                for path in root.rglob("*") if path.is_file()}

    def test_a_sweep_is_downloaded_as_its_best_trial_and_a_trial_as_itself(self):
        file = self.sweep_file("mkdir -p outputs\necho $1 > outputs/n.txt\nlog score -$1\n")
        self.ok("run", file, "--name", "ranked")
        self.ok("job", "download", "-n", "ranked", "-p", "best")
        self.ok("job", "download", "-n", "ranked_2", "-p", "other")
        self.assertEqual(self.files("best")["artifacts/outputs/n.txt"], "0\n")
        self.assertEqual(self.files("other")["artifacts/outputs/n.txt"], "2\n")

    def test_a_failed_trial_keeps_its_exit_code_and_last_lines(self):
        file = self.job_file(script="for i in 1 2 3; do echo line $i; done\nexit 42")
        finished = self.ends(1, "run", file, "--name", "failed")
        self.assertIn("failed: Failed: exit code 42: line 3", finished.err)
        properties = self.show("failed")["properties"]
        self.assertEqual(properties["exit_code"], 42)
        self.assertEqual(properties["last_lines"].split("\n")[:3], ["line 1", "line 2", "line 3"])

    def test_a_signal_is_recorded(self):
        self.ends(1, "run", self.job_file(script="kill -9 $$"), "--name", "shot")
        properties = self.show("shot")["properties"]
        self.assertEqual(properties["signal"], 9)
        self.assertIn("killed by signal 9", properties["reason"])

    def test_bytes_that_are_no_text_do_not_harm(self):
        file = self.job_file(script=r"printf '\377\376 \033[2J end\n'; exit 1")
        self.ends(1, "run", file, "--name", "noise")
        self.assertEqual(self.show("noise")["status"], "Failed")
        self.assertEqual(self.json("job", "list")[0]["name"], "noise")

    def test_times_and_names_are_shown(self):
        file = self.job_file(script="true", more="display_name: a-display-name\n"
                             "experiment_name: an-experiment\ntags: {team: red}\n"
                             "description: what it is for\n")
        self.ok("run", file, "--name", "named")
        job = self.show("named")
        self.assertEqual(job["display_name"], "a-display-name")
        self.assertEqual(job["experiment_name"], "an-experiment")
        self.assertEqual(job["tags"], {"team": "red"})
        times = [job["creation_context"]["created_at"], job["start_time"], job["end_time"]]
        self.assertEqual(times, sorted(times))
        for time in times:
            self.assertTrue(re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00$", time), time)


if __name__ == "__main__":
    main()
