#!/usr/bin/env python3
"""On a terminal a followed sweep is a live table that leaves plain text behind."""

import fcntl
import os
import pty
import re
import struct
import termios
import threading

from trawl_case import TrawlCase, main

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A pseudo-terminal whose screen bytes are collected."""

    def __init__(self, rows=30, columns=120):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.bytes = b""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while True:
            try:
                chunk = os.read(self.master, 65536)
            except OSError:  # nobody has the other end any more
                return
            if not chunk:
                return
            self.bytes += chunk

    def close_slave(self):
        os.close(self.slave)

    @property
    def raw(self):
        return self.bytes.decode(errors="replace")

    @property
    def text(self):
        """Without escape sequences."""
        return ESCAPE.sub("", self.raw)


class LiveTable(TrawlCase):
    def follow(self, *args, env=None):
        """The client on a terminal of its own."""
        terminal = Terminal()
        env = {"TERM": "xterm-256color", **(env or {})}
        client = self.start(*args, env=env, stdin=terminal.slave, stdout=terminal.slave,
                            stderr=terminal.slave)
        terminal.close_slave()
        return terminal, client

    def finish(self, terminal, client):
        code = client.wait(timeout=120)
        terminal.reader.join(timeout=10)
        return code

    def sweep(self):
        return self.sweep_file("log score $1.5\nwait_for gate-$1\n")

    def test_a_run_shows_its_trials_progress_and_best_value(self):
        self.start_coordinator(slots=2)
        terminal, client = self.follow("run", self.sweep(), "--name", "lively")
        self.wait_until(lambda: "1.5" in terminal.text, "the second trial's value")
        for word in ("lively", "lively_0", "lively_1", "Running", "score"):
            self.assertIn(word, terminal.text)
        self.open_gate("gate-0", "gate-1")
        self.wait_until(lambda: "lively_2" in terminal.text, "the last trial")
        self.open_gate("gate-2")
        self.assertEqual(self.finish(terminal, client), 0)
        last = terminal.text[-1500:]
        self.assertIn("Completed", last)
        self.assertRegex(last, r"best +lively_2 +score = 2\.5")
        self.assertRegex(last, r"3 Completed")
        self.assertIn("\x1b[", terminal.raw, "a terminal is redrawn")

    def test_no_color_is_honoured_and_a_dumb_terminal_gets_plain_lines(self):
        self.open_gate("gate-0", "gate-1", "gate-2")
        terminal, client = self.follow("run", self.sweep(), "--name", "grey",
                                       env={"NO_COLOR": "1"})
        self.assertEqual(self.finish(terminal, client), 0)
        self.assertIsNone(re.search(r"\x1b\[[0-9;]*m", re.sub(r"\x1b\[0?m", "", terminal.raw)))
        terminal, client = self.follow("job", "stream", "-n", "grey", env={"TERM": "dumb"})
        self.assertEqual(self.finish(terminal, client), 0)
        self.assertNotIn("\x1b", terminal.raw)
        self.assertIn("grey_2", terminal.text)

    def test_ctrl_c_leaves_the_terminal_usable_and_the_job_running(self):
        self.start_coordinator(slots=2)
        terminal, client = self.follow("run", self.sweep(), "--name", "left")
        self.wait_until(lambda: "1.5" in terminal.text, "the second trial's value")
        client.send_signal(2)
        self.assertEqual(self.finish(terminal, client), 130)
        self.assertIn("trawl job stream -n left", terminal.text)
        hidden, shown = terminal.raw.count("\x1b[?25l"), terminal.raw.count("\x1b[?25h")
        self.assertEqual(hidden > 0, shown > 0, "a cursor that was hidden is shown again")
        self.assertEqual(self.show("left")["status"], "Running")
        self.open_gate("gate-0", "gate-1", "gate-2")
        self.wait_for_job("left")

    def test_a_list_on_a_terminal_is_a_table(self):
        self.ok("run", self.job_file(script="true"), "--name", "listed")
        terminal, client = self.follow("job", "list")
        self.assertEqual(self.finish(terminal, client), 0)
        self.assertIn("listed", terminal.text)
        self.assertNotIn("{", terminal.text)


if __name__ == "__main__":
    main()
