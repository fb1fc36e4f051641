#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Exactness of the daemon, asked over SNMP: scenarios of test_exact once more, and those in which
what an earlier poll saw decides."""
import signal
import socket

import harness as h
import kernel
from scenarios import EVEN, ODD, RULES, WITHIN, Ask, asks_here, judge
from scenarios_hosts import HOSTS
from world import HOME, Bind, Connect, World

# Over SNMP too, with the numbers of the table.
SAMPLE = ["listener_v6only", "explicit_elsewhere", "close_wait", "other_pool_full_unbound",
          "size_101", "several_pools", "v6_zone", "in_and_out", "bind_v6", "peer"]


def inet(index):
    """The address at the start of an index, as reports write it, and the rest of the index."""
    kind, length, rest = index[0], index[1], index[2:]
    octets, zone = bytes(rest[:length]), ""
    if kind in (3, 4):
        zone = "%%%d" % int.from_bytes(octets[-4:], "big")
        octets = octets[:-4]
    family = socket.AF_INET if kind in (1, 3) else socket.AF_INET6
    return socket.inet_ntop(family, octets) + zone, rest[length:]


def report():
    """What SRCPORT-MIB says, in the shape of a report, as far as the questions need it."""
    found = {"range": {key: h.value("srcPortRange%s.0" % key.capitalize())
                       for key in ("size", "capacity", "uncertain", "free")},
             "pools": [], "peers": [], "locals": []}
    found["range"]["unseen"] = 0  # not told; the machine's processes are hidden here
    for index, columns in h.table("srcPortPoolTable").items():
        peer, rest = inet(index)
        local, _ = inet(rest[1:])
        found["pools"].append({"local": local, "peer": peer, "port": rest[0],
                               "remaining": columns["srcPortPoolRemaining"],
                               "uncertain": columns["srcPortPoolUncertain"]})
    for index, columns in h.table("srcPortPeerTable").items():
        found["peers"].append({"peer": inet(index)[0],
                               "remaining": columns["srcPortPeerRemaining"],
                               "tightest": columns["srcPortPeerTightest"],
                               "uncertain": columns["srcPortPeerUncertain"]})
    for index, columns in h.table("srcPortLocalTable").items():
        found["locals"].append({"address": inet(index)[0],
                                "remaining": columns["srcPortLocalRemaining"],
                                "uncertain": columns["srcPortLocalUncertain"]})
    return found


def polling_when_asked(snmpd):
    """A poll that comes while a situation is made sees sockets of a listener that it has not seen:
    what it remembers of them is not what is asked here."""
    return h.Srcportd(snmpd, interval=600)


def poll(daemon):
    polls = h.value("srcPortPollPolls.0")
    daemon.process.send_signal(signal.SIGUSR1)
    h.wait_for(lambda: h.value("srcPortPollPolls.0") > polls, 15, "a poll")


def ask(asks, said):
    return "; ".join(judge(one, one.question.said(said), one.question.measure()) for one in asks)


def over_snmp(scenario):
    world = World()
    asks = asks_here(scenario)
    scenario.prepare(world)
    for one in asks:
        one.question.prepare(world)
    with h.Snmpd() as snmpd, h.Srcportd(snmpd):
        return ask(asks, report())


def remembered(before, after, asks):
    """before is made and seen by a poll, then after is made of what before returned; the answers
    come from a poll of that. asks may be a function: what to ask under this kernel."""
    asks = asks() if callable(asks) else asks
    world = World()
    with h.Snmpd() as snmpd, polling_when_asked(snmpd) as daemon:
        made = before(world)
        poll(daemon)
        after(world, made)
        for one in asks:
            one.question.prepare(world)
        poll(daemon)
        return ask(asks, report())


def close_listener(_, made):
    made[0].socket.close()


def close_children(world, made):
    """The accepted ends close first, then the listener."""
    h.close_all(made[1])
    h.close_all(world.kept)
    h.wait_for(lambda: h.count_state("TIME_WAIT") == 3, 5, "3 TIME_WAIT")


def connect_all(world, made):
    world.serve(HOME, 9001)
    for one in made:
        one.connect((HOME, 9001))


def late_child(world, made):
    """One more connection and the end of the listener, between two polls."""
    listener = made[0]
    h.reset_all(made[1])
    world.keep([h.connect(HOME, listener.port, source=HOME, source_port=30009)])
    world.keep(listener.accept(1))
    listener.socket.close()


def share(world):
    """Ten ports of connections elsewhere, bound by somebody else too."""
    ports = [one.getsockname()[1] for one in world.connect(10, port=9002)]
    return world.connect_from(ports, port=9001, source="127.0.0.2")


def share_listeners(world):
    ports = [one.getsockname()[1] for one in world.connect(10, port=9002)]
    return [world.listen("127.0.0.77", port) for port in ports]


def released():
    """Also where a port that was shared stays blocked: it has been seen that it was."""
    return [Ask(Connect(), 100 if kernel.lets_go() else 90, None)]


def replace_all(world, made):
    """Everybody leaves these ports, and others come to them before the next poll."""
    h.reset_all(made)
    h.reset_all(world.kept[:10])
    world.connect(10, port=9003)


def replaced():
    """Whether the ports were free for a moment, no poll has seen."""
    return [Ask(Connect(), 100, None if kernel.lets_go() else WITHIN)]


def outlive(world, made):
    """Some of those who shared a port go first, then who blocked it, then the next come."""
    ours = world.kept[:10]
    ends = world.take(ours)
    h.reset_all(ours[:5])
    h.reset_all(made)
    h.close_in_turn(ours[5:], ends)
    h.wait_for(lambda: h.count_state("TIME_WAIT") == 5, 10, "5 TIME_WAIT")


def idle_and_connected():
    """Who bound a port before it connected was seen only where bound idle sockets are listed."""
    said = None if kernel.lists_bound() else WITHIN
    return [Ask(Connect(), 95, said), Ask(Bind("127.0.0.2"), 95, said)]


# name, what one poll sees, what comes of it, what is asked
MEMORY = [
    ("explicit_odd", lambda w: w.connect_from(ODD, port=9001), World.close_first,
     [Ask(Connect(), 90, None)]),
    ("explicit_even", lambda w: w.connect_from(EVEN, port=9001), World.close_first,
     [Ask(Connect(), 90, None)]),
    ("bind_zero_idle", lambda w: w.bound("127.0.0.2", [0] * 5), connect_all,
     idle_and_connected),
    ("no_port", lambda w: w.connect(80, port=9001), World.close_first,
     [Ask(Connect(), 100, None)]),
    ("children_odd", lambda w: w.inbound(3, 40011), close_listener, [Ask(Connect(), 99, None)]),
    ("children_even", lambda w: w.inbound(3, 40010), close_listener, [Ask(Connect(), 99, None)]),
    ("children_time_wait", lambda w: w.inbound(3, 40010), close_children,
     [Ask(Connect(), 99, None)]),
    ("released", share, lambda _, made: h.reset_all(made), released),
    ("released_listeners", share_listeners, lambda _, made: h.close_all(made),
     released),
    ("replaced", share, replace_all, replaced),
    ("outlived", share, outlive,
     lambda: [Ask(Connect(), 100 if kernel.lets_go() else 95, None)]),
    # At the end its pool looks like one that connect() has filled.
    ("bound_first_to_the_end", lambda w: w.connect_bound(60, port=9001),
     lambda w, _: w.connect_bound(40, port=9001), [Ask(Connect(), 0, (0, 100))]),
    ("churned", lambda w: w.connect(80, port=9001, source=None),
     lambda _, made: h.reset_all(made[::4]), [Ask(Connect(), 100, None)]),
    ("late_child", lambda w: w.inbound(1, 40010), late_child, [Ask(Connect(), 99, WITHIN)]),
]


def test_nothing_is_left_of_the_dead():
    """Memory holds nothing against ports whose sockets have all gone."""
    world = World()
    with h.Snmpd() as snmpd, polling_when_asked(snmpd) as daemon:
        sockets = world.connect_from(EVEN, port=9001)
        listener, ends = world.inbound(3, 40031)
        poll(daemon)
        assert h.value("srcPortRangeCapacity.0") == 89
        listener.socket.close()
        poll(daemon)
        assert h.value("srcPortRangeCapacity.0") == 89
        h.reset_all(sockets + ends)
        poll(daemon)
        assert Connect().said(report()) == (100, 100)
        world.connect(1)
        poll(daemon)
        assert Connect().said(report()) == (99, 99)


def test_bound_ports_after_a_time_alone():
    """Where there was no connection for some polls, the next one that meets one asks all over again."""
    world = World()
    with h.Snmpd() as snmpd, polling_when_asked(snmpd) as daemon:
        for _ in range(8):
            poll(daemon)
        assert h.value("srcPortRangeCapacity.0") == 100
        asks = [Ask(Connect(), 90, None)]
        world.connect_from(EVEN, port=9001)
        asks[0].question.prepare(world)
        poll(daemon)
        return ask(asks, report())


for one in RULES + HOSTS:
    if one.name in SAMPLE:
        SAMPLE.remove(one.name)
        globals()["test_snmp_" + one.name] = lambda one=one: over_snmp(one)
assert not SAMPLE, SAMPLE
for one in MEMORY:
    globals()["test_memory_" + one[0]] = lambda one=one: remembered(*one[1:])
del one

if __name__ == "__main__":
    h.main()
