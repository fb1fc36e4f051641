#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Measuring takes no port from anybody: where the program binds a socket of its own, and what is left
after it."""
import json
import os

import faults
import harness as h
from world import UNPRIVILEGED

RUNS = 5
LOW, HIGH = 40000, 40099


class Binds:
    """The binds of the programs that run with this environment."""

    def __init__(self):
        self.path = faults.path_of("binds")
        self.environment = faults.shim(binds=self.path)

    def take(self):
        """(address, port) of each bind since the last call."""
        try:
            with open(self.path) as file:
                lines = file.read().split("\n")
            os.unlink(self.path)
        except FileNotFoundError:
            return []
        return [(line.split()[0], int(line.split()[1])) for line in lines if line]


def report(binds, before=()):
    status, out, error = h.srcportd("--once", "--format", "json", before=before,
                                    env=binds.environment)
    assert status == 0 and not error, (status, error)
    return json.loads(out)


def poll(told, polls):
    """So many further polls of the daemon."""
    for _ in range(polls):
        told.poke()
        told.until(faults.good)


def daemon(binds):
    """A daemon that has polled once."""
    told = faults.Told(binds.environment, "--interval", "60", "--agentx-socket", "/nowhere")
    told.until(faults.good)
    return told


def check_elsewhere(low, high, reserved="", before=()):
    """No socket of a report, or of a daemon, is ever bound where connect() could take the port."""
    h.port_range(low, high)
    h.reserve_ports(reserved)
    free = range(low, high + 1)
    kept = set()
    for part in filter(None, reserved.split(",")):
        first, _, last = part.partition("-")
        kept |= set(range(int(first), int(last or first) + 1))
    binds = Binds()
    lists = "boundIdle" in report(binds)["poll"]["features"]
    for _ in range(RUNS):
        found = report(binds, before)
        assert found["totals"]["states"]["closed"] == 0 and found["poll"]["sockets"] == 0, found
        assert ("boundIdle" in found["poll"]["features"]) == lists, found["poll"]
    made = binds.take()
    assert len(made) == RUNS + 1, made
    told = daemon(binds)
    try:
        poll(told, 2)
    finally:
        told.close()
    # Whatever the kernel is like, one poll is enough to know.
    once = binds.take()
    assert len(once) == 1, once
    for address, port in made + once:
        assert address == "127.83.82.80", (address, port)
        assert port not in free or port in kept, "port %d of %d-%d" % (port, low, high)


def test_above_the_range():
    check_elsewhere(LOW, HIGH)


def test_below_a_range_that_goes_to_the_end():
    check_elsewhere(32768, 65535)


def test_below_1024_with_privilege():
    check_elsewhere(1024, 65535)


def test_on_a_reserved_port():
    h.sysctl("net.ipv4.ip_unprivileged_port_start", 0)
    check_elsewhere(1, 65535, "8000-8003,9000")
    check_elsewhere(1, 65535, "8000-8003,9000", before=UNPRIVILEGED)


def test_nowhere_until_a_poll_has_shown_ports_that_nobody_is_on():
    h.sysctl("net.ipv4.ip_unprivileged_port_start", 0)
    h.port_range(1, 65535)
    binds = Binds()
    with h.Listener("127.0.0.1", 65535):
        for _ in range(RUNS):
            assert "boundIdle" not in report(binds)["poll"]["features"]
        assert binds.take() == []
        told = daemon(binds)
        try:
            assert binds.take() == []
            poll(told, 3)
        finally:
            told.close()
    assert [port for _, port in binds.take()] == [65534]


def test_a_fresh_pool_has_all_its_ports():
    h.port_range(LOW, HIGH)
    binds = Binds()
    with h.Listener("127.0.0.1", 9000) as one, h.Listener("127.0.0.2", 9000) as two:
        # connect() sockets on half of the ports, as a bind() would share them.
        keep = h.connect_many(50, one.address, 9000)
        for _ in range(RUNS):
            found = report(binds)
            assert found["range"]["capacity"] == 100 and found["range"]["bound"] == 0, found
        told = daemon(binds)
        try:
            poll(told, RUNS)
            fresh = h.connect_until_full(two.address, 9000)
            assert len(fresh) == 100, "%d of 100 ports are left" % len(fresh)
            keep += h.connect_until_full(one.address, 9000)
            assert len(keep) == 100, "%d of 100" % len(keep)
        finally:
            told.close()
            h.reset_all(keep + fresh)


if __name__ == "__main__":
    h.main(at_once=2, before=h.enter_namespace_of_its_own)
