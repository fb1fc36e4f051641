#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Polls that get no answer, or none for all they cost: the daemon polls on, and tells what it finds.

At the shortest interval, where a timer is due all the time that something else is waited for.
"""
import os
import signal
import time

import harness as h
import faults
from traps import CLEARED, CRITICAL, QUICK, UNKNOWN, World, alarms, values

TOO_OLD = 15  # seconds after a good poll after which figures are too old to judge
OVERDUE = 5  # seconds without an answer after which a poll has failed


def start(mode, snmpd, config="", **settings):
    """srcportd whose netlink goes wrong in that way while the file exists; both."""
    gate = faults.path_of("gate")
    environment = faults.shim(netlink=mode, gate=gate, **settings)
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


def world_whose_polls(mode):
    world = World("v1", "v2c", start_snmpd=False)
    world.daemon.stop()
    world.snmpd.start_and_wait()
    world.daemon, gate = start(mode, world.snmpd, QUICK)
    world.daemon.wait_polls(1)
    return world, gate


def figures_grow_old(world, gate, why):
    """Both managers are told once, and the table has it."""
    shut(gate)
    began = time.monotonic()
    told = world.wait(2, UNKNOWN, TOO_OLD + 10)
    assert time.monotonic() - began > TOO_OLD - 3, time.monotonic() - began
    h.wait_for(lambda: h.value("srcPortSystemSeverity.0") == 4, 5, "unknown")
    (index, row), = alarms().items()
    assert h.value("srcPortSystemActiveAlarms.0") == 1
    assert sorted(trap.kind for trap in told) == ["v1", "v2c"]
    wanted = {"Key": b"host figures", "Severity": 4, "Cause": 16, "Sequence": 1, "Used": 0,
              "Capacity": 0, "Namespace": b""}
    for seen in [row] + [values(trap) for trap in told]:
        assert {name: seen["srcPortAlarm" + name] for name in wanted} == wanted, seen
        message = seen["srcPortAlarmMessage"].decode()
        assert message.startswith("no poll has succeeded for 1"), message
        assert why in message, message
    assert {values(trap)["instance"] for trap in told} == {index}
    assert row["srcPortAlarmKind"] == 5 and row["srcPortAlarmAge"] < 10, row
    assert why in h.value("srcPortSystemMessage.0").decode()
    return index


def figures_are_back(world, gate, index):
    os.unlink(gate)
    for trap in world.wait(2, CLEARED, 15):
        seen = values(trap)
        assert seen["srcPortAlarmKey"] == b"host figures" and seen["instance"] == index, seen
        assert (seen["srcPortAlarmSeverity"], seen["srcPortAlarmSequence"]) == (1, 2), seen
    world.daemon.wait_polls(2)
    assert alarms() == {} and h.value("srcPortSystemSeverity.0") == 1
    assert h.value("srcPortSystemOwed.0") == 0


def test_the_collector_hangs():
    """The agent thread tells it, and to another snmpd once more, under the same number."""
    world, gate = world_whose_polls("hang")
    index = figures_grow_old(world, gate, "the poll under way does not end")
    world.snmpd.kill()
    world.snmpd.start_and_wait()
    world.daemon.wait_served()
    again = world.wait(4, UNKNOWN)
    assert {values(trap)["srcPortAlarmSequence"] for trap in again} == {1}
    figures_are_back(world, gate, index)
    assert world.told() == 4 * [UNKNOWN] + 2 * [CLEARED], world.told()
    world.daemon.stop()


def test_polls_fail():
    """The next life, however the last one ended, tells that there are figures again."""
    world, gate = world_whose_polls("refuse")
    index = figures_grow_old(world, gate, "the kernel refused it")
    world.daemon.kill()
    world.daemon.start()
    world.daemon.wait_served()
    h.wait_for(lambda: h.value("srcPortPollErrors.0") >= 2, 10, "failed polls")
    assert list(alarms()) == [index]
    figures_are_back(world, gate, index)
    assert world.told() == 2 * [UNKNOWN] + 2 * [CLEARED], world.told()
    world.daemon.stop()


def test_a_process_that_was_stopped_sees_nothing_old():
    """Not for longer than the figures would take to be: the poll that is due comes first."""
    world = World(start_snmpd=False)
    world.daemon.stop()
    world.snmpd.start_and_wait()
    world.daemon, _ = start("", world.snmpd, delay=50000)  # us that each datagram of a poll takes
    world.daemon.wait_polls(1)
    os.kill(world.daemon.pid, signal.SIGSTOP)
    time.sleep(TOO_OLD + 1)
    os.kill(world.daemon.pid, signal.SIGCONT)
    world.daemon.wait_polls(4)
    assert world.told() == [], world.daemon.log()
    assert "host figures" not in world.daemon.log()
    world.daemon.stop()


if __name__ == "__main__":
    h.main(at_once=6)
