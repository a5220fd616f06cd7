"""Hosts with a network of their own, on one machine: network namespaces joined by a switch, whose
cables can be pulled. They share the file system. Needs root and iproute2.

Everything belongs to one process a host, which ends with this one: no name in /run/netns, no route
and no device of the machine's own network is touched, and nothing is left behind.
"""

import os
import shutil
import subprocess
import time

DEADLINE = 30.0
POLL = 0.005


def why_not():
    """Why hosts cannot be made here; "" where they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [tool for tool in ("ip", "nsenter", "unshare", "setpriv") if not shutil.which(tool)]
    if missing:
        return f"{', '.join(missing)}: not installed (scripts/install-deps test)"
    made = subprocess.run(["unshare", "--net", "--uts", "true"], capture_output=True, text=True)
    return "" if made.returncode == 0 else f"no network namespaces here: {made.stderr.strip()}"


def run(*words):
    made = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if made.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}: {made.stderr.strip()}")


class Host:
    """A network namespace with a host name."""

    def __init__(self, name, address=None):
        self.name, self.address = name, address
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--uts",
             "sh", "-c", f"hostname {name} && exec sleep infinity"])
        until = time.monotonic() + DEADLINE
        while not self._is_apart():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"cannot make host {name}")
            time.sleep(POLL)
        self.ip("link", "set", "lo", "up")

    def _is_apart(self):
        """It sleeps, so it has its namespaces and its name."""
        try:
            with open(f"/proc/{self.process.pid}/comm") as comm:
                return comm.read().strip() == "sleep"
        except OSError:
            return False

    @property
    def prefix(self):
        """Words before a command that runs on this host."""
        return ["nsenter", "-t", str(self.process.pid), "--net", "--uts", "--"]

    def ip(self, *words):
        run(*self.prefix, "ip", *words)


class Network:
    """`count` hosts h1, h2, ... with addresses 10.0.0.1, ... behind one switch."""

    def __init__(self, count):
        self.switch = Host("switch")
        self.switch.ip("link", "add", "bridge", "type", "bridge")
        self.switch.ip("link", "set", "bridge", "up")
        self.hosts = []
        for number in range(1, count + 1):
            host = Host(f"h{number}", f"10.0.0.{number}")
            run("ip", "link", "add", "eth0", "netns", host.process.pid, "type", "veth",
                "peer", "name", host.name, "netns", self.switch.process.pid)
            self.switch.ip("link", "set", host.name, "master", "bridge", "up")
            host.ip("addr", "add", f"{host.address}/24", "dev", "eth0")
            host.ip("link", "set", "eth0", "up")
            self.hosts.append(host)

    def pull_cable(self, host):
        """Both directions vanish; nobody is told."""
        self.switch.ip("link", "set", host.name, "down")

    def plug_in(self, host):
        self.switch.ip("link", "set", host.name, "up")

    def mute(self, host, target):
        """What `host` sends to `target` vanishes; the other direction stays."""
        host.ip("route", "add", "blackhole", f"{target.address}/32")

    def unmute(self, host, target):
        host.ip("route", "del", "blackhole", f"{target.address}/32")

    def close(self):
        for host in [*self.hosts, self.switch]:
            host.process.kill()
            host.process.wait()
