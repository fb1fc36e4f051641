#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What srcportd says remains is what connect() and bind() then get: one scenario, one line.
"""
import functools
import time

import batch
import harness as h
import kernel
from scenarios import PROBE, RULES, WITHIN, Ask, asks_here, judge, probed, reuse
from scenarios_hosts import HOSTS
from world import UNPRIVILEGED, Connect, World


def reports_of(world, scenario):
    """What is said to root, and to a user without any privilege."""
    reports = [world.ask(*scenario.arguments)]
    if not scenario.arguments:
        reports.append(world.ask(before=UNPRIVILEGED))
    return reports


def run(scenario):
    asks = asks_here(scenario)
    world = World()
    scenario.prepare(world)
    for ask in asks:
        ask.question.prepare(world)
    reports = reports_of(world, scenario)
    if scenario.arguments == PROBE:
        assert "probe" in reports[0]["poll"]["features"], reports[0]["poll"]
    lines = []
    for ask in asks:
        said = {ask.question.said(report) for report in reports}
        if scenario.without is None:
            assert len(said) == 1, "%s with and without privilege" % said
        measured = ask.question.measure()
        lines += [judge(ask, one, measured, reports[0]["range"]["free"],
                        reports[0]["poll"]["unlisted"] or 0) for one in sorted(said)]
    return "; ".join(lines)


def second():
    return int(time.clock_gettime(time.CLOCK_MONOTONIC))


def next_second(late=0.0):
    """Sleeps until the next whole second, and for a part of that."""
    before = second()
    h.wait_for(lambda: second() != before, 2, "the next second")
    time.sleep(late)


def whole_second(later):
    """Without tcp_tw_reuse_delay a TIME_WAIT is taken over from the first whole second on that
    begins after it: asked and tried in the second of its own, or early in the next."""
    if kernel.reuse_delay():
        raise h.Skip("this kernel goes by age")
    world = World()
    reuse(1)
    for port in range(9000, 9010):
        ask = Ask(Connect(port=port), 100 if later else 60, WITHIN)
        ask.question.prepare(world)
        sockets = world.connect(40, port=port)
        next_second(0.6 if later else 0)
        before = second()
        world.close_first(sockets)
        if second() != before:
            continue
        if later:
            next_second()
        before = second()
        said = ask.question.said(world.ask())
        measured = ask.question.measure()
        if later or second() == before:
            return judge(ask, said, measured)
    raise h.Skip("too slow for one second")


if __name__ == "__main__":
    batch.main([(one.name, functools.partial(run, one))
                for one in RULES + HOSTS + list(probed(RULES + HOSTS))] +
               [("tw_own_second", functools.partial(whole_second, False)),
                ("tw_next_second", functools.partial(whole_second, True))])
