#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What each drop-in of the unit is for works with it, under all the other restrictions, and does
not without it."""
import json
import os
import re
import sys

import harness as h
import machine
from world import World

PEER, PORT = "127.%d.%d.%d" % tuple(1 + byte % 254 for byte in os.urandom(3)), 9777
POOL = h.inet(PEER) + (PORT,) + h.inet("127.0.0.1")
PROBE, PERFMON, PTRACE_AND_SEARCH = 1 << 12, 1 << 38 | 1 << 2, 1 << 19 | 1 << 2
ADMIN_AND_PTRACE = 1 << 21 | 1 << 19
NOBODY = 65534


def value(name):
    """As a manager reads it, from the stock snmpd of the machine."""
    return h.value(name, port=161)


def pool():
    rows = h.table("srcPortPoolTable", port=161)
    assert POOL in rows, list(rows)
    return rows[POOL]


def polled():
    """True after two more polls."""
    before = h.wait_for(lambda: value("srcPortPollPolls.0"), 20, "a first poll")
    return h.wait_for(lambda: value("srcPortPollPolls.0") >= before + 2, 20, "two more polls")


def start(config=""):
    """A machine where the service runs as shipped."""
    host = machine.installed()
    machine.open_snmpd(host)
    host.write("/etc/snmp/srcportd.conf", "interval 1\n" + config)
    host.run("systemctl", "start", "srcportd")
    polled()
    assert int(machine.process(host)["CapEff"], 16) == 0
    return host


def add(host, name, capabilities, effective=None):
    """Does what the drop-in's first lines say; the service has these capabilities and no more, or
    has given up some of them."""
    with open(host.file(machine.EXAMPLES + "systemd/srcportd.service.d/" + name)) as file:
        machine.drop_in(host, name, file.read())
    host.run("systemctl", "restart", "srcportd")
    polled()
    fields = machine.process(host)
    assert fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2"
    assert int(fields["CapBnd"], 16) == capabilities, fields["CapBnd"]
    for which in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
        expected = capabilities if effective is None else effective
        assert int(fields[which], 16) == expected, (which, fields[which])
    assert value("srcPortPollErrors.0") == 0


def test_probe():
    """Ports in doubt are asked about, and settled."""
    world = World()
    status, out, error = h.srcportd("--once", "--probe", "--format", "json")
    if status or "probe" not in json.loads(out)["poll"]["features"]:
        raise h.Skip("this kernel does not let us probe: " + error.strip())
    world.connect_bound(5, port=9001)
    host = start("probe yes\n")
    assert value("srcPortRangeUncertain.0") == 5
    assert re.search(r"probe: .*not permitted", host.journal("srcportd")), host.journal("srcportd")
    add(host, "probe.conf", PROBE)
    assert (value("srcPortRangeUncertain.0"), value("srcPortRangeBound.0")) == (0, 5)
    last_start = host.journal("srcportd").rsplit("polls every", 1)[1]
    assert "probe" not in last_start, last_start


# Fails three times, and lives on to be looked at.
FAIL = """
import errno, os, socket, sys, time
open("/proc/self/comm", "w").write("victim")
os.setgroups([])
os.setuid(%d)
for _ in range(3):
    assert socket.socket().connect_ex((sys.argv[1], int(sys.argv[2]))) == errno.EADDRNOTAVAIL
time.sleep(1000)
""" % NOBODY


def test_failures():
    """A connect() that finds no port is counted, in its pool, with the process that called it."""
    h.port_range(40000, 40099)
    host = start()
    said = host.run("mount", "-t", "tracefs", "tracefs", "/sys/kernel/tracing", check=False)
    if not os.path.exists(host.file("/sys/kernel/tracing/events/sock")):
        raise h.Skip("no tracefs here: " + said)
    as_root = json.loads(host.run("srcportd", "--once", "--watch", "1", "--format", "json"))
    if not as_root["failures"]["available"]:
        raise h.Skip("not even root can count here: " + as_root["failures"]["reason"])
    assert value("srcPortFailuresAvailable.0") != 1
    assert b"not readable" in value("srcPortFailuresReason.0"), value("srcPortFailuresReason.0")
    add(host, "failures.conf", PERFMON)
    assert value("srcPortFailuresAvailable.0") == 1, value("srcPortFailuresReason.0")
    with h.Listener(PEER, PORT):
        held = h.connect_until_full(PEER, PORT)
        before = h.wait_for(lambda: pool()["srcPortPoolFailures"], 20, "the failure that said so")
        host.run("systemd-run", "-u", "victim", sys.executable, "-c", FAIL, PEER, str(PORT))
        h.wait_for(lambda: pool()["srcPortPoolFailures"] == before + 3, 20, "three more")
        # Counted over the whole machine, where another test may be the last.
        last = value("srcPortFailuresLastPool.0").decode()
        if last == "127.0.0.1 to %s:%d" % (PEER, PORT):
            assert value("srcPortFailuresLastProcessName.0") == b"victim"
            assert value("srcPortFailuresLastProcessId.0") == int(host.show("victim", "MainPID"))
        h.reset_all(held)


# Somebody else's process that holds connections until it is killed.
HOLD = """
import os, socket, sys, time
open("/proc/self/comm", "w").write("leaky one")
os.setgroups([])
os.setuid(%d)
held = [socket.socket() for _ in range(30)]
for one in held:
    one.connect((sys.argv[1], int(sys.argv[2])))
time.sleep(1000)
""" % NOBODY


def owner():
    rows = h.table("srcPortOwnerTable", port=161)
    assert POOL + (1,) in rows, list(rows)
    return rows[POOL + (1,)]


def process():
    """Of the owner; None if that is not known."""
    return h.table("srcPortOwnerProcessTable", port=161).get(POOL + (1,))


def test_owners():
    """A process of another user is named; without the drop-in it is a user and no more."""
    h.port_range(40000, 40099)
    host = start()
    with h.Listener(PEER, PORT):
        host.run("systemd-run", "-u", "holder", sys.executable, "-c", HOLD, PEER, str(PORT))
        h.wait_for(lambda: owner()["srcPortOwnerConnections"] == 30, 20, "who holds them")
        assert (owner()["srcPortOwnerUserId"], process()) == (NOBODY, None), owner()
        add(host, "owners.conf", PTRACE_AND_SEARCH)
        row = h.wait_for(process, 20, "its process")
        assert owner()["srcPortOwnerUserId"] == NOBODY, owner()
        assert row["srcPortOwnerProcessId"] == int(host.show("holder", "MainPID")), row
        assert row["srcPortOwnerProcessName"] == b"leaky one", row
        assert row["srcPortOwnerOpenFiles"] >= 30, row


# Takes ports of its pool, in a network namespace of its own as PrivateNetwork= makes one.
FILL = """
import socket, time
listener = socket.socket()
listener.bind(("127.0.0.1", 9777))
listener.listen(4096)
held = [socket.socket() for _ in range(97)]
for one in held:
    one.connect(("127.0.0.1", 9777))
time.sleep(1000)
"""


def namespace():
    rows = h.table("srcPortNetnsTable", port=161)
    return [row for row in rows.values() if row["srcPortNetnsLabel"].startswith(b"filler")]


def test_namespaces():
    """A pool of a service with PrivateNetwork= is counted; without the drop-in there is no more than
    a reason."""
    host = start("namespaces yes\nwarningRemaining off\ncriticalRemaining 28140 clear 28141\n")
    host.run("systemd-run", "-u", "filler", "-p", "PrivateNetwork=yes", sys.executable, "-c", FILL)
    assert value("srcPortNetnsExacts.0") == 0
    assert b"namespaces.conf" in value("srcPortNetnsReason.0"), value("srcPortNetnsReason.0")
    add(host, "namespaces.conf", ADMIN_AND_PTRACE, 0)
    (row,) = h.wait_for(namespace, 20, "its row")
    assert row["srcPortNetnsLabel"] == b"filler.service", row
    assert (row["srcPortNetnsExact"], row["srcPortNetnsSeverity"]) == (1, 3), row
    assert row["srcPortNetnsMostUsed"] == 97, row
    assert value("srcPortSystemSeverity.0") == 3
    journal = host.journal("srcportd").rsplit("polls every", 1)[1]
    assert "in filler.service: critical" in journal, journal


if __name__ == "__main__":
    h.main()
