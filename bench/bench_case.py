"""What the benchmarks share: the built programs, a home with its coordinator, the printed line."""
import atexit
import fcntl
import json
import os
import shutil
import signal
import statistics
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("TRAWL_BUILD", os.path.join(ROOT, "build", "release"))
TRAWL = os.path.join(BUILD, "trawl")

median = statistics.median


def line(name, figure, unit, limit, limit_name, goal):
    """One line: name, figure, the limit or peer measured in the same run, ratio, goal."""
    ratio = figure / limit if limit else float("nan")
    print(f"{name:<28} {figure:>12,.4g} {unit:<14} {limit_name}: {limit:,.4g}   ratio {ratio:.3f}   goal {goal}",
          flush=True)


class Home:
    """A state folder of its own with a lasting coordinator; everything is gone at the end."""

    def __init__(self, start=True, options=()):
        self.folder = tempfile.mkdtemp(prefix="trawl-bench-")
        self.home = os.path.join(self.folder, "home")
        self.environment = dict(os.environ, TRAWL_HOME=self.home)
        self.started = start
        self.options = options  # of `coordinator start`
        if start:
            self.start()

    def start(self):
        self.run("coordinator", "start", "--detach", *self.options)

    def run(self, *words, exits=(0,), **options):
        done = subprocess.run([TRAWL, *words], env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, **options)
        if done.returncode not in exits:
            raise SystemExit(f"trawl {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *words):
        return json.loads(self.run(*words, "-o", "json"))

    def kill(self):
        """Its coordinator, as if the machine had done it; returns once the state folder is free."""
        os.kill(self.json("coordinator", "status")["pid"], signal.SIGKILL)
        with open(os.path.join(self.home, "coordinator.lock"), "r+") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)

    def address(self):
        """Where its coordinator listens."""
        return self.json("coordinator", "status")["address"]

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        # The folder stays until the program ends: file systems slow down for a while where many
        # files were just deleted, and the next measurement would pay for that.
        if self.started:
            self.run("coordinator", "stop", exits=(0,) if error is None else (0, 5))
        atexit.register(shutil.rmtree, self.folder, True)
