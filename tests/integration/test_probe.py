#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The silent probe: what it leaves untouched, what it needs, and how seldom it asks."""
import json
import time

import harness as h
import kernel
from world import UNPRIVILEGED, World


def counters():
    """Every counter of /proc/net/snmp and /proc/net/netstat by its name."""
    found = {}
    for path in ("/proc/net/snmp", "/proc/net/netstat"):
        with open(path) as file:
            lines = [line.split() for line in file]
        for names, values in zip(lines[::2], lines[1::2]):
            for name, value in zip(names[1:], values[1:]):
                found[names[0].rstrip(":") + name] = int(value)
    return found


def sockets():
    """Local, remote, state and inode of every TCP socket."""
    with open("/proc/net/tcp") as file:
        return sorted(" ".join(line.split()[i] for i in (1, 2, 3, 9))
                      for line in file.readlines()[1:])


def report(*arguments, before=()):
    """A report in JSON, and what was said on standard error; exit status 0."""
    status, out, error = h.srcportd("--once", "--format", "json", *arguments, before=before)
    assert status == 0, (status, error)
    return json.loads(out), error


def in_doubt(w):
    """Ten ports that are blocked unseen, ten that are not, and TIME_WAIT that any connect() with
    their addresses would take over."""
    h.sysctl("net.ipv4.tcp_tw_reuse", 1)
    w.close_first(w.connect_bound(10, port=9001, source="127.0.0.2"))
    h.reserve_ports(",".join(str(port) for port in range(40000, 40100, 2)))
    w.time_wait(10, port=9002, age=1.2)
    h.reserve_ports("")


def need_probe():
    kernel.need("local_range")
    said, error = report("--probe")
    assert "probe" in said["poll"]["features"], error


def test_nothing_is_sent_and_nothing_is_taken():
    w = World()
    need_probe()
    in_doubt(w)
    doubt = report()[0]["range"]
    assert doubt["uncertain"] == 20, doubt
    seen, before = sockets(), counters()
    settled, error = report("--probe")
    after = counters()
    assert (settled["range"]["uncertain"], settled["range"]["bound"]) == (0, 10), settled["range"]
    assert error == "", error
    assert sockets() == seen
    moved = {name for name in after if after[name] != before[name]}
    for name in ("TcpOutSegs", "TcpInSegs", "TcpExtTW", "TcpExtTWRecycled", "TcpOutRsts",
                 "IpOutRequests", "IpInReceives", "IpExtOutOctets", "TcpAttemptFails"):
        assert name in after and name not in moved, moved
    # Where sockets may be bound that the kernel does not list it is asked about all ports.
    asked = (10,) if kernel.lists_bound() else range(10, 91)
    assert after["TcpEstabResets"] - before["TcpEstabResets"] in asked, moved


def test_without_the_capability():
    w = World()
    in_doubt(w)
    plain, error = report("--probe", before=UNPRIVILEGED)
    assert error == ("srcportd: --probe: cannot probe ports: it needs CAP_NET_ADMIN: "
                     "Operation not permitted\n"), error
    assert "probe" not in plain["poll"]["features"]
    assert plain["range"] == report()[0]["range"]
    assert plain["range"]["uncertain"] == 20


def test_without_loopback():
    """In a namespace whose loopback device was never up there is no way to a loopback address."""
    kernel.need("local_range")
    plain, error = report("--probe", before=["unshare", "--net"])
    assert error == "srcportd: --probe: cannot probe ports: connect: Network is unreachable\n", error
    assert "probe" not in plain["poll"]["features"]
    assert plain["range"]["free"] == plain["range"]["size"]


def need_quiet():
    """Skips the test where other tests' sockets are a reason to ask about all ports."""
    if not kernel.lists_bound():
        raise h.Skip("this kernel does not list bound idle sockets")


def test_more_ports_than_the_range_has_now():
    """Sockets of an earlier range are not asked about."""
    w = World()
    need_probe()
    need_quiet()
    w.connect(50, source=None)
    h.port_range(50000, 50099)
    before = counters()["TcpEstabResets"]
    assert report("--probe")[0]["range"]["capacity"] == 100
    assert counters()["TcpEstabResets"] - before <= 1


def test_daemon_asks_seldom():
    """Each port is asked about when its sockets are new, once more to be sure, and then rests."""
    w = World()
    need_probe()
    need_quiet()
    w.connect(20, source=None)
    before = counters()["TcpEstabResets"]

    def asked():
        return counters()["TcpEstabResets"] - before

    def polls():
        return h.value("srcPortPollPolls.0")

    def wait_polls(count):
        until = polls() + count
        h.wait_for(lambda: polls() >= until, 15, "%d polls" % count)

    with h.Snmpd() as snmpd, h.Srcportd(snmpd, "--probe"):
        wait_polls(4)
        assert asked() == 40, asked()
        first = w.connect(1, port=9001, source=None)
        wait_polls(3)
        assert asked() == 42, asked()
        h.reset_all(first)
        wait_polls(3)
        # Two for the reset itself, at both ends; two more if it had shared its port.
        assert asked() in (44, 46), asked()
        assert h.value("srcPortRangeUncertain.0") == 0


def test_unlisted_sockets_are_found():
    """Where sockets may be bound that the kernel does not list, all ports are asked about, also by
    the daemon, which finds them by turns."""
    w = World()
    need_probe()
    if kernel.lists_bound():
        raise h.Skip("this kernel lists bound idle sockets")
    w.bound("127.0.0.2", [40011, 40050, 40099])
    w.connect(10)
    plain = report()[0]
    assert plain["range"]["capacity"] == 100 and plain["poll"]["unlisted"] >= 3, plain
    found, error = report("--probe")
    assert error == "" and found["range"]["capacity"] == 97, found["range"]
    assert (found["range"]["uncertain"], found["poll"]["unlisted"]) == (0, 0), found
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, config="probe yes\nprobeMax 20\n"):
        h.wait_for(lambda: h.value("srcPortRangeCapacity.0") == 97, 20, "three ports are found")
        until = h.value("srcPortPollPolls.0") + 3
        h.wait_for(lambda: h.value("srcPortPollPolls.0") >= until, 20, "3 polls")
        assert h.value("srcPortRangeCapacity.0") == 97


def test_daemon_asks_no_more_than_it_may():
    w = World()
    need_probe()
    h.reserve_ports(",".join(str(port) for port in range(40000, 40100, 2)))
    w.connect(20, source=None)
    h.reserve_ports("")
    before = counters()["TcpEstabResets"]
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, config="probe yes\nprobeMax 5\n"):
        for _ in range(40):
            # In this order: the number of polls may be one behind.
            left = h.value("srcPortRangeUncertain.0")
            asked = counters()["TcpEstabResets"] - before
            polls = h.value("srcPortPollPolls.0") + 1
            assert asked <= 5 * polls, (asked, polls)
            assert left >= 20 - asked, (left, asked)
            if polls < 3:
                assert left >= 20 - 5 * polls, (left, polls)
            if left == 0:
                break
            time.sleep(0.2)
        assert left == 0, left


def test_daemon_says_when_it_cannot():
    w = World()
    w.connect_bound(5, port=9001)
    with h.Snmpd() as snmpd:
        daemon = h.Srcportd(snmpd, "--probe", before=UNPRIVILEGED)
        with daemon:
            daemon.wait_log("cannot probe ports: it needs CAP_NET_ADMIN")
            h.wait_for(lambda: h.value("srcPortPollPolls.0") >= 3, 10, "3 polls")
            assert daemon.log().count("cannot probe") == 1, daemon.log()
            assert h.value("srcPortRangeUncertain.0") == 5


if __name__ == "__main__":
    h.main()
