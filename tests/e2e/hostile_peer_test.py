#!/usr/bin/env python3
"""Peers with a valid key that send what no peer should, as fast as they can: they cost the coordinator
less than 10 MB of memory, are dropped by name, and harm nobody else."""

import os
import pathlib
import re
import socket
import subprocess

from remote_case import RemoteCase
from trawl_case import main

PEER = os.environ["TRAWL_HOSTILE_PEER"]
KILOBYTES_MAX = 10_000
SECONDS = "3"  # of each flood
LEAST_SENT = {"noise": 1000, "large": 3, "oversized": 3, "parts": 1000, "version": 1000, "hellos": 1000}


class HostilePeer(RemoteCase):
    def memory(self, name):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", text)[1])

    def start_cluster(self):
        """A coordinator with a worker on which a trial runs."""
        self.listen()
        self.pid = self.status()["pid"]
        self.start_remote_worker("good")
        self.stream = self.start("run", self.sweep_file("""
            log score $1; touch $BOOK/up-$1; wait_for gate; log score 1$1 1
        """, "n: {type: choice, values: [0, 1]}", limits="max_total_trials: 2, max_concurrent_trials: 1"),
            "--name", "healthy")
        self.wait_until(lambda: (self.book / "up-0").exists(), "a trial to run")

    def end_cluster(self):
        """The trial has lost nothing, and the next one runs on the same worker."""
        self.open_gate("gate")
        out, err = self.stream.communicate(timeout=120)
        self.assertEqual(self.stream.returncode, 0, out + err)
        self.assertEqual(self.rows("SELECT number, attempt, outcome FROM attempts ORDER BY number"),
                         [(0, 1, "exited"), (1, 1, "exited")])
        self.assertEqual(self.status()["pid"], self.pid)

    def flood(self, mode, key="worker.key"):
        """What the coordinator's memory grew by at its most, in kB."""
        before = self.memory("VmRSS")
        with open(f"/proc/{self.pid}/clear_refs", "w") as file:
            file.write("5")  # VmHWM begins anew
        peer = subprocess.run([PEER, str(self.key(key)), mode, SECONDS], capture_output=True, text=True,
                              timeout=120)
        self.assertEqual(peer.returncode, 0, peer.stderr)
        self.assertGreaterEqual(int(peer.stdout), LEAST_SENT[mode], "it has been a flood")
        return self.memory("VmHWM") - before

    def check_flood(self, mode, words):
        self.start_cluster()
        grown = self.flood(mode)
        print(f"{mode}: {grown} kB", flush=True)
        self.assertLess(grown, KILOBYTES_MAX)
        log = self.coordinator_log()
        self.assertRegex(log, words)
        self.assertLess(len(log.splitlines()), 40, "a flood fills no disk")
        self.end_cluster()

    def test_noise(self):
        self.check_flood("noise", "a worker at 127.0.0.1 sent what it must not and is disconnected: not "
                                  "a message of trawl")

    def test_large_noise(self):
        self.check_flood("large", "a worker at 127.0.0.1 sent what it must not and is disconnected: not "
                                  "a message of trawl")

    def test_frames_above_the_limit_are_not_even_read(self):
        self.check_flood("oversized", "listening")

    def test_a_message_whose_parts_go_on_and_on(self):
        self.check_flood("parts", "a connection from 127.0.0.1 is disconnected: it sent 2.25 MiB and more "
                                  "that could not be read, as no worker or client does")

    def test_frames_of_another_version(self):
        self.check_flood("version", "a worker at 127.0.0.1 was refused: this coordinator is trawl .* the "
                                    "worker speaks 9: install the same version on both")

    def test_a_name_that_would_lead_out_of_a_folder(self):
        self.check_flood("hellos", "a worker at 127.0.0.1 sent what it must not and is disconnected: a "
                                   "worker's name that is none")

    def test_a_submitter_that_says_it_is_a_worker(self):
        self.start_cluster()
        self.flood("hellos", key="submit.key")
        self.assertIn("a submitter at 127.0.0.1 sent what it must not and is disconnected: a worker's "
                      "message, which a submitter's key does not allow", self.coordinator_log())
        self.assertEqual(self.status()["workers"], 1)
        self.end_cluster()

    def test_a_worker_that_submits_or_stops_the_coordinator(self):
        """With the trial's own means: the file of its worker's key, made to look like a submitter's."""
        self.start_cluster()
        thief = self.other_home("thief")
        path = thief / "keys" / "submit.key"
        path.write_text(self.key("worker.key").read_text().replace("role = worker", "role = submitter"))
        path.chmod(0o600)
        for command in (("coordinator", "stop"), ("job", "list"), ("job", "cancel", "-n", "healthy")):
            refused = self.ends(5, "--coordinator", self.address, *command,
                                env={"TRAWL_HOME": str(thief)})
            self.assertIn("went away", refused.err)
        self.assertIn("a worker at 127.0.0.1 sent what it must not and is disconnected: a command of a "
                      "client, which a worker's key does not allow", self.coordinator_log())
        self.end_cluster()

    def test_connections_without_a_key_that_never_finish(self):
        self.start_cluster()
        host, _, port = self.address.rpartition(":")
        held = []
        for greeting in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" + bytes(8) + b"\x7f\x03"):
            for _ in range(100):
                connection = socket.create_connection((host, int(port)))
                self.addCleanup(connection.close)
                try:
                    connection.sendall(greeting + os.urandom(1000) if greeting else b"")
                except OSError:
                    pass  # it has been hung up on
                held.append(connection)
        self.ok("job", "list", "--coordinator", self.address)
        self.end_cluster()


if __name__ == "__main__":
    main()
