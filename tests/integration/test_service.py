#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The daemon and whoever starts it: a shell with -d, a pid file, syslog, a service manager."""
import os
import re
import signal
import socket
import subprocess

import harness as h

OK, FAILED, USAGE, BAD_CONFIG, RUNNING = range(5)


def path_of(name):
    return os.path.join(h.directory(), name)


def run_background(*arguments, environment=None):
    """srcportd -d: exit status of what the shell waits for, its standard error."""
    done = subprocess.run([h.PROGRAM, "-d", "--agentx-socket", path_of("nowhere"), *arguments],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=30, check=False,
                          env=environment)
    return done.returncode, done.stderr


def read_pid(path):
    with open(path) as file:
        return int(file.read())


def written_pid(path):
    """0 while nobody has written it: the file is made, then locked, then written."""
    return read_pid(path) if os.path.exists(path) and os.path.getsize(path) else 0


def is_gone(pid):
    """True when the process has ended; what init has not collected yet counts as gone."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


class Syslog:
    """A /dev/log of the test's own, on a /dev of its own."""

    def __init__(self):
        dev = path_of("dev")
        os.mkdir(dev)
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            subprocess.run(["cp", "-a", "/dev/" + name, dev], check=True)
        subprocess.run(["mount", "--bind", dev, "/dev"], check=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        self.socket.settimeout(10)

    def line(self):
        """(priority, text without time and host) of the next message."""
        raw = self.socket.recv(4096).decode()
        match = re.match(r"<(\d+)>\w+ +\d+ [\d:]+ (.*)$", raw.rstrip("\0\n"))
        assert match, raw
        return int(match.group(1)) & 7, match.group(2)

    def until(self, pattern):
        while True:
            priority, text = self.line()
            if re.search(pattern, text):
                return priority, text


class Manager:
    """The socket of a service manager."""

    def __init__(self, abstract=False):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = "srcportd-test-%d" % os.getpid()
        self.address = "@" + name if abstract else path_of("notify")
        self.socket.bind("\0" + name if abstract else self.address)
        self.socket.settimeout(10)

    def environment(self, **more):
        return dict(os.environ, NOTIFY_SOCKET=self.address, **more)

    def message(self):
        """The next message as a dictionary."""
        text = self.socket.recv(4096).decode()
        return dict(line.split("=", 1) for line in text.splitlines())

    def until(self, name):
        while True:
            message = self.message()
            if name in message:
                return message


class Managed(h.Srcportd):
    """srcportd with an environment."""

    def __init__(self, variables, *arguments, **options):
        self.variables = variables
        super().__init__(None, "--agentx-socket", path_of("nowhere"), *arguments, **options)

    def environment(self):
        return self.variables


def test_background():
    """The shell gets its prompt back when the daemon has polled; the daemon has nothing of it."""
    pid_file = path_of("pid")
    status, err = run_background("--pid-file", pid_file)
    assert status == OK, err
    pid = read_pid(pid_file)
    links = [os.readlink("/proc/%d/fd/%d" % (pid, fd)) for fd in (0, 1, 2)]
    assert links == ["/dev/null"] * 3, links
    assert os.readlink("/proc/%d/cwd" % pid) == "/"
    with open("/proc/%d/stat" % pid) as file:
        session = int(file.read().rsplit(")", 1)[1].split()[3])
    assert session == pid
    os.kill(pid, signal.SIGTERM)
    h.wait_for(lambda: is_gone(pid), 5, "the daemon's end")
    assert not os.path.exists(pid_file)


def test_background_that_fails():
    """The shell sees why on its terminal, and an exit status that says it."""
    status, err = run_background("--pid-file", path_of("no/such/directory/pid"))
    assert status == FAILED and "pid file" in err and "No such file" in err, (status, err)
    status, err = run_background("--pid-file", "relative")
    assert status == USAGE and "absolute" in err, (status, err)


def test_background_that_dies():
    """Killed before it was ready: the parent tells, and does not say 0."""
    fifo = path_of("proc")
    os.makedirs(os.path.join(fifo, "sys/net/ipv4"))
    os.mkfifo(os.path.join(fifo, "sys/net/ipv4/ip_local_port_range"))  # open(2) waits in it
    pid_file = path_of("pid")
    parent = subprocess.Popen([h.PROGRAM, "-d", "--proc-root", fifo, "--pid-file", pid_file],
                              stderr=subprocess.PIPE, universal_newlines=True)
    pid = h.wait_for(lambda: written_pid(pid_file), 10, "a child")
    assert parent.poll() is None
    os.kill(pid, signal.SIGKILL)
    err = parent.communicate(timeout=10)[1]
    assert parent.returncode == FAILED and "signal 9" in err, (parent.returncode, err)
    # The lock died with it, though its file is still there.
    status, err = run_background("--pid-file", pid_file)
    assert status == OK, err
    os.kill(read_pid(pid_file), signal.SIGTERM)


def test_second_daemon():
    """One line that names the first, exit status 4, and the first is not disturbed."""
    pid_file = path_of("pid")
    first = h.Srcportd(None, "--pid-file", pid_file, "--agentx-socket", path_of("nowhere"))
    h.wait_for(lambda: written_pid(pid_file), 10, "the pid file")
    for option in ([], ["-d"]):
        status, _, err = h.srcportd("--pid-file", pid_file, *option)
        assert status == RUNNING, (status, err)
        lines = err.splitlines()
        assert len(lines) == 1 and "process %d holds %s" % (first.pid, pid_file) in lines[0], err
    assert read_pid(pid_file) == first.pid
    assert first.stop() == OK
    assert not os.path.exists(pid_file)


def test_closed_standard_streams():
    """Started without standard streams, it never takes one of its own files for one."""
    pid_file = path_of("pid")
    command = '"%s" --pid-file "%s" --agentx-socket /nowhere <&- >&- 2>&- & echo $!' % (
        h.PROGRAM, pid_file)
    pid = int(subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, check=True).stdout)
    h.wait_for(lambda: written_pid(pid_file), 10, "the pid file")
    links = [os.readlink("/proc/%d/fd/%d" % (pid, fd)) for fd in (0, 1, 2)]
    assert links == ["/dev/null"] * 3, links
    assert read_pid(pid_file) == pid
    os.kill(pid, signal.SIGTERM)


def test_syslog():
    """-d: every message goes to syslog with its priority, at the start to the terminal too."""
    log = Syslog()
    pid_file = path_of("pid")
    status, err = run_background("--pid-file", pid_file)
    assert status == OK
    pid = read_pid(pid_file)
    assert log.until(r"^srcportd\[%d\]: main: srcportd .* polls every" % pid)[0] == 6
    assert "main: srcportd" in err
    assert log.until(r"^srcportd\[%d\]: agent: no AgentX master agent at" % pid)[0] == 4
    os.kill(pid, signal.SIGTERM)
    assert log.until(r"main: stopped")[0] == 6


def test_syslog_that_nobody_reads():
    """It is not waited for."""
    log = Syslog()
    pid_file = path_of("pid")
    status, _ = run_background("--pid-file", pid_file)
    assert status == OK
    pid = read_pid(pid_file)
    log.until(r"agent: no AgentX master agent at")
    flood = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    flood.connect("/dev/log")
    flood.setblocking(False)
    try:
        while True:
            flood.send(b"<6>other: a line")
    except BlockingIOError:
        pass
    os.kill(pid, signal.SIGHUP)
    os.kill(pid, signal.SIGTERM)
    h.wait_for(lambda: is_gone(pid), 8, "its end")


def in_journal(*arguments):
    """srcportd whose standard error is what JOURNAL_STREAM says."""
    daemon = Managed({}, *arguments, start=False)
    with open(daemon.log_path, "a") as file:
        stream = os.fstat(file.fileno())
    daemon.variables = dict(os.environ,
                            JOURNAL_STREAM="%d:%d" % (stream.st_dev, stream.st_ino))
    return daemon.start()


def test_journal_prefixes():
    """Under systemd each line says its priority to the journal."""
    daemon = in_journal()
    daemon.wait_log(r"^<6>main: srcportd ")
    daemon.wait_log(r"^<4>agent: no AgentX master agent")
    assert daemon.stop() == OK
    # Inherited from a service, but this is not the journal.
    _, _, err = h.srcportd("--pid-file", h.directory(), env=daemon.variables)
    assert err.startswith("srcportd: service: pid file"), err
    # The configuration's faults, too.
    with open(path_of("bad.conf"), "w") as file:
        file.write("nonsense 1\n")
    daemon = in_journal("--config", path_of("bad.conf"))
    assert daemon.wait() == BAD_CONFIG
    daemon.wait_log(r"^<3>config: .*bad\.conf:1: ")


def test_notify():
    """READY with the first poll, not before; STOPPING when it is told to end."""
    for abstract in (False, True):
        manager = Manager(abstract)
        daemon = Managed(manager.environment())
        first = manager.message()
        assert first["READY"] == "1", first
        assert re.match(r"normal: \d+ sockets, \d+ of \d+ source ports held by none; 1 poll,",
                        first["STATUS"]), first
        assert "WATCHDOG" not in first
        second = manager.message()
        assert "READY" not in second and "; 2 polls" in second["STATUS"], second
        assert daemon.stop() == OK
        assert manager.until("STOPPING")["STOPPING"] == "1"


def test_watchdog():
    """Each poll feeds it, a failed one too, and it waits for as long as the interval needs."""
    root = path_of("proc")
    manager = Manager()
    daemon = Managed(manager.environment(WATCHDOG_USEC="5000000"), "--proc-root", root)
    for polls in range(3):
        message = manager.message()
        assert message["WATCHDOG"] == "1"
        assert message["WATCHDOG_USEC"] == "32000000"  # twice 1 s, and 30 s for a slow poll
        assert message["STATUS"].startswith("the last poll failed: " + root), (polls, message)
    assert daemon.stop() == OK
    daemon = Managed(manager.environment(WATCHDOG_USEC="90000000"), interval=10)
    assert manager.until("READY")["WATCHDOG_USEC"] == "90000000"
    assert daemon.stop() == OK


def test_watchdog_of_another():
    """WATCHDOG_PID names somebody else: that is not ours to feed."""
    manager = Manager()
    daemon = Managed(manager.environment(WATCHDOG_USEC="5000000", WATCHDOG_PID="1"))
    assert "WATCHDOG" not in manager.until("READY")
    assert daemon.stop() == OK


def test_notify_without_manager():
    """A manager that cannot be reached costs one line."""
    daemon = Managed(dict(os.environ, NOTIFY_SOCKET=path_of("notify")))
    daemon.wait_log(r"service: NOTIFY_SOCKET .*: No such file or directory; the service manager")
    daemon.wait_log("polls every")
    assert daemon.stop() == OK


def test_log_is_quiet():
    """One line per change: ten polls without one add nothing to the log."""
    manager = Manager()
    daemon = Managed(manager.environment())
    daemon.wait_log("no AgentX master agent")
    manager.until("READY")
    before = daemon.log()
    for _ in range(6):
        manager.message()
    assert daemon.log() == before, daemon.log()
    assert daemon.stop() == OK


def test_alarms_that_find_no_room():
    """Said once when it begins, and once when it is over."""
    config = "maxAlarms %d\nwarningRemaining 65535\n"
    listeners = [h.Listener("127.0.0.1", port) for port in (9001, 9002, 9003)]
    held = [h.connect("127.0.0.1", one.port) for one in listeners]
    daemon = Managed(dict(os.environ), config=config % 1)
    daemon.wait_log("alarm: alarms are left out: there are more than maxAlarms")
    daemon.configure(config % 3)
    daemon.reload()
    daemon.wait_log("alarm: no alarm is left out any more")
    for port in (9001, 9002, 9003):
        daemon.wait_log("alarm: pool 127.0.0.1 -> 127.0.0.1:%d: warning" % port)
    h.reset_all(held)
    assert daemon.stop() == OK
    assert daemon.log().count("left out") == 2, daemon.log()


if __name__ == "__main__":
    h.main()
