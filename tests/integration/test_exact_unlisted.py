#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Kernels that do not list bound idle sockets: how many there may be at most.

The kernel counts sockets of all network namespaces: here srcportd sees those of the machine, and what
other tests do at the same time may make the answer wider.
"""
import functools
import json
import threading

import batch
import harness as h
import kernel
from scenarios import LISTED, RULES, asks_here, judge
from scenarios_hosts import HOSTS
from spaces import ANONYMOUS, IDLE, inside
from world import HOME, UNPRIVILEGED, Connect, World


def unlisted():
    """Skips the test where the kernel lists them."""
    if kernel.lists_bound():
        raise h.Skip("this kernel lists bound idle sockets")


def ask(world, *arguments, before=()):
    """A report that has told of every socket whether it may be ours."""
    report = world.ask(*arguments, before=before)
    assert report["poll"]["unlisted"] == 0, report["poll"]
    return report


def run(scenario):
    unlisted()
    world = World()
    scenario.prepare(world)
    lines = []
    for one in asks_here(scenario):
        one.question.prepare(world)
        report = ask(world, *scenario.arguments)
        lines.append(judge(one, one.question.said(report), one.question.measure()))
    return "; ".join(lines)


def wait_quiet(condition, seconds, what, world, stop=lambda: None):
    """As wait_for(), but other tests may have had such sockets all the time: then some are left when
    ours have gone, and nothing can be said."""
    try:
        h.wait_for(condition, seconds, what)
    except AssertionError:
        stop()
        h.close_all(world.kept)
        left = ask(world)["range"]["unseen"]
        if left == 0:
            raise
        raise h.Skip("other tests have %d sockets in no table" % left) from None


def at_least(count, world, before=()):
    """The count is what is said when nobody else has such sockets, and never less than that."""
    seen = []

    def is_right():
        seen.append(ask(world, before=before)["range"]["uncertain"])
        return seen[-1] == count

    try:
        wait_quiet(is_right, 30, "%d uncertain" % count, world)
    finally:
        assert seen and min(seen) >= count, seen
    return "%d uncertain, of %s" % (count, seen)


def in_no_table():
    """Bound and idle, never bound, refused and still open."""
    unlisted()
    world = World()
    world.bound("127.0.0.2", range(40001, 40011, 2))
    world.keep([h.open_socket(HOME) for _ in range(7)])
    for one in world.keep([h.open_socket(HOME) for _ in range(3)]):
        assert one.connect_ex((HOME, 9))  # nobody listens there
    world.connect(10)
    world.inbound(5, 8000)
    return at_least(15, world)


def without_privilege():
    unlisted()
    world = World()
    world.bound("::1", [0] * 4)
    return at_least(4, world, before=UNPRIVILEGED)


def neighbour():
    """What another namespace has in its tables is none of these."""
    unlisted()
    world = World()
    space = world.far()
    with space.inside():
        world.keep([h.Listener(HOME, 40000 + i) for i in range(20)])
        world.keep(h.connect_many(20, HOME, 40000, source=HOME, source_port=0))
    return at_least(0, world)


def busy():
    """Connections that come and go all the time are in no table only for a moment."""
    unlisted()
    world = World()
    server = world.serve("127.0.0.9", 9001)
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            h.reset_all(h.connect_many(20, "127.0.0.9", 9001, source="127.0.0.3", no_port=True))
            h.close_all(server.accept(20))

    def halt():
        stop.set()
        thread.join()

    thread = threading.Thread(target=churn, daemon=True)
    thread.start()
    h.at_exit(halt)
    said = []

    def is_rare():
        said.append(ask(world)["range"]["uncertain"])
        return said[-10:].count(0) >= 8

    wait_quiet(is_rare, 40, "8 of 10 polls with nothing uncertain", world, halt)
    return "uncertain %s" % said


def in_another_namespace():
    """What is bound there and idle is in doubt there, as it is here."""
    unlisted()
    with inside(ANONYMOUS, 30, IDLE) as (process, _):
        report = json.loads(h.srcportd("--once", "--namespaces", "--format", "json",
                                       "127.0.0.1:9000")[1])
        row, = [one for one in report["namespaces"]
                if one["name"].endswith("(pid %d)" % process.pid)]
        assert report["namespacesComplete"] and row["exact"], row
        assert row["leastRemaining"] == 70 and 10 <= row["uncertain"] <= 70, row
        assert row["pools"][0]["uncertain"] == row["uncertain"], row
        return "%d uncertain" % row["uncertain"]


if __name__ == "__main__":
    batch.main([(one.name, functools.partial(run, one))
                for one in RULES + HOSTS if one.without and one.without[0] is LISTED[0]] +
               [(one.__name__, one) for one in (in_no_table, without_privilege, neighbour, busy,
                                             in_another_namespace)],
               hidden=False)
