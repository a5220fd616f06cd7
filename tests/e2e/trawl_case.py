"""What the end-to-end tests share: a state folder of their own, the real binary, and a clean end.

A test waits for a condition with a deadline, never for a duration. Whatever still runs on behalf of
its state folder when it ends is found by that folder's path (environment, arguments, working folder)
and killed by its process id.
"""

import functools
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import textwrap
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FIXTURES = HERE / "fixtures"
EXAMPLES = ROOT / "examples"
BINARY = os.environ.get("TRAWL_BINARY", str(ROOT / "build" / "release" / "trawl"))

DEADLINE = 60.0  # seconds; far above what anything takes, since the machine may be busy
POLL = 0.02
ENDED = ("Completed", "Failed", "Canceled")


@functools.lru_cache(maxsize=None)
def python_bin():
    """The bin folder of the examples' Python environment."""
    made = subprocess.run([str(ROOT / "scripts" / "python-env")], check=True, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    return made.stdout.strip()


class Finished:
    """A command that has ended."""

    def __init__(self, args, code, out, err):
        self.args, self.code, self.out, self.err = args, code, out, err

    def __repr__(self):
        return (f"trawl {' '.join(map(str, self.args))}\nexit code {self.code}\n"
                f"--- standard output\n{self.out}\n--- standard error\n{self.err}")


def is_alive(pid):
    """False for a zombie: it runs nothing any more."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def processes_of(folder):
    """{pid: command line} of the living processes whose environment, arguments or working folder
    name `folder`."""
    needle = os.fsencode(str(folder))
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        proc = pathlib.Path("/proc") / entry
        try:
            line = (proc / "cmdline").read_bytes()
            named = needle in line or needle in (proc / "environ").read_bytes()
            named = named or needle in os.fsencode(os.readlink(proc / "cwd"))
        except OSError:
            continue  # it ended meanwhile, or belongs to someone else
        if named and is_alive(entry):
            found[int(entry)] = line.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class TrawlCase(unittest.TestCase):
    """Has a folder of its own with the state folder in it; everything that runs for it ends with
    it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="trawl-e2e-")).resolve()
        self.home = self.folder / "home"
        self.book.mkdir()
        self.children = []
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("MLFLOW_", "AZUREML_", "TRAWL_"))}
        self.env.update(TRAWL_HOME=str(self.home), PYTHONDONTWRITEBYTECODE="1", TZ="UTC",
                        PATH=f"{python_bin()}:{os.environ['PATH']}")
        self.addCleanup(self.end)

    def end(self):
        """Kills what is left and says what that was if it cannot be killed."""
        self.kill_everything()
        for child in self.children:
            child.wait()
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream:
                    stream.close()
        defect = self.home / "defect.txt"
        report = defect.read_text() if defect.exists() else ""
        failed = self.has_failed()
        if failed:
            self.tell_logs()
        self.remove_control_groups()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.assertEqual(report, "", "a process found a defect in itself")

    def remove_control_groups(self):
        """The worker's, which is empty now; a next worker of this state folder would do it."""
        record = self.home / "worker" / "cgroup"
        group = pathlib.Path(record.read_text()) if record.exists() else None
        if group is None or not group.is_dir():
            return
        for path in [*filter(pathlib.Path.is_dir, group.iterdir()), group]:
            path.rmdir()

    def has_failed(self):
        result = self._outcome.result
        return any(test is self for test, _ in result.failures + result.errors)

    def tell_logs(self):
        for log in ("coordinator.log", "worker.log"):
            path = self.home / log
            if path.exists():
                print(f"--- {log} of {self.id()}\n{path.read_text(errors='replace')[-6000:]}",
                      flush=True)

    # --- the binary

    def trawl(self, *args, timeout=240, cwd=None, env=None):
        """Runs the binary to its end."""
        child = self.start(*args, cwd=cwd, env=env)
        try:
            out, err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            kill([child.pid])
            out, err = child.communicate()
            self.fail(f"did not end within {timeout} s: {Finished(args, None, out, err)}")
        return Finished(args, child.returncode, out, err)

    def ok(self, *args, **options):
        return self.ends(0, *args, **options)

    def ends(self, code, *args, **options):
        """Runs the binary and expects that exit code."""
        finished = self.trawl(*args, **options)
        self.assertEqual(finished.code, code, f"\n{finished!r}")
        return finished

    def start(self, *args, cwd=None, env=None, prefix=(), **options):
        """The binary in the background; its output is kept for communicate(). `prefix` are words
        before it."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                   "stderr": subprocess.PIPE, "text": True, "errors": "replace", **options}
        child = subprocess.Popen([*prefix, BINARY, *map(str, args)], env={**self.env, **(env or {})},
                                 cwd=cwd or self.folder, **options)
        self.children.append(child)
        return child

    def json(self, *args, **options):
        return json.loads(self.ok(*args, "-o", "json", **options).out)

    def start_coordinator(self, *options, slots=None):
        """A coordinator of this test's own, and with `slots` a worker that offers so many."""
        log = open(self.folder / "own-coordinator.log", "ab")
        coordinator = self.start("coordinator", "start", *options, stdout=log, stderr=log)
        log.close()
        self.wait_until(lambda: self.trawl("coordinator", "status").code == 0, "a coordinator")
        if slots is not None:
            self.start_worker(slots)
        return coordinator

    def start_worker(self, slots):
        address = self.status()["address"]
        log = open(self.folder / "own-worker.log", "ab")
        worker = self.start("worker", "start", "--coordinator", address, "--name", "local",
                            "--cpus", slots, stdout=log, stderr=log)
        log.close()
        self.wait_until(lambda: self.status()["slots"] == slots, f"a worker with {slots} slots")
        return worker

    def status(self):
        return self.json("coordinator", "status")

    # --- jobs

    def show(self, name):
        return self.json("job", "show", "-n", name)

    def trials(self, sweep):
        return self.json("job", "list", "--parent-job-name", sweep)

    def statuses(self, sweep):
        return [trial["status"] for trial in self.trials(sweep)]

    def log_of(self, name):
        """The log of a trial's or command job's newest attempt."""
        folder = self.show(name)["properties"]["folder"]
        return (pathlib.Path(folder) / "std_log.txt").read_text()

    def write(self, path, text):
        """A file below this test's folder; its path."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text))
        return target

    def job_file(self, command="sh run.sh", script="", name="job", more=""):
        """A command job that runs `script` (sh) from a code folder of its own."""
        folder = self._code(name, script)
        return self.write(f"{folder}/{name}.yml", f"type: command\ncode: src\ncommand: {command}\n"
                          "environment: {image: debian}\n" + textwrap.dedent(more))

    def sweep_file(self, script, space="n: {type: choice, values: [0, 1, 2]}", name="sweep",
                   command="sh run.sh ${{search_space.n}}", sampling="grid", limits="",
                   metric="score", goal="maximize", more=""):
        """A sweep whose trials run `script` (sh) from a code folder of its own. By default trial n
        gets n as its argument."""
        folder = self._code(name, script)
        limits = limits or "max_total_trials: 100, max_concurrent_trials: 2"
        return self.write(
            f"{folder}/{name}.yml",
            f"type: sweep\nexperiment_name: e2e\ntrial:\n  code: src\n  command: {command}\n"
            "  environment: {image: debian}\n"
            f"search_space: {{{space}}}\nsampling_algorithm: {sampling}\n"
            f"objective: {{goal: {goal}, primary_metric: {metric}}}\nlimits: {{{limits}}}\n"
            + textwrap.dedent(more))

    def _code(self, name, script):
        """run.sh finds $BOOK (a folder outside the job for notes) and `log KEY VALUE STEP`."""
        folder = f"{name}-files"
        head = (f"BOOK={self.book}\n"
                f"log() {{ python3 -S -E {FIXTURES}/log_metric.py \"$@\"; }}\n"
                "wait_for() { while [ ! -e \"$BOOK/$1\" ]; do sleep 0.05; done; }\n")
        self.write(f"{folder}/src/run.sh", head + textwrap.dedent(script))
        return folder

    @property
    def book(self):
        """Where trials write notes for the test, and wait for files that it makes."""
        return self.folder / "book"

    def note(self, name):
        """What trials wrote to that file of the book, as lines."""
        path = self.book / name
        return path.read_text().splitlines() if path.exists() else []

    def open_gate(self, *names):
        for name in names:
            (self.book / name).touch()

    def submit(self, file, *args):
        """The name of the submitted job."""
        return self.json("job", "create", "-f", file, *args)["name"]

    def wait_for_job(self, name, code=0):
        return self.ends(code, "job", "wait", "-n", name)

    # --- state and processes

    def rows(self, sql, *arguments):
        """Reads the coordinator's tables."""
        database = sqlite3.connect(f"file:{self.home}/trawl.db?mode=ro", uri=True, timeout=30)
        try:
            return database.execute(sql, arguments).fetchall()
        finally:
            database.close()

    def processes(self):
        return processes_of(self.folder)

    def trial_processes(self):
        """The living processes of trials: they carry the attempt's mark."""
        found = {}
        for pid, line in self.processes().items():
            try:
                environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
            except OSError:
                continue
            if b"TRAWL_ATTEMPT=" in environment and is_alive(pid):
                found[pid] = line
        return found

    def daemon(self, noun):
        """The pids of the coordinators or workers of this state folder."""
        return [pid for pid, line in self.processes().items()
                if f" {noun} start " in f"{line} " and pid not in self.trial_processes()]

    def kill_everything(self):
        """SIGKILL for every process of this test, as a power failure would."""
        def none_left():
            left = self.processes()
            kill(left)
            for child in self.children:
                child.poll()  # so that it is no zombie
            return not left
        self.wait_until(none_left, "every process of the test to be gone")

    def kill_daemon(self, noun):
        """SIGKILL for the coordinator or the worker alone."""
        pids = self.daemon(noun)
        self.assertEqual(len(pids), 1, f"one {noun}: {self.processes()}")
        kill(pids)
        self.wait_until(lambda: not is_alive(pids[0]), f"the {noun} to be gone")

    def wait_until(self, condition, what, deadline=DEADLINE):
        """The first true value of condition()."""
        until = time.monotonic() + deadline
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > until:
                self.fail(f"waited {deadline} s for {what}; processes: {self.processes()}")
            time.sleep(POLL)


def main():
    unittest.main(verbosity=2)
