#!/usr/bin/env python3
"""A coordinator that serves other machines: workers and clients over TCP with key files."""

import pathlib
import re
import socket
import struct
import subprocess
import threading

from remote_case import RemoteCase
from trawl_case import BINARY, main

REFUSED = "refuses this key: it is of another cluster, or has been replaced there"


class Joining(RemoteCase):
    def test_workers_of_two_machines_run_a_sweep_that_a_third_submits(self):
        address = self.listen()
        self.assertEqual(self.told.splitlines()[1],
                         f"workers join with: trawl worker start --coordinator {address} --key "
                         f"{self.home}/keys/worker.key")
        for name in ("red", "blue"):
            self.start_remote_worker(name, "--coordinator", address)
        self.wait_for_workers(2)
        submitter = self.other_home("submitter", "submit.key")
        env = {"TRAWL_HOME": str(submitter), "TRAWL_COORDINATOR": address}
        file = self.sweep_file("""
            log score $1
            echo $1 $$ >> $BOOK/ran
            until [ $(wc -l < $BOOK/ran) -ge 2 ]; do sleep 0.05; done
        """, "n: {type: choice, values: [0, 1, 2, 3]}")
        stream = self.ok("run", file, "--name", "far", env=env)
        self.assertIn("far", stream.out)
        self.assertEqual(self.statuses("far"), ["Completed"] * 4)
        self.assertEqual(self.rows("SELECT run_id, value FROM metrics WHERE key = 'score' "
                                   "ORDER BY run_id"), [(f"far_{n}", n) for n in range(4)])
        folders = [trial["properties"]["folder"] for trial in self.trials("far")]
        for name in ("red", "blue"):
            self.assertTrue(any(f"/machine-{name}/jobs/" in folder for folder in folders), folders)
        self.assertEqual(self.json("job", "show", "-n", "far", env=env)["status"], "Completed")
        self.assertEqual(self.json("coordinator", "status", env=env)["workers"], 2)

    def test_what_a_submitter_elsewhere_keeps_of_a_job_goes_with_its_next_submission(self):
        address = self.listen()
        self.start_remote_worker("red")
        submitter = self.other_home("submitter", "submit.key")
        env = {"TRAWL_HOME": str(submitter), "TRAWL_COORDINATOR": address}
        file = self.job_file(script="cat run.sh")
        kept = lambda: sorted(path.read_text().strip() for path in submitter.glob("submitted/*/*/job"))
        self.ok("run", file, "--name", "first", env=env)
        self.assertEqual(kept(), ["first"])
        # A local coordinator of that folder has nothing to do with it.
        self.ok("job", "list", env={"TRAWL_HOME": str(submitter)})
        self.ok("coordinator", "stop", env={"TRAWL_HOME": str(submitter)})
        self.assertEqual(kept(), ["first"])
        self.ok("run", file, "--name", "second", env=env)
        self.assertEqual(kept(), ["second"])

    def test_a_worker_on_the_coordinators_file_system_needs_to_be_told_nothing(self):
        self.listen()
        self.start_remote_worker("red", home=self.home)
        self.ok("run", self.job_file(script="true"), "--name", "near")
        self.assertTrue(self.show("near")["properties"]["folder"].startswith(f"{self.home}/jobs/"))
        self.assertTrue((self.home / "workers" / "red").is_dir())
        second = self.start_remote_worker("red", home=self.home)
        self.assertEqual(second.wait(timeout=60), 6)
        self.assertTrue(self.log_has("red", f"another worker has the folder {self.home}/workers/red; "
                                     "give this one a name of its own with --name"))

    def test_no_worker_is_started_beside_a_listening_coordinator_unless_asked_for(self):
        self.listen()
        self.submit(self.job_file(script="true"), "--name", "waits")
        self.assertEqual(self.json("coordinator", "status")["workers"], 0)
        self.assertEqual(self.daemon("worker"), [])
        self.ok("coordinator", "stop")
        self.listen("--local-worker")
        self.wait_for_job("waits")

    def test_a_coordinator_that_is_started_again_has_its_keys_and_gets_its_workers_back(self):
        address = self.listen()
        before = {path.name: path.read_text() for path in (self.home / "keys").iterdir()}
        self.start_remote_worker("red")
        self.wait_for_workers(1)
        self.ok("coordinator", "stop")
        self.listen(address=address)
        self.assertEqual({path.name: path.read_text() for path in (self.home / "keys").iterdir()},
                         before)
        self.wait_for_workers(1)
        self.ok("coordinator", "stop")
        moved = self.listen()
        text = self.key("worker.key").read_text()
        self.assertIn(f"coordinator = {moved}\n", text)
        self.assertEqual(re.sub("coordinator = .*", "", text),
                         re.sub("coordinator = .*", "", before["worker.key"]))

    def test_a_job_whose_folder_the_worker_does_not_see_fails_with_a_sentence_that_says_so(self):
        address = self.listen()
        hidden = self.other_home("hidden", "submit.key")
        self.submit(self.job_file(script="true"), "--name", "blind", "--home", hidden,
                    "--coordinator", address)
        # From here on it is as on a file system that the worker's machine does not have.
        (hidden / "submitted").rename(self.folder / "elsewhere")
        self.start_remote_worker("red")
        finished = self.ends(1, "job", "wait", "-n", "blind")
        self.assertRegex(finished.err + str(self.show("blind")),
                         f"this machine does not see {hidden}/submitted/.*, where the job's code and "
                         "variables were put when it was submitted: submit with a state folder "
                         "\\(--home\\) on a file system that every worker sees")

    def test_what_a_trial_logs_at_once_is_taken_up_to_the_size_of_a_message_and_refused_beyond(self):
        self.listen()
        self.start_remote_worker("red")
        self.write("job-files/src/log.py", """
            import json, os, urllib.error, urllib.request

            def log_inputs(count, size):
                datasets = [{"dataset": {"name": f"d{n}", "digest": f"{n}-{size}", "source_type": "local",
                                         "source": "x" * size}} for n in range(count)]
                request = urllib.request.Request(
                    os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-inputs",
                    json.dumps({"run_id": os.environ["MLFLOW_RUN_ID"], "datasets": datasets}).encode(),
                    {"Content-Type": "application/json",
                     "Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"]})
                try:
                    return urllib.request.urlopen(request).status
                except urllib.error.HTTPError as error:
                    return error.code, error.read().decode()

            print(log_inputs(30, 60_000))
            print(log_inputs(1, 2_100_000))
            print(log_inputs(1, 1_900_000))
        """)
        self.ok("run", self.job_file("python3 -S -E log.py"), "--name", "large")
        log = self.log_of("large").splitlines()
        self.assertEqual([log[0], log[2]], ["200", "200"], log)
        self.assertRegex(log[1], r"^\(400, .*bytes")
        self.wait_until(lambda: self.rows("SELECT count(*) FROM documents WHERE kind = 'dataset_input'")
                        == [(31,)], "what was logged")


    def test_what_a_trial_logs_at_once_may_be_larger_than_a_message_but_not_one_piece_of_it(self):
        self.listen()
        self.start_remote_worker("red")
        self.write("job-files/src/log.py", """
            import json, os, urllib.error, urllib.request

            def log_inputs(count, size):
                datasets = [{"dataset": {"name": f"d{n}", "digest": f"{n}-{size}", "source_type": "local",
                                         "source": "x" * size}} for n in range(count)]
                request = urllib.request.Request(
                    os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-inputs",
                    json.dumps({"run_id": os.environ["MLFLOW_RUN_ID"], "datasets": datasets}).encode(),
                    {"Content-Type": "application/json",
                     "Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"]})
                try:
                    return urllib.request.urlopen(request).status
                except urllib.error.HTTPError as error:
                    return error.code, error.read().decode()

            print(log_inputs(30, 60_000))
            print(log_inputs(1, 2_050_000))
            print(log_inputs(1, 1_900_000))
        """)
        self.ok("run", self.job_file("python3 -S -E log.py"), "--name", "large")
        log = self.log_of("large").splitlines()
        self.assertEqual([log[0], log[2]], ["200", "200"], log)
        self.assertRegex(log[1], r"^\(400, .*bytes")
        self.wait_until(lambda: self.rows("SELECT count(*) FROM documents WHERE kind = 'dataset_input'")
                        == [(31,)], "what was logged")


class Keys(RemoteCase):
    def test_a_key_of_another_cluster_is_refused_with_address_file_and_the_way_out(self):
        address = self.listen()
        other = self.folder / "other"
        self.ok("coordinator", "start", "--listen", "127.0.0.1:0", "--detach",
                env={"TRAWL_HOME": str(other)})
        self.ok("coordinator", "stop", env={"TRAWL_HOME": str(other)})
        # The right coordinator with a key that is not its own.
        keys = self.other_home("stranger")
        for name in ("worker.key", "submit.key"):
            theirs = self.key(name).read_text()
            foreign = (other / "keys" / name).read_text()
            server = re.search("coordinator_key = .*", theirs)[0]
            mixed = "\n".join(server if line.startswith("coordinator_key") else line
                              for line in foreign.splitlines()) + "\n"
            path = keys / "keys" / name
            path.write_text(mixed)
            path.chmod(0o600)
        env = {"TRAWL_HOME": str(keys), "TRAWL_COORDINATOR": address}
        refused = self.ends(5, "job", "list", env=env)
        self.assertEqual(refused.err, f"trawl: error: the coordinator at {address} {REFUSED} (the key "
                                      f"file is {keys}/keys/submit.key)\n")
        worker = self.start_remote_worker("red", "--coordinator", address, home=keys)
        self.wait_until(lambda: self.log_has("red", REFUSED), "the worker to say so")
        self.assertTrue(self.log_has("red", f"the coordinator at {address} {REFUSED}; the key file is "
                                     f"{keys}/keys/worker.key: copy it again"))
        self.assertIsNone(worker.poll(), "the key may be mended")
        self.wait_until(lambda: "a connection from 127.0.0.1 was refused: its key is not one of this "
                                "cluster's" in self.coordinator_log(), "the coordinator to say so")
        # The other coordinator's key for this one's address.
        unlike = self.other_home("unlike")
        (unlike / "keys" / "submit.key").write_text((other / "keys" / "submit.key").read_text())
        (unlike / "keys" / "submit.key").chmod(0o600)
        refused = self.ends(5, "job", "list", env={**env, "TRAWL_HOME": str(unlike)})
        self.assertIn(f"the coordinator at {address} ended the handshake: it has another key than the "
                      "key file names, or is no coordinator of trawl", refused.err)

    def test_a_key_that_others_may_read_is_refused_with_what_to_type(self):
        self.listen()
        home = self.other_home("open", "worker.key", "submit.key")
        for name, command, code in (("worker.key", ("worker", "start"), 3),
                                    ("submit.key", ("--coordinator", self.address, "job", "list"), 3)):
            path = home / "keys" / name
            path.chmod(0o644)
            refused = self.ends(code, *command, env={"TRAWL_HOME": str(home)})
            self.assertEqual(refused.err, f"trawl: error: {path}: others may read it, and it holds a "
                                          f"secret; close it with `chmod 600 {path}`\n")

    def test_a_key_can_come_from_a_named_file_a_variable_or_standard_input(self):
        address = self.listen()
        nowhere = {"TRAWL_HOME": str(self.other_home("nowhere")), "TRAWL_COORDINATOR": address}
        missing = self.ends(4, "job", "list", env=nowhere)
        self.assertIn("there is no key file", missing.err)
        self.assertIn("copy keys/submit.key from the coordinator's state folder", missing.err)
        key = self.key("submit.key")
        self.ok("job", "list", "--key", key, env=nowhere)
        self.ok("job", "list", env={**nowhere, "TRAWL_KEY": str(key)})
        piped = subprocess.run([BINARY, "job", "list", "--key", "-"], input=key.read_text(), text=True,
                               capture_output=True, env={**self.env, **nowhere}, timeout=60)
        self.assertEqual(piped.returncode, 0, piped.stderr)
        wrong = self.ends(3, "job", "list", "--key", self.key("worker.key"), env=nowhere)
        self.assertIn("this is no key of submitters", wrong.err)

    def test_a_removed_key_shuts_out_whoever_has_a_copy(self):
        address = self.listen()
        home = self.other_home("former", "submit.key")
        env = {"TRAWL_HOME": str(home), "TRAWL_COORDINATOR": address}
        self.ok("job", "list", env=env)
        self.ok("coordinator", "stop")
        self.key("submit.key").unlink()
        self.listen(address=address)
        self.assertIn(REFUSED, self.ends(5, "job", "list", env=env).err)
        self.ok("job", "list", env={**env, "TRAWL_KEY": str(self.key("submit.key"))})

    def test_no_secret_is_in_arguments_environments_or_logs(self):
        address = self.listen()
        self.start_remote_worker("red")
        self.wait_for_workers(1)
        submitter = self.other_home("submitter", "submit.key")
        env = {"TRAWL_HOME": str(submitter), "TRAWL_COORDINATOR": address,
               "TRAWL_KEY": str(submitter / "keys" / "submit.key")}
        stream = self.start("run", self.job_file(script="touch $BOOK/up; wait_for gate"), "-v",
                            "--name", "it", env=env)
        self.wait_until(lambda: (self.book / "up").exists(), "the trial to run")
        secrets = self.secrets()
        self.assertEqual(len(secrets), 3)
        self.assertGreaterEqual(len(self.processes()), 4)
        self.assertEqual(self.processes_that_tell(secrets), [])
        self.open_gate("gate")
        out, err = stream.communicate(timeout=60)
        self.assertEqual(stream.returncode, 0, err)
        texts = [out.encode(), err.encode(), self.coordinator_log().encode(),
                 self.logs["red"].read_bytes(), self.told.encode()]
        # Nor in what a job keeps: the store, the spool, the snapshot.
        for path in self.folder.rglob("*"):
            if path.is_file() and path.parent.name != "keys":
                texts.append(path.read_bytes())
        for secret in secrets:
            self.assertFalse(any(secret in text for text in texts))

    def test_the_keys_are_their_owners_alone_and_a_damaged_one_is_named(self):
        self.listen()
        folder = self.home / "keys"
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        self.assertEqual({path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()},
                         dict.fromkeys(("coordinator.key", "worker.key", "submit.key"), 0o600))
        self.ok("coordinator", "stop")
        with open(self.key("worker.key"), "a") as file:
            file.write("secret = x\n")
        refused = self.ends(3, "coordinator", "start", "--listen", "127.0.0.1:0")
        self.assertRegex(refused.err, f"{self.key('worker.key')}:7: an unknown name; there are: role")


class Addresses(RemoteCase):
    def test_an_address_where_nobody_listens_is_said_at_once(self):
        self.listen()
        home = self.other_home("client", "submit.key")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        refused = self.ends(5, "--coordinator", f"127.0.0.1:{port}", "job", "list",
                            env={"TRAWL_HOME": str(home)})
        self.assertEqual(refused.err,
                         f"trawl: error: the coordinator at 127.0.0.1:{port} cannot be reached: "
                         "Connection refused; is `trawl coordinator start --listen` running there, "
                         "and this its address?\n")

    def test_what_cannot_be_listened_on_is_said(self):
        self.listen()
        self.env["TRAWL_HOME"] = str(self.folder / "second")
        for detach in ([], ["--detach"]):
            taken = self.ends(6, "coordinator", "start", "--listen", self.address, *detach)
            self.assertIn(f"cannot listen on {self.address}: Address already in use", taken.err)
            wrong = self.ends(3, "coordinator", "start", "--listen", "nonsense", *detach)
            self.assertIn("--listen nonsense: write HOST:PORT", wrong.err)
        both = self.ends(3, "coordinator", "start", "--listen", "127.0.0.1:0", "--leave-when-idle", "5")
        self.assertIn("excludes", both.err)

    def test_every_address_is_told_as_the_hosts_name(self):
        self.listen(address="0.0.0.0:0")
        host, _, port = self.address.rpartition(":")
        self.assertEqual(host, socket.gethostname())
        self.assertIn(f"--coordinator {host}:{port} --key", self.told)
        home = self.other_home("client", "submit.key")
        self.ok("job", "list", "--coordinator", f"127.0.0.1:{port}", env={"TRAWL_HOME": str(home)})


class Versions(RemoteCase):
    """A coordinator of another version is played by a relay that doctors frames of the Unix socket."""

    def test_a_client_and_a_worker_of_another_version_are_told_so(self):
        self.listen()
        path = pathlib.Path(self.status()["address"].removeprefix("ipc://"))
        real = path.with_name("real.sock")
        path.rename(real)
        relay = Relay(path, real)
        self.addCleanup(relay.close)
        client = self.ends(5, "job", "list")
        self.assertRegex(client.err, r"trawl: error: the coordinator refuses: this coordinator is trawl "
                                     r"\S+ and speaks protocol \d+; the client speaks 999: install the "
                                     "same version on both")
        worker = self.ends(5, "worker", "start", "--coordinator", f"ipc://{path}", "--cpus", "1")
        self.assertRegex(worker.err, "the worker speaks 999: install the same version on both")
        self.assertRegex(self.coordinator_log(), "a process on this machine was refused: this "
                                                 "coordinator is trawl .*the worker speaks 999")


class Relay:
    """Between a client and the coordinator's Unix socket; makes the client's frames those of version
    999."""

    def __init__(self, path, real):
        self.real = str(real)
        self.ends = []
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        for end in (self.server, *self.ends):
            end.close()

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            coordinator = socket.socket(socket.AF_UNIX)
            coordinator.connect(self.real)
            for pair in ((client, coordinator, self.doctored), (coordinator, client, bytes)):
                threading.Thread(target=self.copy, args=pair, daemon=True).start()
            self.ends += [client, coordinator]

    @staticmethod
    def doctored(data):
        return re.sub(rb"TRWL..", b"TRWL" + struct.pack("<H", 999), data, flags=re.DOTALL)

    @staticmethod
    def copy(source, target, change):
        try:
            while data := source.recv(65536):
                target.sendall(change(data))
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


if __name__ == "__main__":
    main()
