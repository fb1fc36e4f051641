#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Exactness where connect() and bind(address, 0) fill one range together, with and without
SO_REUSEADDR, and some of their connections have ended since: however they are mixed, the number of
connect() calls that then succeed lies in the interval."""
import functools
import random

import harness as h
from world import Connect, World

MIXES = 24  # in 400 others it did, too


def fill(world, any_of):
    """Up to four groups of connections, each to a port of its own."""
    size = any_of.choice((100, 400, 1000))
    h.port_range(40000, 40000 + size - 1)
    for port in range(9001, 9001 + any_of.randint(1, 4)):
        count = int(any_of.uniform(0.05, 0.6) * size)
        kind = any_of.choice(("connect", "connect", "bind", "bind reusing"))
        try:
            if kind == "connect":
                made = world.connect(count, port=port, source=None)
            else:
                made = world.connect_bound(count, port=port, reuse=kind == "bind reusing")
        except OSError:  # there was no room for so many
            continue
        if any_of.random() < 0.5:
            h.reset_all(any_of.sample(made, int(len(made) * any_of.uniform(0.1, 0.6))))
    return size


def mix(seed):
    world = World()
    size = fill(world, random.Random(seed))
    ask = Connect()
    ask.prepare(world)
    low, high = ask.said(world.ask())
    made = ask.measure()
    assert low <= made <= high, "%d of %d connects, said %s" % (made, size, [low, high])
    return "%d of %d connects, said %s" % (made, size, [low, high])


for number in range(MIXES):
    globals()["test_mix_%d" % number] = functools.partial(mix, number)


if __name__ == "__main__":
    h.main()
