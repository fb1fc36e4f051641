#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What srcportd says remains is what connect() and bind() then get: one scenario, one line.
"""
import functools
import socket
import struct

import batch
import harness as h
from scenarios import PROBE, RULES, judge, probed
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


if __name__ == "__main__":
    batch.main([(one.name, functools.partial(run, one))
                for one in RULES + HOSTS + list(probed(RULES + HOSTS))])
