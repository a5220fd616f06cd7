"""What the tests of coordinators that serve other machines share: TCP on loopback, with state folders
that know nothing of each other but what a key file says."""

import os
import pathlib
import shutil

from trawl_case import TrawlCase


class RemoteCase(TrawlCase):
    def setUp(self):
        super().setUp()
        self.logs = {}

    def listen(self, *options, address="127.0.0.1:0"):
        """A coordinator in the background; HOST:PORT."""
        self.told = self.ok("coordinator", "start", "--listen", address, "--detach", *options).err
        self.address = self.status()["listen"]
        return self.address

    def key(self, name):
        return self.home / "keys" / name

    def other_home(self, name, *keys):
        """The state folder of another machine, with copies of those keys; its TRAWL_HOME."""
        home = self.folder / name
        (home / "keys").mkdir(parents=True)
        home.chmod(0o700)
        for key in keys:
            shutil.copy(self.key(key), home / "keys")  # with its mode
        return home

    def start_remote_worker(self, name, *options, home=None, cpus=1):
        home = home or self.other_home(f"machine-{name}", "worker.key")
        self.logs[name] = self.folder / f"worker-{name}.log"
        with open(self.logs[name], "ab") as log:
            return self.start("worker", "start", "--name", name, "--cpus", cpus, *options,
                              stdout=log, stderr=log, env={"TRAWL_HOME": str(home)})

    def log_has(self, name, words):
        path = self.logs[name]
        return path.exists() and words in path.read_text()

    def wait_for_workers(self, count):
        self.wait_until(lambda: self.status()["workers"] == count, f"{count} workers")

    def coordinator_log(self):
        return (self.home / "coordinator.log").read_text()

    def tell_logs(self):
        super().tell_logs()
        for name, path in self.logs.items():
            if path.exists():
                print(f"--- {name}\n{path.read_text(errors='replace')[-3000:]}", flush=True)

    def secrets(self):
        """The secret keys of the cluster."""
        found = []
        for path in (self.home / "keys").iterdir():
            for line in path.read_text().splitlines():
                if line.startswith("secret_key = "):
                    found.append(os.fsencode(line.removeprefix("secret_key = ")))
        return found

    def processes_that_tell(self, secrets):
        """The processes whose arguments or environment hold one of the secrets."""
        telling = []
        for pid, line in self.processes().items():
            proc = pathlib.Path("/proc") / str(pid)
            try:
                text = (proc / "cmdline").read_bytes() + (proc / "environ").read_bytes()
            except OSError:
                continue
            if any(secret in text for secret in secrets):
                telling.append(line)
        return telling
