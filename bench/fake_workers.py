"""bench_fake_workers as the benchmarks use it, and sweeps for it."""
import contextlib
import fcntl
import os
import subprocess

from bench_case import BUILD

SWEEP = """\
type: sweep
trial: {{command: "{command}", environment: "azureml:none@latest"}}
search_space: {{x: {{type: uniform, min_value: 0, max_value: 1}}}}
sampling_algorithm: random
objective: {{goal: minimize, primary_metric: loss}}
limits: {{max_total_trials: {trials}, max_concurrent_trials: {concurrent}}}
"""


class FakeWorkers:
    """One started mode of the program (see the top of bench/fake_workers_main.cc)."""

    def __init__(self, mode, *words):
        self.process = subprocess.Popen([f"{BUILD}/bench/bench_fake_workers", mode, *map(str, words)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench_fake_workers has ended: exit {self.process.wait()}")
        return line.strip()

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@contextlib.contextmanager
def keep_local_worker_away(home):
    """Holds the lock of the worker that the coordinator would start on this machine."""
    folder = os.path.join(home.home, "worker")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "worker.lock"), "w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        yield


def submit(home, trials, concurrent, command="true"):
    file = os.path.join(home.folder, "sweep.yml")
    with open(file, "w") as out:
        out.write(SWEEP.format(command=command, trials=trials, concurrent=concurrent))
    return home.json("job", "create", "-f", file)["name"]
