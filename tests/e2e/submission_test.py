#!/usr/bin/env python3
"""What a submission takes along and what becomes of it: variables, code, inputs by URL; and what can
change about a job afterwards."""

import http.server
import json
import pathlib
import threading

from trawl_case import TrawlCase, main


class Web:
    """Answers GET on a port of its own; `answer(path)` gives (status, headers, bytes)."""

    def __init__(self, answer):
        self.asked = []
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked.append(self.path)
                status, headers, body = answer(self)
                self.send_response(status)
                for name, text in headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass  # the client went away, as a canceled attempt does

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Variables(TrawlCase):
    def test_the_variables_of_the_submitting_shell_reach_the_job(self):
        self.start_coordinator(slots=1)
        file = self.job_file(command="env")
        for gpu in ("1", "0"):
            out = self.ok("run", file, env={"CUDA_VISIBLE_DEVICES": gpu, "MY_SETTING": "a b"}).out
            self.assertIn(f"CUDA_VISIBLE_DEVICES={gpu}\n", out)
            self.assertIn("MY_SETTING=a b\n", out)
        self.assertNotIn("MY_SETTING", self.ok("run", file).out)

    def test_the_session_and_other_identities_stay_behind(self):
        env = {"SSH_AUTH_SOCK": "/s", "DISPLAY": ":1", "MLFLOW_RUN_ID": "other",
               "MLFLOW_TRACKING_PASSWORD": "p", "TRAWL_ATTEMPT": "other", "AZUREML_RUN_ID": "other"}
        self.ok("run", self.job_file(command="env"), "--name", "mine", env=env)
        seen = dict(line.split("=", 1) for line in self.log_of("mine").splitlines() if "=" in line)
        self.assertEqual(seen["MLFLOW_RUN_ID"], "mine")
        self.assertEqual(seen["AZUREML_RUN_ID"], "mine")
        for name in ("SSH_AUTH_SOCK", "DISPLAY", "MLFLOW_TRACKING_PASSWORD", "TRAWL_HOME"):
            self.assertNotIn(name, seen)

    def test_a_secret_variable_is_in_its_private_file_alone_and_goes_with_the_job(self):
        token = "hidden-4711-token"
        self.ok("job", "create", "-f", self.job_file(script="wait_for gate"), "--name", "quiet",
                env={"HF_TOKEN": token})
        self.assertNotIn(token, self.ok("job", "show", "-n", "quiet").out)

        def holders():
            found = [path for path in self.home.rglob("*") if path.is_file()]
            return [path for path in found if token.encode() in path.read_bytes()]

        (holder,) = holders()
        self.assertEqual((holder.name, holder.stat().st_mode & 0o777), ("environment", 0o600))
        self.open_gate("gate")
        self.wait_for_job("quiet")
        self.wait_until(lambda: not holder.parent.exists(), "the snapshot to be removed")
        self.assertEqual(holders(), [])

    def test_a_job_whose_variables_are_gone_says_so(self):
        self.start_coordinator(slots=1)
        self.submit(self.job_file(command="sh run.sh", script="wait_for gate"), "--name", "first")
        self.submit(self.job_file(command="exit 0", name="second"), "--name", "second")
        for path in self.home.glob("snapshots/*/environment"):
            path.unlink()
        self.open_gate("gate")
        self.wait_for_job("second", code=1)
        reason = self.show("second")["properties"]["reason"]
        self.assertRegex(reason, "this machine does not see .*, where the job's code and variables "
                         "were put when it was submitted")


class Code(TrawlCase):
    def test_amlignore_is_honoured_and_links_that_leave_are_followed(self):
        self.write("lib/util.txt", "from elsewhere\n")
        file = self.job_file(command="ls -A && cat lib/util.txt")
        source = self.folder / "job-files/src"
        self.write("job-files/src/.amlignore", "*.bin\n!keep.bin\n/data/\n")
        for path in ("a.bin", "keep.bin", "data/x.csv", ".git/HEAD"):
            self.write(f"job-files/src/{path}", "x\n")
        (source / "lib").symlink_to(self.folder / "lib")
        out = self.ok("run", file).out.split()
        self.assertEqual(out, [".amlignore", "keep.bin", "lib", "logs", "outputs", "run.sh",
                               "from", "elsewhere"])

    def test_a_large_code_folder_is_told_and_a_lost_link_too(self):
        file = self.job_file(command="exit 0")
        with open(self.folder / "job-files/src/large", "wb") as large:
            large.truncate(150_000_000)
        (self.folder / "job-files/src/lost").symlink_to("/no/such/file")
        err = self.ok("run", file).err
        self.assertIn("has 2 files, 150 MB, which every attempt copies", err)
        self.assertIn("lost leads nowhere", err)

    def test_links_in_a_circle_are_refused_before_anything_is_submitted(self):
        file = self.job_file(command="exit 0")
        (self.folder / "job-files/src/a").symlink_to("a")
        finished = self.ends(3, "run", file)
        self.assertIn("leads back to itself", finished.err)
        self.assertEqual(self.json("job", "list"), [])


class Inputs(TrawlCase):
    def web(self, answer):
        web = Web(answer)
        self.addCleanup(web.close)
        return web

    def test_an_input_by_url_is_fetched_once_for_all_trials(self):
        web = self.web(lambda request: (200, {"ETag": '"v1"'}, b"x,y\n1,2\n"))
        file = self.sweep_file(
            "cat \"$2\" > $BOOK/data-$1\nbasename \"$2\" >> $BOOK/names\nlog score 1\n",
            command="sh run.sh ${{search_space.n}} '${{inputs.points}}'",
            more=f"inputs: {{points: {{type: uri_file, path: '{web.url}/my%20points.csv?sig=s'}}}}\n")
        self.ok("run", file, "--name", "web")
        for number in range(3):
            self.assertEqual(self.note(f"data-{number}"), ["x,y", "1,2"])
        self.assertEqual(self.note("names"), ["my points.csv"] * 3)
        self.assertEqual(web.asked, ["/my%20points.csv?sig=s"])

    def test_downloads_are_kept_up_to_the_limit_and_an_attempt_keeps_what_it_was_given(self):
        web = self.web(lambda request: (200, {}, request.path.encode()))
        for name in ("a", "b"):
            more = f"inputs: {{data: {{type: uri_file, path: '{web.url}/{name}'}}}}\n"
            file = self.job_file(command="cat ${{inputs.data}}", name=name, more=more)
            self.ok("run", file, "--name", name, env={"TRAWL_DOWNLOAD_CACHE": "1B"})
            self.assertEqual(self.log_of(name), f"/{name}")
        kept = [path for path in (self.home / "worker/downloads").iterdir() if not path.suffix]
        self.assertEqual([path.read_text() for path in kept], ["/b"])
        folder = pathlib.Path(self.show("a")["properties"]["folder"])
        self.assertEqual((folder / "inputs/data/a").read_text(), "/a")

    def test_a_url_that_has_no_file_fails_the_job_with_its_status(self):
        web = self.web(lambda request: (404, {}, b""))
        file = self.job_file(command="exit 0", more="inputs: {d: {type: uri_file, path: "
                             f"'{web.url}/none.csv?sig=hidden'}}}}\n")
        self.ends(1, "run", file, "--name", "none")
        reason = self.show("none")["properties"]["reason"]
        self.assertIn(f"input 'd': cannot fetch {web.url}/none.csv: HTTP status 404", reason)
        self.assertEqual(web.asked, ["/none.csv?sig=hidden"])

    def test_other_jobs_run_while_one_fetches_and_the_fetch_can_be_canceled(self):
        gate = threading.Event()
        self.addCleanup(gate.set)

        def answer(_):
            gate.wait()
            return 200, {}, b"late"

        web = self.web(answer)
        self.start_coordinator(slots=2)
        slow = self.job_file(command="exit 0", name="slow", more="inputs: {d: {type: uri_file, path: "
                             f"'{web.url}/slow.csv'}}}}\n")
        self.submit(slow, "--name", "slow")
        self.wait_until(lambda: web.asked, "the fetch to begin")
        self.ok("run", self.job_file(command="exit 0"), "--name", "quick")
        self.assertEqual(self.show("slow")["status"], "Starting")
        self.ok("job", "cancel", "-n", "slow")
        self.wait_for_job("slow", code=2)
        self.assertIn("canceled on request", self.show("slow")["properties"]["reason"])

    def test_a_download_is_the_trials_own_and_direct_is_the_text(self):
        self.write("points.csv", "original\n")
        file = self.job_file(
            command="sh run.sh ${{inputs.own}} ${{inputs.uri}}",
            script="echo changed > $1\ncat $1\necho $2\n",
            more="inputs:\n  own: {type: uri_file, mode: download, path: ../points.csv}\n"
                 "  uri: {type: uri_file, mode: direct, path: 'wasbs://c@a/b.csv'}\n")
        self.assertEqual(self.ok("run", file).out, "changed\nwasbs://c@a/b.csv\n")
        self.assertEqual((self.folder / "points.csv").read_text(), "original\n")


class Conditional(TrawlCase):
    def test_a_drawn_mapping_is_one_argument_in_any_quotes(self):
        values = "n: {type: choice, values: [{kind: \"it's $HOME\", size: 3}]}"
        for number, quotes in enumerate(("", "'", '"')):
            file = self.sweep_file(
                "printf '%s\\n' \"$#\" \"$1\" > $BOOK/seen-$2\nlog score 1\n", values,
                name=f"sweep{number}",
                command=f"sh run.sh {quotes}${{{{search_space.n}}}}{quotes} {number}",
                sampling="random", limits="max_total_trials: 1")
            self.ok("run", file)
            count, argument = self.note(f"seen-{number}")
            self.assertEqual(count, "2")
            self.assertEqual(json.loads(argument), {"kind": "it's $HOME", "size": 3})


class Verbs(TrawlCase):
    def names(self, *flags):
        return [job["name"] for job in self.json("job", "list", *flags)]

    def test_archive_and_restore_hide_and_show(self):
        for name in ("a", "b"):
            self.ok("run", self.job_file(command="exit 0"), "--name", name)
        self.ok("job", "archive", "-n", "a")
        self.ok("job", "archive", "-n", "a")
        self.assertEqual(self.names(), ["b"])
        self.assertEqual(self.names("--archived-only"), ["a"])
        self.assertEqual(self.names("--include-archived"), ["b", "a"])
        self.ends(3, "job", "list", "--archived-only", "--include-archived")
        self.ok("job", "restore", "-n", "a")
        self.ok("job", "restore", "-n", "a")
        self.assertEqual(self.names(), ["b", "a"])
        self.ends(4, "job", "archive", "-n", "nobody")

    def test_update_changes_a_running_job_and_an_ended_one(self):
        self.start_coordinator(slots=1)
        file = self.job_file(command="sh run.sh", script="wait_for gate", more="tags: {old: '1'}\n")
        self.submit(file, "--name", "it")
        job = self.json("job", "update", "-n", "it", "--set", "display_name=It",
                        "--set", "tags.owner=me=you", "--remove", "tags.old",
                        "--set", "properties.note=a b")
        self.assertEqual((job["display_name"], job["tags"]), ("It", {"owner": "me=you"}))
        self.open_gate("gate")
        self.wait_for_job("it")
        self.ok("job", "update", "-n", "it", "--set", "description=done")
        self.kill_daemon("coordinator")
        job = self.show("it")
        self.assertEqual((job["display_name"], job["description"], job["tags"]),
                         ("It", "done", {"owner": "me=you"}))
        self.assertEqual(job["properties"]["note"], "a b")
        self.assertEqual(job["status"], "Completed")
        finished = self.ends(3, "job", "update", "-n", "it", "--set", "compute=local")
        self.assertIn("of a submitted job these can change", finished.err)
        self.ends(4, "job", "update", "-n", "nobody", "--set", "tags.x=1")

    def test_one_set_takes_several_pairs(self):
        file = self.job_file(command="exit 0")
        more = ("--set", "tags.a=one", "tags.b=x y", "--set", "description=why")
        for verb in (("run", file, "--name", "first", *more),
                     ("run", *more, file, "--name", "second"),
                     ("run", *more, "--name", "third", file),
                     ("job", "create", "--stream", *more, "-f", file, "--name", "fourth")):
            self.ok(*verb)
            job = self.show(verb[verb.index("--name") + 1])
            self.assertEqual((job["tags"], job["description"]), ({"a": "one", "b": "x y"}, "why"))
        self.ok("job", "validate", *more, "-f", file)
        job = self.json("job", "update", "--set", "tags.c=2", "display_name=It", "-n", "first",
                        "--remove", "tags.a", "tags.b")
        self.assertEqual((job["tags"], job["display_name"]), ({"c": "2"}, "It"))
        self.assertIn("file is required", self.ends(3, "run", *more).err)
        self.assertIn("--set oops: write", self.ends(3, "run", file, *more, "oops").err)

    def test_names_that_only_look_like_a_trials_are_free(self):
        self.ok("run", self.job_file(command="exit 0"), "--name", "plain")
        self.ok("run", self.job_file(command="exit 0"), "--name", "plain_1")
        sweep = self.sweep_file("log score 1\n", limits="max_total_trials: 3")
        self.ok("run", sweep, "--name", "digits")
        self.ok("run", self.job_file(command="exit 0"), "--name", "digits_7")
        finished = self.ends(6, "run", self.job_file(command="exit 0"), "--name", "digits_2")
        self.assertIn("the new job 'digits_2' and the job 'digits'", finished.err)
        # Those of the others have ended, and a refused job leaves none.
        self.wait_until(lambda: not list(self.home.glob("snapshots/*")), "no snapshot to be left")

    def test_show_says_who_what_and_with_which_seed(self):
        sweep = self.sweep_file("log score 1\n", limits="max_total_trials: 1", sampling="random")
        self.ok("run", sweep, "--name", "who")
        job, trial = self.show("who"), self.show("who_0")
        for shown in (job, trial):
            self.assertEqual(shown["id"], "jobs/" + shown["name"])
            self.assertEqual(shown["creation_context"]["created_by_type"], "User")
            self.assertTrue(shown["creation_context"]["created_by"])
        self.assertIsInstance(job["sampling_algorithm"]["seed"], int)

    def test_a_sweep_without_a_seed_can_be_made_again(self):
        def run(name, sampling):
            file = self.sweep_file("log score 1\n", "n: {type: uniform, min_value: 0, max_value: 1}",
                                   name, limits="max_total_trials: 2", sampling=sampling)
            self.ok("run", file, "--name", name)
            return [trial["properties"]["parameters"] for trial in self.trials(name)]

        first = run("first", "random")
        seed = self.show("first")["sampling_algorithm"]["seed"]
        self.assertEqual(run("again", f"{{type: random, seed: {seed}}}"), first)

    def test_usage_errors_are_short_and_name_the_help(self):
        for arguments in (["job", "list", "--max-results", "0"], ["job", "show"],
                          ["job", "create", "--nonsense"]):
            err = self.ends(3, *arguments).err
            self.assertTrue(err.startswith("trawl: error: "), err)
            self.assertLess(len(err), 300)
        file = self.job_file(command="exit 0")
        self.assertIn("no dashboard", self.ok("job", "create", "-f", file, "--web").err)
        self.ok("job", "validate", "-f", file, "--name", "good")
        self.assertIn("cannot be a job's name",
                      self.ends(3, "job", "validate", "-f", file, "--name", "no/good").err)

    def test_an_outputs_name_is_no_path(self):
        self.ok("run", self.job_file(command="exit 0", more="outputs: {o: }\n"), "--name", "out")
        for name in ("..", "../work", "nothing"):
            self.ends(4, "job", "download", "-n", "out", "--output-name", name, "-p", "to")
        self.assertFalse((self.folder / "to").exists())


if __name__ == "__main__":
    main()
