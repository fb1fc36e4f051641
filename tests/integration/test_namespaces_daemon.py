#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Other network namespaces as managers see them: rows, alarms, and that nothing of a namespace is
kept from one poll to the next. Real snmpd, snmptrapd, and sockets in namespaces."""
import contextlib
import json
import os
import signal
import subprocess
import sys

import harness as h
from spaces import ANONYMOUS, BEGIN, from_outside, holder, inside, named, remove_cgroup, veth
from test_namespaces import crowded
from traps import CLEARED, CRITICAL, WARNING, alarms, kind_of, values
from world import UNPRIVILEGED

KEY = b"pool 127.0.0.1 -> 127.0.0.1:9000 in blue"
POOL = h.inet("127.0.0.1") + (9000,) + h.inet("127.0.0.1")
SEVERITIES = ["", "normal", "warning", "critical", "unknown"]
WANTED = "namespaces yes\nclearPolls 1\nwarningRemaining off\n"

# As many connections as each line says, of 100 ports; what is too much is reset.
MOVING = BEGIN + """
import itertools, struct
pairs = []
for line in itertools.chain([sys.argv[1]], iter(sys.stdin.readline, "")):
    while len(pairs) < int(line):
        one = socket.socket()
        one.connect(("127.0.0.1", 9000))
        pairs.append((one, listener.accept()[0]))
    while len(pairs) > int(line):
        for one in pairs.pop():
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()
    print(len(pairs), flush=True)
"""


def index(name):
    return (len(name),) + tuple(name.encode())


def reported(name):
    status, out, err = h.srcportd("--once", "--namespaces", "--format", "json")
    assert status == 0, err
    return {row["name"]: row for row in json.loads(out)["namespaces"]}[name]


def row(name):
    return h.table("srcPortNetnsTable").get(index(name))


def pools():
    return h.table("srcPortNetnsPoolTable")


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return [int(child) for child in file.read().split()]


class Told:
    """srcportd, snmpd and a manager."""

    def __init__(self, config=WANTED, before=()):
        h.run("ip", "link", "set", "lo", "up")
        self.manager = h.Snmptrapd()
        self.snmpd = h.Snmpd(extra=h.trap_sinks("v2c"))
        self.daemon = h.Srcportd(self.snmpd, config=config, before=before)

    def ours(self):
        return [trap for trap in self.manager.traps() if kind_of(trap)]

    def wait(self, count):
        h.wait_for(lambda: len(self.ours()) >= count, 10, "%d notifications" % count)
        return self.ours()


def assert_same(found, said):
    """What a manager reads is what the report says."""
    range_of = h.table("srcPortNetnsRangeTable")[index(said["name"])]
    expected = {"Severity": SEVERITIES.index(said["severity"]), "Exact": 1 if said["exact"] else 2,
                "Connections": said["connections"], "Label": said["name"].encode(),
                "WorstPool": (said["worstPool"] or "").encode(), "Message": said["message"].encode()}
    assert {name: found["srcPortNetns" + name] for name in expected} == expected, (found, said)
    expected = {"Low": said["range"]["low"], "High": said["range"]["high"],
                "Capacity": said["range"]["capacity"], "LeastRemaining": said["leastRemaining"],
                "Percent": said["percent"], "Label": said["name"].encode(), "Uncertain": 0}
    assert {name: range_of["srcPortNetnsRange" + name] for name in expected} == expected, range_of
    for one in said["pools"]:
        at = index(said["name"]) + h.inet(one["peer"]) + (one["port"],) + h.inet(one["local"])
        of_pool = pools()[at]
        expected = {name[0].upper() + name[1:]: one[name]
                    for name in ("used", "remaining", "uncertain", "capacity", "percent")}
        expected["Severity"] = SEVERITIES.index(one["severity"])
        assert {name: of_pool["srcPortNetnsPool" + name] for name in expected} == expected, of_pool


def test_a_full_pool_raises_an_alarm():
    told = Told()
    with named("blue") as command:
        with inside(command, 200) as (process, count):
            assert count == 100
            raised, = told.wait(1)
            assert kind_of(raised) == CRITICAL
            carried = values(raised)
            expected = {"Key": KEY, "Namespace": b"blue", "Used": 100, "Capacity": 100,
                        "Remaining": 0, "Percent": 100, "Severity": 3, "Cause": 6}
            assert {name: carried["srcPortAlarm" + name] for name in expected} == expected, carried
            assert carried["srcPortAlarmMessage"].startswith(b"small range: 100 of 100 ports in use")
            assert (b"; in there (nsenter -t %d -n) set net.ipv4.ip_local_port_range=" %
                    process.pid) in carried["srcPortAlarmMessage"], carried
            h.wait_for(pools, 10, "its row")
            said = reported("blue")
            assert said["severity"] == "critical" and len(said["pools"]) == 1, said
            assert_same(row("blue"), said)
            assert row("blue")["srcPortNetnsKind"] == 3, row("blue")
            assert row("blue")["srcPortNetnsProcessId"] == process.pid
            assert row("blue")["srcPortNetnsMostUsed"] == 100
            assert row("blue")["srcPortNetnsAge"] <= 5
            assert h.value("srcPortNetnsAvailable.0") == 1
            found = {name: h.value("srcPortNetns%s.0" % name)
                     for name in ("Namespaces", "Exacts", "Omitted", "OmittedPools",
                                  "WorstSeverity")}
            assert found == {"Namespaces": 1, "Exacts": 1, "Omitted": 0, "OmittedPools": 0,
                             "WorstSeverity": 3}, found
            # This test is in a pid namespace.
            assert h.value("srcPortNetnsReason.0").startswith(b"processes of the host are hidden")
            (alarm,) = alarms().values()
            assert (alarm["srcPortAlarmKind"], alarm["srcPortAlarmKey"]) == (9, KEY), alarm
            # namespaceRanges.
            assert h.value("srcPortHygieneFindings.0") == b"\x00\x20"
            assert (b"1 other network namespace has another range than 32768-60999 (blue: "
                    b"40000-40099)") in h.value("srcPortHygieneMessage.0")
            assert h.value("srcPortSystemSeverity.0") == 3
            assert h.value("srcPortSystemMessage.0").startswith(KEY + b": small range: 100 of 100")
            assert h.value("srcPortNetnsWorstMessage.0").startswith(b"blue: 127.0.0.1 -> 127.0.0.1:9000: ")
    # It has gone, with all that was in it.
    cleared = told.wait(2)[1]
    assert kind_of(cleared) == CLEARED and values(cleared)["srcPortAlarmKey"] == KEY
    assert values(cleared)["srcPortAlarmNamespace"] == b"blue"
    h.wait_for(lambda: h.table("srcPortNetnsTable") == {}, 10, "no row")
    assert pools() == {} and alarms() == {} and h.table("srcPortNetnsRangeTable") == {}
    assert h.value("srcPortSystemSeverity.0") == 1
    assert len(told.ours()) == 2
    told.daemon.stop()


def test_a_target_has_its_alarm_wherever_it_is_short():
    """One alarm, of the target, which names the namespace; its pool in there has a row and none."""
    told = Told(WANTED + "target web 127.0.0.1:9000\n")
    h.run("ip", "link", "set", "lo", "up")
    with contextlib.closing(h.Listener("127.0.0.1", 9000)), named("blue") as command:
        held = h.connect_many(20, "127.0.0.1", 9000)
        with inside(command, 200) as (process, count):
            assert count == 100
            carried = values(told.wait(1)[0])
            expected = {"Key": b"target web", "Namespace": b"", "Used": 100, "Capacity": 100,
                        "Remaining": 0, "Percent": 100, "Severity": 3, "Cause": 6}
            assert {name: carried["srcPortAlarm" + name] for name in expected} == expected, carried
            assert carried["srcPortAlarmMessage"].decode().startswith(
                'in "blue": small range: 100 of 100 ports in use, 0 left, most held by %s; in there '
                "(nsenter -t %d -n) set net.ipv4." % (holder(process), process.pid)), carried
            (one,) = h.wait_for(pools, 10, "its row").values()
            assert one["srcPortNetnsPoolSeverity"] == 3, one
            (found,) = h.table("srcPortTargetTable").values()
            expected = {"TightestPool": b"127.0.0.1 -> 127.0.0.1:9000 in blue", "Established": 120,
                        "Connections": 120, "Pools": 2, "Remaining": 0, "Tightest": 0, "Capacity": 100,
                        "Used": 100, "Percent": 100, "Severity": 3}
            assert {name: found["srcPortTarget" + name] for name in expected} == expected, found
            assert h.value("srcPortSystemMessage.0").startswith(b'web: in "blue": small range: 100 of 100')
            assert row("blue")["srcPortNetnsSeverity"] == 3 and len(alarms()) == 1
        cleared = told.wait(2)[1]
        assert kind_of(cleared) == CLEARED and values(cleared)["srcPortAlarmKey"] == b"target web"
        (found,) = h.table("srcPortTargetTable").values()
        assert (found["srcPortTargetConnections"], found["srcPortTargetSeverity"]) == (20, 1), found
        assert len(told.ours()) == 2
        h.reset_all(held)
    told.daemon.stop()


# So many UDP sockets and, of callers that bind first, connections: of 100 ports.
BINDING = BEGIN + """
for _ in range(int(sys.argv[1])):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(("0.0.0.0", 0))
    held.append(one)
print(len(held), flush=True)
for line in iter(sys.stdin.readline, ""):
    while len(held) < int(line):
        one = socket.socket()
        try:
            one.bind(("127.0.0.1", 0))
            one.connect(("127.0.0.1", 9000))
        except OSError:
            break
        held.append(one)
    print(len(held), flush=True)
"""


def test_udp_and_bind_of_another_namespace():
    told = Told(WANTED + "udpWarningRemaining 20\n"
                "namespace re* warning off critical off\n")
    with named("blue") as command, named("red") as other:
        with inside(command, 85, BINDING) as (process, _), inside(other, 85, BINDING):
            raised = {values(one)["srcPortAlarmKey"]: values(one) for one in told.wait(2)}
            assert sorted(raised) == [b"udp 0.0.0.0 in blue", b"udp :: in blue"], raised
            carried = raised[b"udp 0.0.0.0 in blue"]
            expected = {"Namespace": b"blue", "Used": 85, "Capacity": 100, "Remaining": 15,
                        "Percent": 85, "Severity": 2}
            assert {name: carried["srcPortAlarm" + name] for name in expected} == expected, carried
            message = carried["srcPortAlarmMessage"]
            assert message.decode().startswith(
                "15 of 100 ports are left for UDP sockets of IPv4 without a local address, most are held "
                "by %s; in there (nsenter -t %d -n) widen net.ipv4." % (holder(process), process.pid)), message
            assert row("blue")["srcPortNetnsSeverity"] == 2
            assert {one["srcPortAlarmKind"] for one in alarms().values()} == {9}
            # Where nothing is left nothing tells who bound first: that was seen before.
            for count in (145, 185):
                process.stdin.write("%d\n" % count)
                process.stdin.flush()
                assert int(process.stdout.readline()) == count
                told.daemon.wait_polls(2)
            raised = {values(one)["srcPortAlarmKey"]: values(one) for one in told.wait(4)[2:]}
            assert sorted(raised) == [b"local 127.0.0.1 in blue", KEY], raised
            carried = raised[b"local 127.0.0.1 in blue"]
            assert (carried["srcPortAlarmRemaining"], carried["srcPortAlarmSeverity"]) == (0, 2), carried
            assert carried["srcPortAlarmMessage"].startswith(b"bind() to this address with port 0 can "
                                                             b"get 0 more ports"), carried
            assert len(alarms()) == 4
    h.wait_for(lambda: len([one for one in told.ours() if kind_of(one) == CLEARED]) == 4, 10,
               "all to be cleared")
    assert alarms() == {}
    told.daemon.stop()


# Connections that their peer has closed, and their program has not.
LEAKING = """
import socket, sys
held, listener = [], socket.socket()
listener.bind(("127.0.0.1", 9000))
listener.listen(4096)
for _ in range(int(sys.argv[1])):
    held.append(socket.create_connection(("127.0.0.1", 9000)))
    listener.accept()[0].close()
print(len(held), flush=True)
sys.stdin.read()
"""


def test_who_leaks_in_another_namespace():
    wanted = WANTED + "closeWait 50 clear 40\n"
    told = Told(wanted)
    with named("blue") as command, inside(command, 60, LEAKING) as (process, _):
        leaks = holder(process)
        carried = values(told.wait(1)[0])
        assert (carried["srcPortAlarmKey"], carried["srcPortAlarmSeverity"]) == (KEY, 2), carried
        assert carried["srcPortAlarmMessage"].decode().startswith(
            "CLOSE_WAIT 60 of 60, held by " + leaks), (carried, leaks)
        assert leaks.encode() in row("blue")["srcPortNetnsMessage"], row("blue")
        said = reported("blue")
        assert said["severity"] == "normal" and not said["pools"], said
        config = os.path.join(h.directory(), "leak.conf")
        with open(config, "w") as file:
            file.write("closeWait 50\n")
        for owners, expected in (("yes", True), ("no", False)):
            with open(config, "a") as file:
                file.write("namespaces yes\n" if expected else "owners no\n")
            out = h.srcportd("--once", "--config", config)[1]
            line, = [one for one in out.splitlines() if one.startswith("  blue ")]
            assert (leaks in line) is expected and "CLOSE_WAIT 60 of 60" in line, (owners, line)
        # It is not known over SNMP any more.
        told.daemon.configure(wanted + "owners no\n")
        told.daemon.reload()
        told.daemon.wait_log("reloaded")
        h.wait_for(lambda: all(leaks.encode() not in one["srcPortAlarmMessage"]
                               for one in alarms().values()), 10, "no name in the alarm")
        assert leaks.encode() not in row("blue")["srcPortNetnsMessage"], row("blue")
        assert len(alarms()) == 1 and len(told.ours()) == 1, told.ours()
    told.daemon.stop()


# Seven connect() calls for which there is no port.
FAILING = """
import errno, socket
for _ in range(7):
    with socket.socket() as one:
        assert one.connect_ex(("127.0.0.1", 9000)) == errno.EADDRNOTAVAIL
"""
LINGERING = "import sys\nprint(0, flush=True)\nsys.stdin.read()"


@contextlib.contextmanager
def cgroup():
    """A new one, as what comes before a command that is to be in it."""
    path = "/sys/fs/cgroup/srcportd-%s" % os.urandom(6).hex()
    try:
        # /sys is that of this test.
        if not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
            h.run("mount", "-t", "cgroup2", "none", "/sys/fs/cgroup")
        os.mkdir(path)
    except (OSError, AssertionError, subprocess.CalledProcessError) as error:
        raise h.Skip("no cgroup of version 2: %s" % error) from None
    try:
        yield ["sh", "-c", 'echo 0 >"$0/cgroup.procs"; exec "$@"', path]
    finally:
        remove_cgroup(path)


def test_failures_are_told_by_namespace():
    """Also of a process that has gone when they are read: by the cgroup that it was in."""
    h.want("tracefs")
    told = Told()
    with named("blue") as command, inside(command, 200), cgroup() as joined:
        h.wait_for(lambda: row("blue"), 10, "a row")
        if h.value("srcPortFailuresAvailable.0") != 1:
            raise h.Skip("not available: %s" % h.value("srcPortFailuresReason.0").decode())

        def failures():
            return row("blue")["srcPortNetnsFailures"]
        before = failures()
        # It is there until it was read who that is.
        with inside(command, 0, FAILING + LINGERING):
            h.wait_for(lambda: failures() == before + 7, 10, "seven more")
        # The hierarchy is walked through for one unknown cgroup a second, and that may be another's
        # turn; in time it is known.
        with inside([*joined, *command], 0, LINGERING):
            for _ in range(5):
                before = failures()
                told.daemon.process.send_signal(signal.SIGSTOP)
                h.run(*joined, *command, sys.executable, "-c", FAILING)
                told.daemon.process.send_signal(signal.SIGCONT)
                told.daemon.wait_polls(3)
                if failures() != before:
                    break
            assert failures() == before + 7, (before, failures())
        # None of them is one of ours.
        assert not any(one["srcPortPoolFailures"] for one in h.table("srcPortPoolTable").values())


def test_where_no_process_is():
    """A namespace with a name, and connections in it of a process that stays elsewhere: found, counted
    and told of, and the same one when a process comes and goes."""
    told = Told(WANTED + "owners yes\n")
    with named("blue") as command:
        empty = h.wait_for(lambda: row("blue"), 10, "its row")
        expected = {"Kind": 3, "Severity": 1, "Exact": 1, "ProcessId": 0, "Connections": 0}
        assert {name: empty["srcPortNetns" + name] for name in expected} == expected, empty
        with inside([], 200, from_outside("blue")) as (process, count):
            assert count == 100
            carried = values(told.wait(1)[0])
            assert (carried["srcPortAlarmKey"], carried["srcPortAlarmSeverity"]) == (KEY, 3), carried
            said = carried["srcPortAlarmMessage"].decode()
            assert said.startswith("small range: 100 of 100 ports in use, 0 left, most held by %s; in "
                                   "there (nsenter --net=/run/netns/blue) set net.ipv4."
                                   "ip_local_port_range=" % holder(process)), said
            h.wait_for(pools, 10, "its row")
            assert_same(row("blue"), reported("blue"))
            with inside(command, 0, LINGERING) as (guest, _):
                h.wait_for(lambda: row("blue")["srcPortNetnsProcessId"] == guest.pid, 40, "the process")
            h.wait_for(lambda: row("blue")["srcPortNetnsProcessId"] == 0, 10, "no process again")
            told.daemon.wait_polls(3)
            assert len(told.ours()) == 1 and list(h.table("srcPortNetnsTable")) == [index("blue")]
            # As the message says.
            h.run("nsenter", "--net=/run/netns/blue", "sysctl", "-w",
                  "net.ipv4.ip_local_port_range=40000 42999")
            assert kind_of(told.wait(2)[1]) == CLEARED
    h.wait_for(lambda: h.table("srcPortNetnsTable") == {}, 10, "no row")
    told.daemon.stop()


def test_an_alarm_goes_on_between_its_levels():
    """Raised at 80 of 100, left below 75, by levels of its own; and a restart tells nobody
    anything."""
    told = Told("warningPercent off\nnamespace green critical off\n"
                "namespace bl* warning 80% clear 75%\n" + WANTED)
    with named("blue") as command, inside(command, 60, MOVING) as (process, _):
        def move(count):
            process.stdin.write("%d\n" % count)
            process.stdin.flush()
            assert int(process.stdout.readline()) == count
        told.daemon.wait_polls(3)
        assert told.ours() == [] and pools() == {}
        move(82)
        assert kind_of(told.wait(1)[0]) == WARNING
        move(77)
        h.wait_for(lambda: [one["srcPortNetnsPoolUsed"] for one in pools().values()] == [77], 10, "77")
        told.daemon.wait_polls(3)
        (one,) = pools().values()
        assert one["srcPortNetnsPoolSeverity"] == 2, one
        assert row("blue")["srcPortNetnsSeverity"] == 2 and len(alarms()) == 1
        told.daemon.stop()
        told.daemon.start()
        told.daemon.wait_served()
        told.daemon.wait_polls(4)
        assert len(told.ours()) == 1 and len(alarms()) == 1, told.ours()
        move(70)
        assert kind_of(told.wait(2)[1]) == CLEARED
        h.wait_for(lambda: pools() == {}, 10, "no pool in alarm")
        assert row("blue")["srcPortNetnsExact"] == 1
    told.daemon.stop()


def test_a_name_stays_and_doubles_nothing():
    """Another name for the same namespace, and then only that one."""
    told = Told("maxNamespaces 1\nnamespaceAlias small *.none\n" + WANTED)
    with named("blue") as command, inside(command, 200), inside(ANONYMOUS, 5):
        told.wait(1)
        h.run("touch", "/run/netns/azure")
        h.run("mount", "--bind", "/run/netns/blue", "/run/netns/azure")
        h.run("ip", "netns", "del", "blue")
        # They have been looked for meanwhile.
        with inside(ANONYMOUS, 1):
            h.wait_for(lambda: h.value("srcPortNetnsNamespaces.0") == 3, 10, "three of them")
        h.wait_for(lambda: h.value("srcPortNetnsNamespaces.0") == 2, 10, "two of them")
        assert list(h.table("srcPortNetnsTable")) == [index("blue")]
        assert h.value("srcPortNetnsOmitted.0") == 1
        assert len(told.ours()) == 1 and len(alarms()) == 1, told.ours()
        h.run("ip", "netns", "del", "azure")
    told.daemon.stop()


def test_without_privilege_there_are_bounds():
    told = Told(before=UNPRIVILEGED)
    with inside(ANONYMOUS, 200) as (process, count):
        assert count == 100
        (found,) = h.wait_for(lambda: h.table("srcPortNetnsTable"), 10, "its row").values()
        expected = {"Exact": 2, "ProcessId": process.pid, "MostUsed": 201, "Connections": 201,
                    "Severity": 4, "Cause": 1, "WorstPool": b""}
        assert {name: found["srcPortNetns" + name] for name in expected} == expected, found
        reason = (b"CAP_SYS_ADMIN and CAP_SYS_PTRACE are needed: the drop-in namespaces.conf gives "
                  b"them to the service")
        assert h.value("srcPortNetnsReason.0") == reason
        assert h.value("srcPortNetnsAvailable.0") == 1 and h.value("srcPortNetnsExacts.0") == 0
        assert found["srcPortNetnsMessage"] == (
            b"no pool holds more than 201 ports; its range is not known: " + reason), found
        assert h.table("srcPortNetnsRangeTable") == {} and pools() == {} and alarms() == {}
        assert h.value("srcPortSystemSeverity.0") == 1 and told.ours() == []
        assert "not counted: " + reason.decode() in told.daemon.log()
    told.daemon.stop()


def capabilities(pid):
    with open("/proc/%d/status" % pid) as file:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    return int(fields["CapPrm"], 16)


def with_capabilities(names):
    """With these alone, as the drop-ins give them to the service; group 0 sees hidden processes."""
    return ("setpriv", "--regid", "65534", "--clear-groups", "--bounding-set", "-all," + ",".join("+" + name for name in names),
            "--inh-caps", "-all")


def test_hidden_processes():
    """hidepid: what the message names is what helps, for a namespace of another user's as for any."""
    before = with_capabilities(("sys_admin", "sys_ptrace"))
    h.run("mount", "-t", "proc", "-o", "hidepid=2", "none", "/proc")
    rootless = ["setpriv", "--reuid", "65533", "--regid", "65533", "--clear-groups", "unshare",
                "--user", "--map-root-user", "--net", "sh", "-c", "echo; exec cat"]
    with subprocess.Popen(rootless, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdout.readline() != b"\n":
            raise h.Skip("no user namespace for a plain user here")
        name = "cat (pid %d)" % process.pid
        told = Told(before=before)
        h.wait_for(lambda: b"hidepid: drop-in owners.conf" in h.value("srcPortNetnsReason.0"), 10,
                   "the reason")
        assert h.value("srcPortNetnsNamespaces.0") == 0
        told.daemon.stop()
        told.daemon.before = list(with_capabilities(("sys_admin", "sys_ptrace", "dac_read_search")))
        told.daemon.start()
        h.wait_for(lambda: row(name), 15, name)
        # It was entered: what is not, is unknown.
        h.wait_for(lambda: row(name)["srcPortNetnsSeverity"] == 1, 15, "a look at it")
        process.stdin.close()


def test_who_enters_is_killed():
    """Another is started; with whoever starts it gone the figures stay, and it is said."""
    admin, ptrace = 1 << 21, 1 << 19
    told = Told()
    with named("blue") as command, inside(command, 200), named("red"):
        told.wait(1)
        (keeper,) = children(told.daemon.pid)
        (enters,) = children(keeper)
        assert capabilities(told.daemon.pid) & admin == 0
        assert capabilities(keeper) == capabilities(enters) == admin | ptrace
        os.kill(enters, signal.SIGKILL)
        told.daemon.wait_log("namespaces: the process that enters them was killed: another is started")
        h.wait_for(lambda: children(keeper) and children(keeper) != [enters], 10, "another")
        h.wait_for(lambda: row("blue")["srcPortNetnsAge"] <= 1, 10, "new figures")
        os.kill(keeper, signal.SIGKILL)
        h.wait_for(lambda: h.value("srcPortNetnsReason.0") ==
                   b"the process that enters them has gone: restart srcportd", 10, "the reason")
        told.daemon.wait_polls(4)
        assert row("blue")["srcPortNetnsSeverity"] == 3 and len(alarms()) == 1
        assert row("blue")["srcPortNetnsAge"] >= 2
        # No process tells what that one has: nothing, rather than 0.
        assert "srcPortNetnsConnections" in row("blue")
        assert "srcPortNetnsConnections" not in row("red"), row("red")
        assert len(told.ours()) == 1
    told.daemon.stop()


def lives(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError), \
            open("/proc/%d/stat" % pid) as file:
        return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def test_no_from_now_on():
    """That they are not to be looked at takes effect at once; that they are, with a restart, and a line
    that contradicts what it inherits never."""
    told = Told()
    with named("blue") as command, inside(command, 200):
        told.wait(1)
        told.daemon.configure(WANTED + "namespace bl* critical 70%\n")
        told.daemon.reload()
        told.daemon.wait_log("not reloaded: the configuration before it stays in force")
        told.daemon.wait_log('namespace: found "critical 70%", expected at least 80%, its warning level')
        (keeper,) = children(told.daemon.pid)
        assert len(alarms()) == 1
        told.daemon.configure("namespaces no\nclearPolls 1\n")
        told.daemon.reload()
        cleared = told.wait(2)[1]
        assert kind_of(cleared) == CLEARED and values(cleared)["srcPortAlarmKey"] == KEY
        h.wait_for(lambda: h.value("srcPortNetnsAvailable.0") == 2, 10, "none to be looked at")
        assert h.value("srcPortNetnsReason.0") == b"namespaces yes is not in the configuration"
        assert h.table("srcPortNetnsTable") == pools() == {} and not lives(keeper)
        told.daemon.configure(WANTED)
        told.daemon.reload()
        told.daemon.wait_log("namespaces has changed: that takes effect at the next start: restart srcportd")
        told.daemon.stop()
        told.daemon.start()
        assert kind_of(told.wait(3)[2]) == CRITICAL
    told.daemon.stop()


def test_they_end_with_the_daemon():
    told = Told()
    (keeper,) = children(told.daemon.pid)
    (enters,) = children(keeper)
    told.daemon.kill()
    h.wait_for(lambda: not any(lives(pid) for pid in (keeper, enters)), 10, "both to end")


def test_nothing_of_it_is_kept():
    """Namespaces go, with their veth, while they are polled."""
    told = Told("namespaces yes\ntarget all 0.0.0.0/0\n")
    for i in range(3):
        device, name = veth("n%d" % i), "n%d" % i
        h.run("ip", "-n", name, "link", "set", "lo", "up")
        with contextlib.ExitStack() as stack:
            stack.enter_context(inside(["ip", "netns", "exec", name], 200))
            gone = stack.enter_context(inside(ANONYMOUS, 1))
            assert gone
            told.daemon.wait_polls(2)
        h.run("ip", "netns", "del", name)
        h.wait_for(lambda d=device: not os.path.exists("/sys/class/net/" + d), 5, "the veth to go")
    told.daemon.stop()


def test_hundreds_in_turn():
    """Namespaces without connections: each has a row, and goes with its process, also while nobody
    has waited for that."""
    with contextlib.ExitStack() as stack:
        # One process makes them all, and one in each stays.
        made = stack.enter_context(subprocess.Popen(
            ["sh", "-c", "for i in $(seq 60); do unshare --net sleep 1000 & echo $!; all=\"$all $!\"; done; "
                         "read x; kill $all"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True))
        pids = [int(made.stdout.readline()) for _ in range(60)]
        h.wait_for(lambda: len({os.stat("/proc/%d/net/dev" % pid).st_ino for pid in pids}) == 60,
                   30, "60 namespaces")
        told = Told()
        h.wait_for(lambda: h.value("srcPortNetnsNamespaces.0") == 60, 30, "all of them")

        seen = set()

        def looked_at():
            seen.add(crowded())
            rows = [one for one in h.table("srcPortNetnsTable").values()
                    if one["srcPortNetnsSeverity"] == 1]
            assert len(rows) == 60, len(rows)
            return rows

        rows = h.wait_for(looked_at, 30, "looks at them")
        assert {one["srcPortNetnsProcessId"] for one in rows} == set(pids)
        first = h.wait_for(lambda: seen.add(crowded()) or h.value("srcPortNetnsExacts.0"), 30,
                           "a full look in turn")
        assert first < 10 or True in seen, first
        made.stdin.close()
        h.wait_for(lambda: h.table("srcPortNetnsTable") == {}, 30, "none of them")
        told.daemon.stop()


if __name__ == "__main__":
    h.main(at_once=3)
