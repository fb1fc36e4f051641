#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Measuring takes nothing from the host: after many polls a fresh pool has every port.

All ports have a connection of another pool, so that whatever srcportd binds in the range shares a
port with one. Below Linux 6.18 a port that was bound once stays closed to connect() while it does.
"""
import harness as h
from world import HOME, UNPRIVILEGED, Connect, World

ONCE, STARTS = 20, 5


class Crowd(World):
    """A connection from every port of the range; and a pool that is tried when all is over."""

    def __init__(self, source=HOME):
        super().__init__()
        assert len(self.connect_until_full(source=source, no_port=source is not None)) == 100
        self.fresh = Connect(port=9001)
        self.fresh.prepare(self)

    def polls(self, count, *arguments, before=()):
        for _ in range(count):
            status, _, error = h.srcportd("--once", *arguments, before=before)
            assert status == 0, (status, error)
        return self.nothing_taken()

    def starts(self, *arguments):
        with h.Snmpd() as snmpd:
            for _ in range(STARTS):
                with h.Srcportd(snmpd, *arguments) as daemon:
                    daemon.wait_polls(1)
        return self.nothing_taken()

    def nothing_taken(self):
        got = self.fresh.measure()
        assert got == 100, "%d of 100 ports are left" % got
        return "%d %s" % (got, self.fresh.unit)


def test_once():
    return Crowd().polls(ONCE)


def test_once_without_privilege():
    return Crowd().polls(ONCE, before=UNPRIVILEGED)


def test_once_in_doubt():
    """Connections that may have bound their port first, and a target: it is asked who they are."""
    return Crowd(source=None).polls(ONCE, HOME)


def test_once_with_probe():
    return Crowd().polls(ONCE, "--probe")


def test_watch():
    h.want("tracefs")
    return Crowd().polls(2, "--watch", "1")


def test_starts_of_the_daemon():
    return Crowd().starts()


def test_starts_of_the_daemon_with_probe():
    return Crowd().starts("--probe")


if __name__ == "__main__":
    h.main()
