# SPDX-License-Identifier: ISC
"""faults: srcportd with calls of its own that fail (tests/faults/shim.c), and what it tells of it."""
import contextlib
import functools
import os
import signal
import socket
import subprocess

import harness as h

SHIM = os.path.join(h.ROOT, "build/faults.so")


def path_of(name):
    return os.path.join(h.directory(), name)


@functools.lru_cache(maxsize=None)
def build_shim():
    h.run("make", "-s", "-C", h.ROOT, "DEPS=no", "build/faults.so")


def shim(preload=SHIM, **settings):
    """The environment that loads the shim: at="1a2b", times="always", clock=PATH ..."""
    build_shim()
    variables = {"FAULT_" + name.upper(): str(value) for name, value in settings.items()}
    return dict(os.environ, LD_PRELOAD=preload, **variables)


def sites(path):
    """(function, offset) of each site that a run with sites=path has reached."""
    with open(path) as file:
        return sorted(set(tuple(line.split()) for line in file))


def place(offset):
    """Function and line of a site, for the text of a failure."""
    done = subprocess.run(["addr2line", "-f", "-s", "-e", h.PROGRAM, hex(int(offset, 16) - 1)],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          universal_newlines=True, check=False)
    return " ".join(done.stdout.split()) or offset


class Told(h.Daemon):
    """srcportd that tells a service manager, which is us, how it fares."""

    name = "srcportd"

    def __init__(self, environment, *arguments, start=True):
        super().__init__()
        self.address = self.log_path[:-len("log")] + "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)
        self.variables = dict(environment, NOTIFY_SOCKET=self.address)
        self.arguments = list(arguments)
        self.prefix = []  # a command that runs it
        if start:
            self.start()

    def command(self):
        return [*self.prefix, h.PROGRAM, *self.arguments]

    def environment(self):
        return self.variables

    def message(self, seconds):
        """The next message as a dictionary, or None in that time."""
        self.socket.settimeout(seconds)
        try:
            text = self.socket.recv(4096).decode()
        except socket.timeout:
            return None
        return dict(line.split("=", 1) for line in text.splitlines())

    def drain(self):
        """Reads all messages there are: where nobody reads, it waits a second to send one."""
        while self.message(0.0001):
            pass

    def deaf(self):
        """True if it could not reach us."""
        return "the service manager is told nothing" in self.log()

    def status(self, seconds=5):
        """The next status line, or None if it ends or says nothing in that time."""
        for _ in range(int(seconds * 20)):
            message = self.message(0.05)
            if message is None and (not self.running() or self.deaf()):
                return None
            if message is not None and "STATUS" in message:
                return message["STATUS"]
        return None

    def until(self, wanted, seconds=10):
        """Waits for a status line for which wanted() is true."""
        return h.wait_for(lambda: self._matching(wanted), seconds, "a status")

    def _matching(self, wanted):
        status = self.status()
        return status if status is not None and wanted(status) else None

    def timers(self):
        """The clock of each timerfd, as /proc tells."""
        folder = "/proc/%d/fdinfo" % self.pid
        found = []
        for fd in os.listdir(folder):
            try:
                with open(os.path.join(folder, fd)) as file:
                    about = dict(line.split(":", 1) for line in file if ":" in line)
            except FileNotFoundError:
                continue
            if "clockid" in about:
                found.append(int(about["clockid"]))
        return found

    def descriptors(self):
        """How many it has open."""
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def counts(self):
        """True if it counts failed connect() calls: it has counters open."""
        folder = "/proc/%d/fd/" % self.pid
        with contextlib.suppress(FileNotFoundError):
            return any(os.readlink(folder + fd) == "anon_inode:[perf_event]"
                       for fd in os.listdir(folder))
        return False

    def wait_agent(self):
        """Waits until its thread beside the polls has opened what it keeps: it has tried to reach
        snmpd then, and told that there is none. A first poll may be over before that."""
        self.wait_log("no AgentX master agent")

    def poke(self):
        """Reload, and a poll at once."""
        self.process.send_signal(signal.SIGHUP)

    def close(self):
        self.kill()
        self.socket.close()
        os.unlink(self.address)


def good(status):
    return status.split(":")[0] in ("normal", "warning", "critical")
