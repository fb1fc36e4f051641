#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_namespaces: other network namespaces, by --once --namespaces: what is said of each is a bound
of what connect() inside has taken, with and without privilege, and nothing of it stays."""
import contextlib
import json
import os
import subprocess
import sys

import harness as h

# 100 ports in a namespace of its own, and one listener; as many connections as there can be, to
# the number that is asked for. Then it says how many there are, and waits.
INSIDE = """
import socket, sys
with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as file:
    file.write("40000 40099")
held, listener = [], socket.socket()
listener.bind(("127.0.0.1", 9000))
listener.listen(4096)
for _ in range(int(sys.argv[1])):
    one = socket.socket()
    try:
        one.connect(("127.0.0.1", 9000))
    except OSError:
        break
    held += [one, listener.accept()[0]]
print(len(held) // 2, flush=True)
sys.stdin.read()
"""
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")


@contextlib.contextmanager
def inside(command, count):
    """A process in a namespace that the command goes to, and how many connections it has."""
    with subprocess.Popen([*command, sys.executable, "-c", INSIDE, str(count)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          universal_newlines=True) as process:
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(10)


@contextlib.contextmanager
def named(name):
    """A namespace as ip(8) makes it, with loopback. /run is that of this test."""
    if not os.path.ismount("/run"):
        h.run("mount", "-t", "tmpfs", "none", "/run")
    h.run("ip", "netns", "add", name)
    h.run("ip", "-n", name, "link", "set", "lo", "up")
    try:
        yield ["ip", "netns", "exec", name]
    finally:
        h.run("ip", "netns", "del", name, check=False)


def report(before=()):
    status, out, err = h.srcportd("--once", "--namespaces", "--format", "json", before=before)
    assert status == 0, (status, err)
    return json.loads(out)


def rows(before=()):
    return {row["name"]: row for row in report(before)["namespaces"]}


ANONYMOUS = ["unshare", "--net", "sh", "-c", "ip link set lo up; exec \"$@\"", "sh"]


def test_a_full_pool_is_within_the_bound():
    with named("blue") as command, inside(command, 200) as (_, count):
        assert count == 100
        row = rows()["blue"]
        # Both ends of each, and the listener.
        assert row == {
            "name": "blue", "kind": "named", "exact": False,
            "range": {"low": None, "high": None, "capacity": None}, "connections": 201,
            "leastRemaining": None, "percent": None, "severity": "unknown", "worstPool": None,
            "message": "no pool holds more than 201 ports; its range is not known", "pools": []}


def test_it_counts_in_no_verdict():
    with inside(ANONYMOUS, 200) as (process, count):
        assert count == 100
        for options in ((), ("--namespaces",)):
            status, out, _ = h.srcportd("--once", *options)
            assert status == 0 and "CRITICAL" not in out and "WARNING" not in out, out
        told = [row for row in rows().values()
                if row["name"].endswith("(pid %d)" % process.pid)]
        assert [(row["kind"], row["connections"]) for row in told] == [("process", 201)], told


def test_one_that_has_gone_is_no_row():
    with named("blue") as command:
        with inside(command, 3):
            assert rows()["blue"]["connections"] == 7
        # Without a process there is nobody who could connect.
        assert "blue" not in rows()


def test_it_needs_no_privilege():
    if os.stat("/proc/self/ns/user").st_ino != 0xeffffffd:
        raise h.Skip("in a user namespace there is no other user")
    with named("blue") as command, inside(command, 10) as (process, count):
        assert count == 10
        assert rows()["blue"]["connections"] == 21
        # Which name in /run/netns is its own, others are not told.
        told = [row for row in rows(NOBODY).values()
                if row["name"].endswith("(pid %d)" % process.pid)]
        assert [row["connections"] for row in told] == [21], told
        assert told[0]["kind"] == "process" and told[0]["exact"] is False


def test_two_of_one_name():
    with inside(ANONYMOUS, 1), inside(ANONYMOUS, 2):
        assert sorted(row["connections"] for row in rows().values()) == [3, 5]
        assert len(rows()) == 2


def sees_host():
    try:
        with open("/proc/2/comm") as file:
            return file.read() == "kthreadd\n"
    except FileNotFoundError:
        return False


def test_text_and_what_is_hidden():
    with named("blue") as command, inside(command, 2):
        out = h.srcportd("--once", "--namespaces")[1]
        assert "NAMESPACES  other network namespaces, by the sockets that each has: bounds, not " \
            "exact\n" in out, out
        assert "  blue                             named      no pool holds more than 5 ports; " \
            "its range is not known\n" in out, out
        # This test has a pid namespace: the processes of the host are hidden from it.
        if not sees_host():
            assert "processes of the host are hidden from here" in out, out
            assert report()["namespacesComplete"] is False


def test_not_asked_for():
    plain = json.loads(h.srcportd("--once", "--format", "json")[1])
    assert plain["namespaces"] is None and plain["namespacesComplete"] is None
    assert "NAMESPACES" not in h.srcportd("--once")[1]


if __name__ == "__main__":
    h.main()
