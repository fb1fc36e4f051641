#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_failures: connect() calls that find no port are counted exactly, and named."""
import ctypes
import errno
import fcntl
import json
import os
import platform
import shutil
import socket
import struct
import subprocess
import sys

import harness as h

# Failures are counted over the whole machine, and other tests run beside these: what is asserted of
# one pool is of addresses that nobody else uses.
PEER, PORT = "127.%d.%d.%d" % tuple(1 + byte % 254 for byte in os.urandom(3)), 9777
PEER6 = "2001:db8:%s::1" % os.urandom(2).hex()
INDEX = h.inet(PEER) + (PORT,) + h.inet("127.0.0.1")

# What fails: as many connect() calls as asked for, and tells which name it has.
FAIL = """
import socket, sys
name, peer, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
open("/proc/self/comm", "w").write(name)
family = socket.AF_INET6 if ":" in peer else socket.AF_INET
failed = 0
for _ in range(count):
    with socket.socket(family) as one:
        failed += one.connect_ex((peer, port)) == %d
print(failed)
sys.stdout.flush()
sys.stdin.read()
""" % errno.EADDRNOTAVAIL


def available(*_):
    return h.value("srcPortFailuresAvailable.0") == 1


def start(snmpd):
    """The program, counting; skips where perf_event_open(2) is not allowed."""
    program = h.Srcportd(snmpd)
    program.wait_polls(1)
    if not available():
        program.stop()
        raise h.Skip("not available: %s" % h.value("srcPortFailuresReason.0").decode())
    return program


class Failing:
    """A process of its own whose connect() calls fail; it lives until closed."""

    def __init__(self, name, peer, port, count, prefix=(), script=FAIL):
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", script, name, peer, str(port), str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        h.at_exit(self.close)
        self.failed = int(self.process.stdout.readline())
        self.pid = self.process.pid

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(10)
            self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Reference:
    """The same count, by means of our own: it says how many failures the other tests add."""

    # By the machine and by the octets of a pointer, which may be fewer than the kernel's.
    POINTER = struct.calcsize("P")
    OPEN = {("x86_64", 8): 298, ("x86_64", 4): 336, ("i686", 4): 336, ("aarch64", 8): 241,
            ("s390x", 8): 331}.get((platform.machine(), POINTER))
    SET_FILTER, ENABLE = 0x40002406 | POINTER << 16, 0x2400

    def __init__(self):
        if self.OPEN is None:
            raise h.Skip("no number for perf_event_open(2) on this machine")
        with open("/sys/kernel/tracing/events/sock/inet_sock_set_state/id") as file:
            number = int(file.read())
        attributes = struct.pack("=IIQQQQQ", 2, 64, number, 0, 0, 0, 1).ljust(64, b"\0")
        words = ctypes.create_string_buffer(
            b"sport == 0 && oldstate == 2 && newstate == 7 && protocol == 6 && dport != 0")
        libc = ctypes.CDLL(None, use_errno=True)
        self.files = []
        for cpu in range(os.cpu_count()):
            file = libc.syscall(self.OPEN, ctypes.create_string_buffer(attributes, 64), -1, cpu,
                                -1, 0)
            assert file >= 0, os.strerror(ctypes.get_errno())
            assert libc.ioctl(file, self.SET_FILTER, words) == 0, os.strerror(ctypes.get_errno())
            fcntl.ioctl(file, self.ENABLE, 0)
            self.files.append(file)

    def read(self):
        return sum(struct.unpack("=Q", os.read(file, 8))[0] for file in self.files)


def counted(program, reference, action):
    """Failures that the program counts while action runs, as (least, seen, most)."""
    program.wait_polls(1)
    outer = reference.read()
    program.wait_polls(2)
    before, inner = total(), reference.read()
    action()
    inner = reference.read() - inner
    program.wait_polls(2)
    seen = total() - before
    return inner, seen, reference.read() - outer


def total():
    return h.value("srcPortFailuresTotal.0")


def pools(column):
    return {index: row[column] for index, row in h.table("srcPortPoolTable").items()}


def assert_failures(expected):
    """In our pool, exactly; but for those that a storm of another test made the kernel lose."""
    seen, lost = pools("srcPortPoolFailures")[INDEX], h.value("srcPortFailuresLost.0")
    assert seen <= expected <= seen + lost, (seen, expected, lost)


def fail_once(**options):
    """One connect() for which there is no port."""
    try:
        h.connect(PEER, PORT, **options).close()
    except OSError as error:
        assert error.errno == errno.EADDRNOTAVAIL
        return True
    raise AssertionError("a port was left")


def last():
    return [h.value("srcPortFailuresLast%s.0" % name)
            for name in ("Pool", "ProcessId", "ProcessName")]


def wait_last(expected, prefix=(), script=FAIL):
    """A process fails again and again, until it is the last failure that the program names."""
    again = "while not select.select([sys.stdin], [], [], 0.005)[0]: socket.socket(family)" \
            ".connect_ex((peer, port))"
    script = script.replace("sys.stdin.read()", again).replace("import socket", "import select, socket")
    with Failing("victim", PEER, PORT, 1, prefix, script) as failing:
        where = expected + (": victim (pid %d)" % failing.pid if prefix else "")
        h.wait_for(lambda: last() == [where.encode(), failing.pid, b"victim"], 30, where)


def refuse(peer, port, count):
    """connect() calls to a port where nobody listens."""
    for _ in range(count):
        with socket.socket() as one:
            assert one.connect_ex((peer, port)) == errno.ECONNREFUSED


def test_exactly_those_that_found_no_port():
    h.want("tracefs")
    h.port_range(40000, 40199)
    with h.Snmpd() as snmpd, h.Listener(PEER, PORT), start(snmpd) as program:
        held = h.connect_until_full(PEER, PORT, source="127.0.0.1", no_port=True)
        assert len(held) == 200
        program.wait_polls(2)
        assert_failures(1)  # the one that said "full"
        reference = Reference()

        def fail_and_refuse():
            refuse(PEER, 9999, 30)
            with Failing("victim", PEER, PORT, 50) as failing:
                assert failing.failed == 50
                program.wait_polls(1)
            refuse(PEER, 9999, 30)

        least, seen, most = counted(program, reference, fail_and_refuse)
        assert 50 <= least <= seen <= most, (least, seen, most)
        assert_failures(51)
        of_peer = h.table("srcPortPeerTable")[h.inet(PEER)]["srcPortPeerFailures"]
        assert of_peer == pools("srcPortPoolFailures")[INDEX]
        wait_last("127.0.0.1 to %s:%d" % (PEER, PORT))
        assert h.value("srcPortFailuresLastAge.0") < 60
        h.reset_all(held)


def test_a_failure_makes_a_full_pool_critical():
    h.want("tracefs")
    h.port_range(40000, 40009)
    with h.Snmpd() as snmpd, h.Listener(PEER, PORT), \
            h.Srcportd(snmpd, config="criticalPercent off\ncriticalRemaining off\n") as program:
        program.wait_polls(1)
        if not available():
            raise h.Skip("not available")
        held = h.connect_until_full(PEER, PORT)
        h.wait_for(lambda: fail_once() and pools("srcPortPoolSeverity").get(INDEX) == 3, 10, "critical")
        assert h.table("srcPortPoolTable")[INDEX]["srcPortPoolCause"] == 8
        assert h.value("srcPortSystemSeverity.0") == 3
        h.reset_all(held)


def test_a_poll_comes_at_once():
    h.want("tracefs")
    h.port_range(40000, 40003)
    with h.Snmpd() as snmpd, h.Listener(PEER, PORT):
        with h.Srcportd(snmpd, interval=600) as program:
            program.wait_polls(0)
            if not available():
                raise h.Skip("not available")
            held = h.connect_until_full(PEER, PORT)
            h.wait_for(lambda: fail_once() and pools("srcPortPoolFailures").get(INDEX), 10,
                       "a poll")
            assert h.value("srcPortPollInterval.0") <= 600
            h.reset_all(held)


def test_ipv6_and_mapped():
    h.want("tracefs")
    h.port_range(40000, 40009)
    h.add_address(PEER6 + "/128")
    with h.Snmpd() as snmpd, h.Listener("::", PORT, only_v6=False), start(snmpd) as program:
        six = h.connect_until_full(PEER6, PORT)
        mapped = h.connect_until_full("::ffff:" + PEER, PORT)
        assert (len(six), len(mapped)) == (10, 10)
        program.wait_polls(2)

        def fail_six():
            with socket.socket(socket.AF_INET6) as one:
                return one.connect_ex((PEER6, PORT)) == errno.EADDRNOTAVAIL

        index = h.inet(PEER6) + (PORT,) + h.inet(PEER6)
        assert set(pools("srcPortPoolFailures")) == {index, INDEX}
        h.wait_for(lambda: fail_once() and pools("srcPortPoolFailures")[INDEX], 10, "mapped")
        h.wait_for(lambda: fail_six() and pools("srcPortPoolFailures")[index], 10, "IPv6")
        h.reset_all(six + mapped)


def test_other_namespaces_count_and_are_not_blamed_on_ours():
    h.want("tracefs")
    h.port_range(40000, 49999)
    with h.Snmpd() as snmpd, h.Listener(PEER, PORT), start(snmpd) as program:
        ours = [h.connect(PEER, PORT)]
        reference = Reference()
        # One port, and one connection that holds it.
        script = ("ip link set lo up; echo 40000 40000 >/proc/sys/net/ipv4/ip_local_port_range; "
                  "exec \"$@\"")
        prefix = ["unshare", "--net", "sh", "-c", script, "sh"]
        full = FAIL.replace("failed = 0", "keep = socket.create_server((peer, port)); "
                            "kept = socket.create_connection((peer, port)); failed = 0")

        def fail_elsewhere():
            with Failing("guest", PEER, PORT, 7, prefix, full) as failing:
                assert failing.failed == 7
                program.wait_polls(1)

        least, seen, most = counted(program, reference, fail_elsewhere)
        assert 7 <= least <= seen <= most, (least, seen, most)
        assert pools("srcPortPoolFailures") == {INDEX: 0}
        assert h.value("srcPortSystemSeverity.0") == 1

        wait_last("127.0.0.1 to %s:%d in another network namespace" % (PEER, PORT), prefix, full)
        h.reset_all(ours)


def test_a_storm_is_counted_whole():
    h.want("tracefs")
    h.port_range(40000, 40003)
    with h.Snmpd() as snmpd, h.Listener(PEER, PORT), start(snmpd) as program:
        held = h.connect_until_full(PEER, PORT)
        reference = Reference()

        def storm():
            with Failing("storm", PEER, PORT, 80000) as failing:
                assert failing.failed == 80000

        least, seen, most = counted(program, reference, storm)
        assert 80000 <= least <= seen <= most, (least, seen, most)
        assert_failures(80001)
        h.reset_all(held)


def counts(pid):
    """True if the process has counters open."""
    files = "/proc/%d/fd/" % pid
    return any(os.readlink(files + file) == "anon_inode:[perf_event]"
               for file in os.listdir(files))


def test_watch():
    h.want("tracefs")
    h.port_range(40000, 40003)
    with h.Listener(PEER, PORT):
        held = h.connect_until_full(PEER, PORT)
        program = subprocess.Popen(
            [h.PROGRAM, "--once", "--watch", "8", "--format", "json"], stdout=subprocess.PIPE)
        h.at_exit(program.kill)
        h.wait_for(lambda: counts(program.pid) or program.poll() is not None, 10, "it counts")
        with Failing("victim", PEER, PORT, 50) as failing:
            report = json.loads(program.communicate(timeout=30)[0].decode())
            if not report["failures"]["available"]:
                raise h.Skip("not available: " + report["failures"]["reason"])
            assert report["failures"]["seconds"] == 8
            assert report["failures"]["total"] >= 50
            pool = report["pools"][0]
            lost = report["failures"]["lost"]
            assert pool["failures"] <= 50 <= pool["failures"] + lost, (pool, lost)
            assert (pool["cause"], pool["severity"]) == ("failures", "critical")
            assert 'the last in "victim" (pid %d)' % failing.pid in report["message"]
        h.reset_all(held)


def test_watch_where_it_cannot():
    status, output, errors = h.srcportd("--once", "--watch", "60", seconds=20)
    assert (status, errors) == (0, "")
    assert ("FAILURES  not available here: tracefs is not mounted: mount -t tracefs tracefs "
            "/sys/kernel/tracing\n") in output
    assert "FAILURES" not in h.srcportd("--once")[1]


def test_not_available_without_tracefs():
    with h.Snmpd() as snmpd, h.Srcportd(snmpd) as program:
        program.wait_polls(1)
        assert not available()
        assert h.value("srcPortFailuresReason.0") == (
            b"tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing")
        assert h.value("srcPortPollFeatures.0")[0] & 1 == 0  # BITS: failures(7)


def reason_with(*prefix):
    """What the program says when it is started behind that command."""
    os.chmod(h.directory(), 0o755)
    with h.Snmpd() as snmpd:
        program = h.Srcportd(snmpd, start=False)
        command = [*prefix, shutil.copy(h.PROGRAM, h.directory()), *program.command()[1:]]
        program.command = lambda: command
        with program.start():
            program.wait_served()
            program.wait_polls(1)
            assert not available()
            # Not counted is not 0.
            assert h.get("srcPortFailuresTotal.0")[0].type == "noSuchInstance"
            return h.value("srcPortFailuresReason.0").decode()


def test_not_available_to_a_plain_user():
    h.want("tracefs")
    assert reason_with("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups").startswith(
        "tracefs is not readable: ")


def test_not_available_without_cap_perfmon():
    h.want("tracefs")
    with open("/proc/sys/kernel/perf_event_paranoid") as file:
        if int(file.read()) < 1:
            raise h.Skip("this machine lets everyone count")
    assert reason_with("setpriv", "--bounding-set=-all") == "perf_event_open: it needs CAP_PERFMON"


if __name__ == "__main__":
    h.main()
