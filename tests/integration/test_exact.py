#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What srcportd says remains is what connect() and bind() then get: one scenario, one line.

A line names the scenario, what the kernel gave, what srcportd had said, and the verdict: exact,
bounded (the truth lies in the interval) or assumed (a documented assumption does not hold here).
"""
import socket
import struct
import sys

import harness as h
from scenarios import EXACT, FLOOR, PROBE, RULES, WITHIN, Unseen, probed
from scenarios_hosts import HOSTS
from world import UNPRIVILEGED, World


def has_local_range():
    with socket.socket() as one:
        try:
            one.setsockopt(socket.IPPROTO_IP, h.IP_LOCAL_PORT_RANGE,
                           struct.pack("I", 40099 << 16 | 40000))
        except OSError:
            return False
    return True


def check_needs(world, scenario):
    needs = list(scenario.needs)
    if scenario.arguments == PROBE:
        needs.append("probe")
    if not needs:
        return
    features = world.ask(*scenario.arguments)["poll"]["features"]
    for need in needs:
        there = has_local_range() if need == "localRange" else need in features
        if not there:
            raise h.Skip("this kernel has no %s" % need)


def judge(ask, said, measured):
    """The verdict, or AssertionError."""
    low, high = said
    text = "%d %s, said %s" % (measured, ask.question.unit, high if low == high else list(said))
    least, most = ask.number if isinstance(ask.number, tuple) else (ask.number, ask.number)
    assert least <= measured <= most, "%s; should be %s" % (text, ask.number)
    if ask.said == FLOOR:
        assert low <= measured, text
        return text + ", no less"
    expected = ask.said or (least, most)
    if expected == EXACT:
        assert low == measured == high, text
    elif expected != WITHIN:
        assert tuple(said) == tuple(expected), "%s; should say %s" % (text, list(expected))
    if isinstance(expected, Unseen):
        return text + ", assumed"
    assert low <= measured <= high, text
    return text + (", exact" if low == high else ", bounded")


def run(scenario):
    world = World()
    check_needs(world, scenario)
    scenario.prepare(world)
    for ask in scenario.asks:
        ask.question.prepare(world)
    reports = [world.ask(*scenario.arguments)]
    if not scenario.arguments:
        reports.append(world.ask(before=UNPRIVILEGED))
    lines = []
    for ask in scenario.asks:
        said = {ask.question.said(report) for report in reports}
        assert len(said) == 1, "%s with and without privilege" % said
        lines.append(judge(ask, said.pop(), ask.question.measure()))
    return "; ".join(lines)


for one in RULES + HOSTS + list(probed(RULES + HOSTS)):
    name = "test_" + one.name
    assert name not in globals(), name
    globals()[name] = lambda one=one: run(one)
del one, name

if __name__ == "__main__":
    h.main()
