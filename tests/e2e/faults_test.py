#!/usr/bin/env python3
"""Faults of every kind on the local path: each is said clearly, and nothing is lost. docs/faults.md
has the list for people."""

import errno
import os
import pathlib
import signal
import socket
import subprocess

from trawl_case import TrawlCase, main


class Output(TrawlCase):
    """What cannot be printed is not done: exit code 74, or the signal of a closed pipe."""

    def to(self, path, *args):
        with open(path, "w") as out:
            child = self.start(*args, stdout=out)
            _, err = child.communicate(timeout=60)
        return child.returncode, err

    def test_an_answer_that_cannot_be_written_is_an_error(self):
        for args in (["job", "list", "-o", "json"], ["--help"], ["--version"],
                     ["job", "show", "--help"]):
            with self.subTest(args=args):
                code, err = self.to("/dev/full", *args)
                self.assertEqual(code, 74, err)
                self.assertRegex(err, "^trawl: error: cannot write to the output: "
                                      "(No space left on device|Input/output error)\n$")

    def test_a_followed_job_goes_on_when_its_follower_cannot_write(self):
        for kind, file in (("sweep", self.sweep_file("log score $1\nwait_for gate")),
                           ("job", self.job_file(script="echo up\nwait_for gate"))):
            with self.subTest(kind=kind):
                (self.book / "gate").unlink(missing_ok=True)
                code, err = self.to("/dev/full", "run", file, "--name", kind)
                self.assertEqual(code, 74, err)
                self.assertIn("No space left on device", err)
                self.assertIn(f"{kind} goes on without: `trawl job stream -n {kind}`", err)
                self.assertNotIn(self.show(kind)["status"], ("Completed", "Failed", "Canceled"))
                self.open_gate("gate")
                self.wait_for_job(kind)

    def test_a_pipe_that_closes_in_the_middle_is_no_success(self):
        for handler, code in ((signal.SIG_DFL, -signal.SIGPIPE), (signal.SIG_IGN, 74)):
            with self.subTest(handler=handler):
                name = f"piped{int(handler)}"
                (self.book / "gate").unlink(missing_ok=True)
                self.submit(self.sweep_file("log score $1\nwait_for gate"), "--name", name)
                child = self.start("job", "stream", "-n", name, restore_signals=False,
                                   preexec_fn=lambda: signal.signal(signal.SIGPIPE, handler))
                child.stdout.readline()
                child.stdout.close()
                self.open_gate("gate")  # only now is there more to print, and nobody reads it
                self.assertEqual(child.wait(timeout=60), code)
                self.wait_for_job(name)

    def test_nothing_that_a_trial_prints_reaches_the_terminal_as_it_is(self):
        evil = "printf 'bad \\033]0;owned\\007 \\033[31mred\\n' >&2; exit 3"
        self.ends(1, "run", self.job_file(script=evil), "--name", "one")
        finished = self.ends(1, "job", "wait", "-n", "one")
        self.assertIn(r"exit code 3: bad \x1b]0;owned\x07 \x1b[31mred", finished.err)
        file = self.sweep_file(evil)
        for verb in (["run", file, "--name", "many"], ["job", "stream", "-n", "many"],
                     ["job", "wait", "-n", "many"], ["job", "list", "--parent-job-name", "many"],
                     ["job", "list", "--parent-job-name", "many", "-o", "table"],
                     ["job", "show", "-n", "many_0", "-o", "yaml"],
                     ["job", "show", "-n", "many_0", "-o", "tsv", "--query", "properties.reason"]):
            with self.subTest(verb=verb):
                finished = self.trawl(*verb)
                for text in (finished.out, finished.err):
                    self.assertNotRegex(text, "[\x00-\x08\x0b-\x1f\x7f]")


class Reasons(TrawlCase):
    """Why a trial ended, in its own words where it has some."""

    def test_an_exception_is_the_reason_and_not_what_mlflow_prints_after_it(self):
        self.write("raise-files/src/train.py", '''
            import mlflow

            with mlflow.start_run():
                mlflow.log_metric("score", 1)
                raise ValueError("x is below zero")
        ''')
        file = self.write("raise-files/raise.yml", "type: command\ncode: src\n"
                          "command: python train.py\nenvironment: {image: debian}\n")
        finished = self.ends(1, "run", file, "--name", "raise")
        self.assertIn("View run", self.log_of("raise"))
        self.assertIn("raise: Failed: exit code 1: ValueError: x is below zero\n", finished.err)

    def test_trials_that_logged_nan_alone_are_not_said_to_have_logged_nothing(self):
        finished = self.ok("run", self.sweep_file("log score nan"), "--name", "diverged")
        self.assertIn("no trial that counts logged a number as the primary metric 'score'",
                      finished.err)
        self.assertEqual(self.show("diverged_0")["properties"]["reason"],
                         "logged only NaN as the primary metric 'score'")


class FullDisk(TrawlCase):
    """A state folder on a file system of a few megabytes: it needs the right to mount one."""

    def setUp(self):
        super().setUp()
        self.home.mkdir(mode=0o700)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "trawl-test",
                                  str(self.home)], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"no right to mount: {mounted.stderr.strip()}")
        self.addCleanup(lambda: subprocess.run(["umount", "-l", str(self.home)], check=True))

    def fill(self):
        """Leaves not one page; the ballast."""
        ballast = self.home / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError as error:
                    self.assertEqual(error.errno, errno.ENOSPC)
        return ballast

    def test_a_full_disk_is_said_to_the_follower_and_the_sweep_goes_on_when_there_is_room(self):
        self.start_coordinator(slots=2)
        file = self.sweep_file("""
            for step in 1 2 3; do log score $1 $step; done
            touch $BOOK/ready-$1
            wait_for gate
            until log score 1$1 4 2>/dev/null; do echo $1 >> $BOOK/refused; sleep 0.2; done
        """, "n: {type: choice, values: [0, 1]}")
        stream = self.start("run", file, "--name", "squeezed")
        self.wait_until(lambda: all((self.book / f"ready-{n}").exists() for n in (0, 1)), "trials")
        self.wait_until(lambda: [t["properties"].get("reports") for t in self.trials("squeezed")]
                        == [3, 3], "the reports")
        ballast = self.fill()
        self.open_gate("gate")
        self.wait_until(lambda: self.note("refused"), "a trial to be told")
        told = stream.stderr.readline()
        while "warning: environment" in told or "is submitted" in told:
            told = stream.stderr.readline()
        self.assertRegex(told, r"^trawl: warning: cannot write .*/(trawl|spool)\.db: .*full.*: free "
                               "some disk space\n$")
        self.assertIsNone(stream.poll())
        ballast.unlink()
        out, err = stream.communicate(timeout=60)
        self.assertEqual(stream.returncode, 0, err)
        self.assertIn("trawl: that is over", err)
        self.assertEqual(self.statuses("squeezed"), ["Completed"] * 2)
        self.assertEqual(self.rows("SELECT run_id, count(*) FROM metrics WHERE key = 'score' "
                                   "GROUP BY run_id"), [("squeezed_0", 4), ("squeezed_1", 4)])

    def start_roomless(self):
        """A sweep whose second trial finds no room for the copy of its code; the client that follows
        it, and the ballast."""
        self.start_coordinator(slots=2)
        file = self.sweep_file("wait_for gate-$1\nlog score $1\n", "n: {type: choice, values: [0, 1]}",
                               limits="max_total_trials: 2, max_concurrent_trials: 1")
        self.write("sweep-files/src/large", "x" * 600_000)
        stream = self.start("run", file, "--name", "roomless")
        self.wait_until(lambda: self.trawl("job", "show", "-n", "roomless").code == 0, "the job")
        self.wait_until(lambda: self.statuses("roomless") == ["Running"], "the first trial")
        ballast = self.fill()
        os.truncate(ballast, ballast.stat().st_size - 400_000)  # room for the databases alone
        self.open_gate("gate-0")
        self.wait_until(lambda: "No space left on device" in self.status().get("trouble", ""), "trouble")
        return stream, ballast

    def test_a_trial_whose_files_have_no_room_waits_for_it(self):
        stream, ballast = self.start_roomless()
        ballast.unlink()
        self.open_gate("gate-1")
        out, err = stream.communicate(timeout=60)
        self.assertEqual(stream.returncode, 0, out + err)
        self.assertRegex(err, "trawl: warning: cannot .*: No space left on device: free some disk space")
        self.assertIn("trawl: that is over", err)
        self.assertEqual(self.statuses("roomless"), ["Completed"] * 2)
        self.assertEqual(self.rows("SELECT number, attempt, outcome FROM attempts"),
                         [(0, 1, "exited"), (1, 1, "exited")])

    def test_a_trial_that_waits_for_room_can_be_canceled(self):
        stream, _ = self.start_roomless()
        self.ok("job", "cancel", "-n", "roomless")
        out, err = stream.communicate(timeout=60)
        self.assertEqual(stream.returncode, 2, out + err)
        self.assertEqual(self.statuses("roomless"), ["Completed", "Canceled"])
        self.assertEqual([path.name for path in (self.home / "jobs").glob("*/trials/*")],
                         ["0-attempt-1"])

    def test_a_submission_to_a_full_disk_is_refused_with_the_reason(self):
        self.start_coordinator(slots=1)
        file = self.write("plain.yml", "type: command\ncommand: 'true'\nenvironment: {image: d}\n")
        self.ok("run", file)
        ballast = self.fill()
        refused = self.ends(5, "job", "create", "-f", file, "--name", "late")
        self.assertRegex(refused.err, "(?i)trawl: error: .*(disk is full.*: free some disk space|"
                                      "no space left on device)")
        ballast.unlink()
        self.wait_until(lambda: "trouble" not in self.status(), "room")
        if self.trawl("job", "show", "-n", "late").code != 0:
            self.ok("job", "create", "-f", file, "--name", "late")
        self.wait_for_job("late")


class Damage(TrawlCase):
    def damage(self, path):
        """As a disk does that loses pages: most of the file is noise, its first page too."""
        for suffix in ("-wal", "-shm"):
            pathlib.Path(f"{path}{suffix}").unlink(missing_ok=True)
        size = max(path.stat().st_size, 8192)
        path.write_bytes(bytes((i * 197 + 31) % 251 for i in range(size)))

    def finish(self, name, code=0, script="true"):
        self.ends(code, "run", self.job_file(script=script), "--name", name)
        self.ok("coordinator", "stop")
        self.wait_until(lambda: not self.daemon("worker"), "the worker to leave", deadline=90)

    def test_a_damaged_database_is_named_with_the_way_out(self):
        self.finish("before")
        database = self.home / "trawl.db"
        self.damage(database)
        for verb in (["job", "list"], ["run", self.job_file(script="true")]):
            finished = self.ends(5, *verb)
            self.assertIn(f"cannot open {database}: file is not a database: the file is damaged",
                          finished.err)
            self.assertIn("docs/faults.md", finished.err)
        self.assertEqual(self.daemon("coordinator"), [], "no crash loop")
        database.rename(self.folder / "aside.db")
        self.ok("run", self.job_file(script="true"), "--name", "after")
        self.assertEqual([job["name"] for job in self.json("job", "list")], ["after"])

    def test_a_damaged_spool_is_said_to_the_follower_and_the_sweep_goes_on_without_it(self):
        self.finish("before")
        spool = self.home / "worker" / "spool.db"
        self.damage(spool)
        stream = self.start("run", self.job_file(script="true"), "--name", "next")
        lines = []
        while not any("worker ends" in line for line in lines):
            lines.append(stream.stderr.readline())
            self.assertTrue(lines[-1], lines)
        self.assertIn(f"cannot open {spool}: file is not a database", lines[-1])
        self.assertIn("the file is damaged", lines[-1])
        spool.rename(self.folder / "aside.db")
        out, err = stream.communicate(timeout=90)
        self.assertEqual(stream.returncode, 0, err)

    def test_a_spool_whose_database_was_deleted_is_put_aside(self):
        self.start_coordinator(slots=1)
        self.submit(self.sweep_file("log score $1; echo up >> $BOOK/up; wait_for never"),
                    "--name", "gone")
        self.wait_until(lambda: self.note("up"), "a trial to run")
        self.kill_everything()
        for file in self.home.glob("trawl.db*"):
            file.unlink()
        self.ok("run", self.sweep_file("log score $1", name="fresh"), "--name", "fresh")
        self.assertEqual(self.statuses("fresh"), ["Completed"] * 3)
        self.assertEqual(self.rows("SELECT DISTINCT run_id FROM metrics WHERE key = 'score' "
                                   "ORDER BY run_id"), [("fresh_0",), ("fresh_1",), ("fresh_2",)])
        kept = [path.name for path in (self.home / "worker").glob("spool.db.*")]
        self.assertTrue(kept)
        self.assertIn("belongs to another trawl.db", (self.home / "worker.log").read_text())


class EndingWorker(TrawlCase):
    """A worker that ends again and again is said to whoever follows a job."""

    def told(self, stream, words):
        """The follower's first line with these words."""
        lines = []
        while not any(words in line for line in lines):
            lines.append(stream.stderr.readline())
            self.assertTrue(lines[-1], lines)
        return lines[-1]

    def test_a_worker_that_cannot_be_started_is_said_with_its_log(self):
        log = self.home / "worker.log"
        self.ok("job", "list")
        log.mkdir()
        stream = self.start("run", self.job_file(script="true"), "--name", "it")
        line = self.told(stream, "cannot start")
        self.assertIn(f"Is a directory (its log is {log})", line)
        log.rmdir()
        out, err = stream.communicate(timeout=90)
        self.assertEqual(stream.returncode, 0, err)
        self.assertIn("that is over", err)

    def test_a_worker_that_ends_before_it_is_there_is_said_with_its_own_words(self):
        self.ok("run", self.job_file(script="true"), "--name", "before")
        self.kill_everything()
        self.assertIn(" info ", (self.home / "worker.log").read_text())
        spool = self.home / "worker" / "spool.db"
        spool.rename(self.folder / "aside.db")
        spool.mkdir()
        stream = self.start("run", self.job_file(script="true"), "--name", "next")
        line = self.told(stream, "as soon as it is started")
        self.assertIn(f"as soon as it is started: cannot open {spool}", line)
        self.assertIn(f"(exit code 5, {self.home}/worker.log)", line)
        spool.rmdir()
        out, err = stream.communicate(timeout=90)
        self.assertEqual(stream.returncode, 0, err)

    def test_a_worker_that_keeps_ending_once_it_is_there_is_said_too(self):
        server = socket.create_server(("127.0.0.1", 0))  # lets the attempt wait for its input
        self.addCleanup(server.close)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/data"
        stream = self.start("run", self.job_file(script="true", more=f"""
            inputs: {{data: {{type: uri_file, path: "{url}"}}}}
            """), "--name", "it")
        for _ in range(2):
            connection, _ = server.accept()  # the worker has said hello and prepares the attempt
            self.kill_daemon("worker")
            connection.close()
        line = self.told(stream, "keeps ending")
        self.assertIn(f"the worker keeps ending: (signal 9, {self.home}/worker.log)", line)
        connection, _ = server.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")
        connection.close()
        out, err = stream.communicate(timeout=90)
        self.assertEqual(stream.returncode, 0, err)
        self.assertIn("that is over", err)


class FailingSync(TrawlCase):
    """fdatasync of trawl.db fails while a file is there, as on a disk that dies."""

    SHIM = r"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>

        static int fails(int file) {
          char link[64], path[4096];
          const char* gate = getenv("FAULT_GATE");
          if (gate == NULL || access(gate, F_OK) != 0) return 0;
          snprintf(link, sizeof link, "/proc/self/fd/%d", file);
          ssize_t length = readlink(link, path, sizeof path - 1);
          if (length < 0) return 0;
          path[length] = 0;
          return strstr(path, "/trawl.db") != NULL;
        }
        #define SHIM(NAME)                                               \
          int NAME(int file) {                                           \
            if (fails(file)) { errno = EIO; return -1; }                 \
            return ((int (*)(int))dlsym(RTLD_NEXT, #NAME))(file);        \
          }
        SHIM(fsync)
        SHIM(fdatasync)
    """

    def test_a_failing_sync_ends_the_coordinator_with_the_reason_and_loses_nothing(self):
        source = self.write("shim.c", self.SHIM)
        shim = self.folder / "shim.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(shim), str(source), "-ldl"], check=True)
        gate = self.folder / "sync-fails"
        self.env.update(LD_PRELOAD=str(shim), FAULT_GATE=str(gate))
        file = self.sweep_file("""
            echo $1 >> $BOOK/runs
            log score $1
            touch $BOOK/ready-$1
            wait_for gate
            log score 1$1 1
        """, "n: {type: choice, values: [0, 1]}")
        stream = self.start("run", file, "--name", "shaky")
        self.wait_until(lambda: len(list(self.book.glob("ready-*"))) == 2, "trials to have logged")
        self.wait_until(lambda: [trial["properties"].get("reports")
                                 for trial in self.trials("shaky")] == [1, 1], "their reports")
        gate.touch()
        self.open_gate("gate")
        _, err = stream.communicate(timeout=120)
        self.assertEqual(stream.returncode, 5, err)
        self.assertRegex(err, f"cannot (write|open) {self.home}/trawl.db: disk I/O error")
        gate.unlink()
        self.ok("job", "stream", "-n", "shaky")
        self.assertEqual(self.statuses("shaky"), ["Completed"] * 2)
        self.assertEqual(self.rows("SELECT run_id, step, count(*) FROM metrics WHERE key = 'score' "
                                   "GROUP BY run_id, step"),
                         [(f"shaky_{n}", step, 1) for n in (0, 1) for step in (0, 1)])
        self.assertEqual(sorted(self.note("runs")), ["0", "1"], "no finished trial ran again")


class Many(TrawlCase):
    def test_a_thousand_trials_that_fail_at_once_have_one_reason_and_few_lines(self):
        values = ", ".join(map(str, range(1000)))
        file = self.sweep_file("echo no such data >&2; exit 3", f"n: {{type: choice, values: [{values}]}}",
                               limits="max_total_trials: 1000, max_concurrent_trials: 100")
        finished = self.ends(1, "run", file, "--name", "doomed", timeout=280)
        self.assertIn("1000 of 1000 trials failed and none completed; the first: exit code 3: no "
                      "such data", finished.err)
        self.assertLess(len(finished.out.splitlines()), 400)
        self.assertIn("995 more", finished.out)
        self.assertEqual(len(self.trials("doomed")), 1000)


class HostileFiles(TrawlCase):
    def refused(self, name, content, said):
        path = self.folder / name
        path.write_bytes(content)
        finished = self.ends(3, "job", "validate", "-f", path, timeout=60)
        self.assertIn(f"{path}", finished.err)
        self.assertRegex(finished.err, said)
        self.assertLess(len(finished.err), 20_000)

    def test_files_that_no_job_could_be_are_refused_at_once(self):
        self.refused("noise.yml", bytes(range(256)) * (100 * 4096), "4 MiB|4194304|larger|too large|MB")
        bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
        self.refused("bomb.yml", bomb.encode(), "100,000|100000")
        self.refused("latin.yml", b"type: command\ncommand: caf\xe9\n", ":2:13: error: .*UTF-8")
        self.refused("twice.yml", b"type: command\ncommand: a\ncommand: b\n", ":3:1: error: .*command")


if __name__ == "__main__":
    main()
