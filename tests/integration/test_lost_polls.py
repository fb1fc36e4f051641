#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Polls that get no answer, or none for all they cost: the daemon polls on, and tells what it finds.

At the shortest interval, where a timer is due all the time that something else is waited for.
"""
import os

import harness as h
import faults
from traps import CRITICAL, QUICK, World, values

OVERDUE = 5  # seconds without an answer after which a poll has failed


def start(mode, snmpd, config=""):
    """srcportd whose netlink goes wrong in that way while the file exists; both."""
    gate = faults.path_of("gate")
    environment = faults.shim(netlink=mode, gate=gate)
    faulty = ["env"] + ["%s=%s" % (name, value) for name, value in environment.items()
                        if name.startswith("FAULT_") or name == "LD_PRELOAD"]
    return h.Srcportd(before=faulty, config=config, snmpd=snmpd), gate


def shut(gate):
    with open(gate, "w"):
        pass


def errors():
    return h.value("srcPortPollErrors.0")


def test_no_answer():
    """The request is lost: that poll fails when its time is up, and so does the next."""
    with h.Snmpd() as snmpd:
        daemon, gate = start("mute", snmpd)
        daemon.wait_polls(1)
        shut(gate)
        for count in (1, 2):
            h.wait_for(lambda: errors() == count, OVERDUE + 4, "%d failed polls" % count)
        assert b"it did not end" in h.value("srcPortPollLastError.0")
        os.unlink(gate)
        daemon.wait_polls(2, OVERDUE + 6)
        assert errors() <= 3, errors()
        daemon.stop()


def test_no_answer_about_owners():
    """The alarm comes without them, and polls go on; they are named as soon as that works."""
    world = World(start_snmpd=False)
    world.daemon.stop()
    world.snmpd.start_and_wait()
    world.daemon, gate = start("mute-owners", world.snmpd, QUICK)
    world.daemon.wait_polls(1)
    shut(gate)
    world.fill()
    alarm, = world.wait(1, CRITICAL, 8)
    assert b"127.0.0.1:9000" in values(alarm)["srcPortAlarmKey"]
    world.daemon.wait_polls(3, 8)
    assert errors() == 0
    world.daemon.wait_log("nobody is named", 8)
    assert not h.table("srcPortOwnerTable")
    os.unlink(gate)
    h.wait_for(lambda: h.table("srcPortOwnerTable"), 20, "owners")
    world.daemon.stop()


def test_costly():
    """What failed polls cost is not the price of the good one after them: it would be the last for
    as long as that many polls' worth of the CPU share takes."""
    with h.Snmpd() as snmpd:
        daemon, gate = start("costly", snmpd, "cpuPercent 10\n")
        daemon.wait_polls(1)
        shut(gate)
        h.wait_for(lambda: errors() >= 5, 15, "failed polls")
        os.unlink(gate)
        daemon.wait_polls(1, 5)
        assert h.value("srcPortPollCpu.0") < 200000, h.value("srcPortPollCpu.0")
        assert h.value("srcPortPollInterval.0") <= 2, h.value("srcPortPollInterval.0")
        daemon.stop()


if __name__ == "__main__":
    h.main(at_once=3)
