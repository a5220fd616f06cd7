#!/usr/bin/env python3
"""`trawl coordinator start --tracking`: the runs of all jobs for notebooks and other clients."""

import http.client
import json
import pathlib
import socket
import stat
import subprocess
import threading
import urllib.parse

from trawl_case import FIXTURES, TrawlCase, main, python_bin

# Logs three values and an artifact, as a script with the stock client does.
TRAINING = """
    for step in 0 1 2; do log score $1.$step $step; done
    python3 - $1 <<'END'
import sys
import mlflow
mlflow.log_text(f"trial {sys.argv[1]}", "note.txt")
END
"""


class Api:
    """One keep-alive connection to the tracking address."""

    def __init__(self, uri, token=""):
        where = urllib.parse.urlsplit(uri)
        self.connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, verb, path, body=None, **headers):
        """Status and document of the answer."""
        headers = {**self.headers, **headers}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.connection.request(verb, f"/api/2.0/mlflow/{path}",
                                None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        return answer.status, json.loads(text) if text.startswith("{") else text

    def post(self, path, **body):
        return self.call("POST", path, body)

    def new_run(self, experiment="0"):
        status, answer = self.post("runs/create", experiment_id=experiment, start_time=1)
        if status != 200:
            raise AssertionError(f"{status}: {answer}")
        return answer["run"]["info"]["run_id"]


class Tracking(TrawlCase):
    def start_tracking(self, *options, slots=None, address="127.0.0.1:0"):
        self.start_coordinator("--tracking", address, *options, slots=slots)
        self.uri = self.status()["tracking"]
        return self.uri

    def api(self, uri, token=""):
        api = Api(uri, token)
        self.addCleanup(api.connection.close)
        return api

    def token(self):
        return self.ok("coordinator", "token").out.strip()

    def notebook(self, sweep, token):
        done = subprocess.run(
            [f"{python_bin()}/python3", FIXTURES / "notebook.py", sweep], cwd=self.folder,
            env={**self.env, "MLFLOW_TRACKING_URI": self.uri, "MLFLOW_TRACKING_TOKEN": token,
                 "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_DISABLE_TELEMETRY": "true",
                 "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "NO_PROXY": "127.0.0.1",
                 "GIT_PYTHON_REFRESH": "quiet"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        return json.loads(done.stdout.splitlines()[-1])

    def test_a_notebook_reads_a_sweep_and_adds_to_it(self):
        self.start_tracking(slots=2)
        sweep = self.submit(self.sweep_file(TRAINING), "--name", "lr")
        self.wait_for_job(sweep)
        saw = self.notebook(sweep, self.token())
        self.assertEqual(saw["children"], ["lr_0", "lr_1", "lr_2"])
        self.assertEqual(saw["best first"], ["lr_2", "lr_1"])
        self.assertEqual(saw["by param"], ["lr_2"])
        self.assertEqual(saw["finished"], ["lr", "lr_0", "lr_1", "lr_2"])
        self.assertEqual(saw["parent"], ["FINISHED", "lr_2", {}])
        self.assertEqual(saw["best"], [2.2, "2", "lr_2"])
        self.assertEqual(saw["history"], [[0, 2.0], [1, 2.1], [2, 2.2]])
        self.assertEqual(saw["artifacts"], ["note.txt"])
        self.assertEqual(saw["artifact"], "trial 2")
        self.assertEqual(saw["tagged"], ["lr_2"])
        self.assertEqual(saw["study"], ["FINISHED", {"of": "lr"}, 0.5])
        self.assertEqual(saw["part"], [True, "words"])
        self.assertEqual(saw["after deletion"], ["lr_1", "lr_2"])
        self.assertEqual(saw["deleted"], "deleted")
        self.assertFalse(saw["token in addresses"])
        self.assertEqual(self.show("lr_0")["status"], "Completed")  # the job knows nothing of it
        self.assertEqual(len(self.trials("lr")), 3)

    def test_show_names_the_address_while_it_is_served(self):
        uri = self.start_tracking(slots=1)
        self.submit(self.job_file(command="exit 0"), "--name", "it")
        self.wait_for_job("it")
        self.assertEqual(self.show("it")["services"]["Tracking"],
                         {"endpoint": uri, "type": "Tracking"})
        self.ok("coordinator", "stop")
        self.assertNotIn("services", self.show("it"))

    def test_without_the_token_nothing_is_told(self):
        uri = self.start_tracking()
        token = self.token()
        path = "experiments/get?experiment_id=0"
        for wrong in ("", "x", token[:-1], token + "0", token.upper() + "Z"):
            status, answer = self.api(uri, wrong).call("GET", path)
            self.assertEqual((status, answer["error_code"]), (401, "UNAUTHENTICATED"), wrong)
        self.assertEqual(self.api(uri, token).call("GET", path)[0], 200)
        self.assertEqual(self.api(uri).post("runs/create", experiment_id="0")[0], 401)
        self.assertEqual(self.rows("SELECT count(*) FROM runs"), [(0,)])

    def test_the_token_is_private_and_stays(self):
        token = self.token()
        self.assertRegex(token, "^[0-9a-f]{64}$")
        self.start_tracking()
        self.assertEqual(self.token(), token)
        mode = (self.home / "tracking-token").stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        for pid in self.processes():
            for kind in ("cmdline", "environ"):
                self.assertNotIn(token.encode(), pathlib.Path(f"/proc/{pid}/{kind}").read_bytes())
        self.api(self.uri, token).new_run()
        log = self.folder / "own-coordinator.log"
        self.assertNotIn(token, log.read_text())

    def test_a_page_of_another_site_is_refused_where_no_token_is_asked_for(self):
        api = self.api(self.start_tracking("--no-auth"))
        path = "experiments/get?experiment_id=0"
        self.assertEqual(api.call("GET", path)[0], 200)
        status, answer = api.call("GET", path, Host="rebound.example:5000")
        self.assertEqual(status, 403)
        self.assertIn("Invalid Host header", str(answer))
        status, answer = api.call("POST", "runs/create", {"experiment_id": "0"},
                                  Origin="http://evil.example")
        self.assertEqual(status, 403, answer)

    def test_what_was_acknowledged_outlives_a_kill(self):
        uri = self.start_tracking("--no-auth")
        run = self.api(uri).new_run()
        acknowledged = []

        def log():
            api, step = self.api(uri), 0
            try:
                while api.post("runs/log-metric", run_id=run, key="m", value=step / 8,
                               timestamp=7, step=step)[0] == 200:
                    acknowledged.append(step)
                    step += 1
            except (OSError, http.client.HTTPException):
                pass  # the coordinator is gone

        logger = threading.Thread(target=log)
        logger.start()
        self.wait_until(lambda: len(acknowledged) >= 50, "fifty answers")
        self.kill_daemon("coordinator")
        logger.join()
        api = self.api(self.start_tracking("--no-auth"))
        status, answer = api.call("GET", f"metrics/get-history?run_id={run}&metric_key=m")
        self.assertEqual(status, 200)
        kept = [(row["step"], row["value"]) for row in answer["metrics"]]
        self.assertEqual(kept[:len(acknowledged)], [(n, n / 8) for n in acknowledged])
        self.assertLessEqual(len(kept), len(acknowledged) + 1)  # one may lack its answer

    def test_of_two_values_for_a_param_one_is_refused(self):
        uri = self.start_tracking("--no-auth")
        run = self.api(uri).new_run()
        count = 40
        answers = {"a": [], "b": []}

        def log(value):
            api = self.api(uri)
            for key in range(count):
                barrier.wait()
                answers[value].append(api.post("runs/log-parameter", run_id=run, key=f"p{key}",
                                               value=value)[0])

        barrier = threading.Barrier(len(answers))
        threads = [threading.Thread(target=log, args=(value,)) for value in answers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept = dict(self.rows("SELECT key, value FROM params WHERE run_id = ?", run))
        for key in range(count):
            codes = {value: answers[value][key] for value in answers}
            self.assertEqual(sorted(codes.values()), [200, 400])
            self.assertEqual(codes[kept[f"p{key}"]], 200)

    def test_a_coordinator_that_a_job_started_serves_no_tracking(self):
        self.submit(self.job_file(script="true"))
        self.assertNotIn("tracking", self.status())

    def test_addresses_that_cannot_be_served_are_explained(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            for more in ([], ["--detach"]):
                refused = self.ends(6, "coordinator", "start", "--tracking", address, *more)
                self.assertIn(address.rpartition(":")[2], refused.err)
                self.assertIn("taken", refused.err)
        for address, why in (("5000", "HOST:PORT"), (":5000", "HOST:PORT"),
                             ("127.0.0.1:70000", "0 to 65535"), ("127.0.0.1:x", "0 to 65535"),
                             ("::1:5000", "brackets"), ("no-such-host.invalid:5000", "no address")):
            for more in ([], ["--detach"]):
                refused = self.ends(3, "coordinator", "start", "--tracking", address, *more)
                self.assertIn(why, refused.err)
        refused = self.ends(3, "coordinator", "start", "--tracking", "0.0.0.0:0", "--no-auth")
        self.assertIn("coordinator token", refused.err)
        for wrong in (["--no-auth"], ["--tracking", "127.0.0.1:0", "--leave-when-idle", "5"]):
            self.assertIn("--tracking", self.ends(3, "coordinator", "start", *wrong).err)
        self.assertEqual(self.processes(), {})

    def test_a_detached_coordinator_says_where_it_serves(self):
        self.ok("coordinator", "start", "--detach", "--tracking", "localhost:0", "--no-auth")
        uri = self.status()["tracking"]
        self.assertRegex(uri, r"^http://127\.0\.0\.1:[1-9]\d*$")
        self.assertEqual(self.api(uri).call("GET", "experiments/get?experiment_id=0")[0], 200)


if __name__ == "__main__":
    main()
