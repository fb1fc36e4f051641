#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What srcportd says remains of UDP ports is what connect(), sendto() and bind() then get.

A situation is made of real sockets on a range of 100 ports; each kind of caller then tries until
the first error. What succeeds must be the number expected here, lie in what was said, and, unless
connected IPv6 sockets are about, be exactly it.
"""
import ctypes
import errno
import functools
import json
import random
import socket
import struct
import subprocess

import batch
import harness as h
from world import HIGH, LOW, UNPRIVILEGED, World

A, B, ODD, V6 = "127.0.0.1", "127.0.0.2", "127.0.0.6", "::1"
PEER = 9  # nobody there; connect() of UDP sends nothing
UDPLITE = 136


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def udp(family=socket.AF_INET, bind=None, connect=None, send=None, options=(), v6only=None,
        protocol=0, kind=socket.SOCK_DGRAM):
    """One socket: bound to (address, port), then connected, or with a datagram sent."""
    one = socket.socket(family, kind, protocol)
    try:
        if v6only is not None:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
        for option in options:
            one.setsockopt(*option)
        if bind:
            one.bind(bind)
        if connect:
            one.connect((connect, PEER))
        if send:
            one.sendto(b"", (send, PEER))
    except OSError:
        one.close()
        raise
    return one


def many(count, **arguments):
    return [udp(**arguments) for _ in range(count)]


def until_full(opener):
    opened = []
    try:
        while len(opened) <= HIGH:
            opened.append(opener())
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EADDRINUSE):
            raise
    finally:
        h.close_all(opened)
    return len(opened)


def bound(address):
    return functools.partial(udp, family_of(address), bind=(address, 0))


INET6 = socket.AF_INET6
# Each with the row that is about it.
CALLERS = {
    "v4": ("0.0.0.0", functools.partial(udp, connect=A)),
    "dual": ("::", functools.partial(udp, INET6, connect=V6)),
    "a": (A, bound(A)),
    "b": (B, bound(B)),
    "odd": (ODD, bound(ODD)),
    "v6": (V6, bound(V6)),
    # the same pools, reached otherwise
    "send4": ("0.0.0.0", functools.partial(udp, send=A)),
    "any4": ("0.0.0.0", bound("0.0.0.0")),
    "any6": ("::", bound("::")),
    # Until it is connected, an IPv6 socket is one for both families: it meets all.
    "mapped": ("::", functools.partial(udp, INET6, connect="::ffff:" + A)),
    "amapped": (A, functools.partial(udp, INET6, bind=("::ffff:" + A, 0))),
}


def row_of(report, address):
    rows = [row for row in report["udp"]["pools"] if row["address"] == address]
    assert len(rows) <= 1, rows
    return rows[0] if rows else None


def check(name, report, expected, exact):
    """One caller: what it gets, beside what was said of its pool."""
    address, opener = CALLERS[name]
    truth = until_full(opener)
    assert truth == expected, "%s gets %d, not %d" % (name, truth, expected)
    row = row_of(report, address)
    if row is None:  # no socket is there: never less than a caller without an address gets
        floor = row_of(report, "::")
        assert floor["remaining"] <= truth, (name, truth, floor)
        return "%s %d" % (name, truth)
    low, high = row["remaining"] - row["uncertain"], row["remaining"]
    assert low <= truth <= high, "%s: %d of [%d, %d]" % (name, truth, low, high)
    assert row["used"] + row["remaining"] == row["capacity"], row
    assert row["sockets"] >= row["used"], row
    assert row["uncertain"] == 0 or not exact, row
    return "%s %d of [%d, %d]" % (name, truth, low, high)


def run(prepare, expected, exact):
    world = World()
    world.keep(prepare(world) or [])
    report = world.ask()
    assert report["udp"]["available"] and report["udp"]["reason"] == "", report["udp"]
    assert [row["address"] for row in report["udp"]["pools"][:2]] == ["0.0.0.0", "::"]
    return "; ".join(check(name, report, count, exact) for name, count in expected.items())


def case(name, prepare, exact=True, **expected):
    return name, functools.partial(run, prepare, expected, exact)


def kind(name, v4, dual, a, b, odd, v6, exact=True, **arguments):
    """40 sockets of one kind, and what each kind of caller then gets."""
    return case(name, lambda world: many(40, **arguments), exact, v4=v4, dual=dual, a=a, b=b,
                odd=odd, v6=v6)


def at(count, address, first=LOW, **arguments):
    return [udp(family_of(address), bind=(address, first + i), **arguments) for i in range(count)]


REUSE = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
REUSEPORT = (socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
FREEBIND = (socket.IPPROTO_IP, 15, 1)


def on_device(name):
    return (socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode())


KINDS = [
    kind("nothing", 100, 100, 100, 100, 100, 100, bind=None),
    kind("v4_any", 60, 60, 60, 60, 60, 100, bind=("0.0.0.0", 0)),
    kind("v4_sent", 60, 60, 60, 60, 60, 100, send=A),
    kind("v4_connected", 60, 60, 60, 100, 100, 100, connect=A),
    kind("v4_at_b", 60, 60, 100, 60, 100, 100, bind=(B, 0)),
    kind("v4_at_b_connected", 60, 60, 100, 60, 100, 100, bind=(B, 0), connect=A),
    kind("v4_at_odd", 60, 60, 100, 100, 60, 100, bind=(ODD, 0)),
    kind("dual_any", 60, 60, 60, 60, 60, 60, family=INET6, bind=("::", 0)),
    kind("dual_sent", 60, 60, 60, 60, 60, 60, family=INET6, send=V6),
    kind("v6only_any", 100, 60, 100, 100, 100, 60, family=INET6, bind=("::", 0), v6only=1),
    kind("mapped_bound", 60, 60, 60, 100, 100, 100, family=INET6, bind=("::ffff:" + A, 0)),
    kind("mapped_any", 60, 60, 60, 60, 60, 100, family=INET6, bind=("::ffff:0.0.0.0", 0)),
    kind("mapped_connected", 60, 60, 60, 100, 100, 100, family=INET6, connect="::ffff:" + A),
    kind("v6_bound", 100, 60, 100, 100, 100, 60, family=INET6, bind=(V6, 0)),
    # Whether a connected one is IPv6 only is not shown.
    kind("dual_connected", 60, 60, 100, 100, 60, 60, exact=False, family=INET6, connect=V6),
    kind("v6_bound_connected", 100, 60, 100, 100, 100, 60, exact=False, family=INET6,
         bind=(V6, 0), connect=V6),
    kind("v6only_connected", 100, 60, 100, 100, 100, 60, exact=False, family=INET6, connect=V6,
         v6only=1),
]


def resize(low, high, reserved=""):
    h.port_range(low, high)
    h.sysctl("net.ipv4.ip_local_reserved_ports", reserved)


def ranged(low, high, held, reserved=""):
    """A range of another size, `held` of it in use by sockets that chose their ports."""
    def prepare(_):
        resize(low, high, reserved)
        return many(held, bind=("0.0.0.0", 0))
    return prepare


def closed(_):
    h.close_all(many(40, connect=A))


def inherited(world):
    """Held by a child that got them."""
    sockets = many(40, connect=A)
    child = subprocess.Popen(["sleep", "60"], pass_fds=[one.fileno() for one in sockets])
    world.keep([child])
    h.close_all(sockets)


def dissolved(given):
    def prepare(_):
        sockets = [udp(bind=("0.0.0.0", LOW + i) if given else None, connect=A) for i in range(10)]
        libc = ctypes.CDLL(None, use_errno=True)
        for one in sockets:
            assert libc.connect(one.fileno(), bytes(16), 16) == 0
        return sockets
    return prepare


def own_range(_):
    """Sockets with a range of their own within it."""
    wanted = (socket.IPPROTO_IP, h.IP_LOCAL_PORT_RANGE,
              struct.pack("I", (LOW + 19) << 16 | LOW + 10))
    try:
        return many(10, connect=A, options=[wanted])
    except OSError as error:
        if error.errno == errno.ENOPROTOOPT:
            raise h.Skip("IP_LOCAL_PORT_RANGE is not in this kernel")
        raise


def lite(_):
    try:
        return many(40, protocol=UDPLITE, bind=("0.0.0.0", 0))
    except OSError as error:
        if error.errno == errno.EPROTONOSUPPORT:
            raise h.Skip("UDP-Lite is not in this kernel")
        raise


def elsewhere(world):
    with world.far().inside():
        return many(60, bind=("0.0.0.0", 0))


def many_addresses(_):
    """More than are kept: none of them is lost to the pools of callers without an address."""
    return [udp(bind=("127.1.0.%d" % (1 + i), LOW + i % 50)) for i in range(100)]


def mixed(seed):
    """Sockets of all kinds, at random ports and addresses."""
    def prepare(_):
        dice, opened = random.Random(seed), []
        for _ in range(60):
            address = dice.choice([A, B, "0.0.0.0", "::", V6, "::ffff:" + A])
            try:
                opened.append(udp(family_of(address), bind=(address, dice.randint(LOW, HIGH)),
                                  v6only=dice.randint(0, 1) if address in ("::", V6) else None))
            except OSError as error:
                assert error.errno == errno.EADDRINUSE, error
        return opened
    return prepare


def run_mix(seed):
    """No number is expected: each must be what was said."""
    world = World()
    world.keep(mixed(seed)(world))
    report = world.ask()
    lines = []
    for name, (address, opener) in CALLERS.items():
        row = row_of(report, address)
        if row is None:
            continue
        assert row["uncertain"] == 0, row
        truth = until_full(opener)
        assert truth == row["remaining"], "%s: %d, not %s" % (name, truth, row)
        lines.append("%s %d" % (name, truth))
    return "; ".join(lines)


SITUATIONS = [
    case("reached_otherwise", lambda _: many(30, connect=A), send4=70, any4=70, any6=70, mapped=70,
         amapped=70),
    case("another_peer_makes_no_difference", lambda _: many(60, connect=B), v4=40, dual=40),
    case("full", lambda _: many(100, connect=A), v4=0, dual=0, a=0, b=100, v6=100),
    case("b_full", lambda _: many(100, bind=(B, 0)), v4=0, a=100, b=0),
    case("one_left", lambda _: many(99, connect=A), v4=1, dual=1, a=1),
    case("a_and_b_on_the_same_ports", lambda _: at(30, A) + at(40, B), v4=60, dual=60, a=70, b=60),
    case("v4_and_v6_on_the_same_ports", lambda _: at(30, A) + at(40, V6), v4=70, dual=60, v6=60),
    case("v4_and_v6only_on_the_same_ports",
         lambda _: at(30, "0.0.0.0") + at(40, "::", v6only=1), v4=70, dual=60, a=70, v6=60),
    case("reuseaddr", lambda _: many(40, bind=(A, LOW), options=[REUSE]), v4=99, a=99, b=100),
    case("reuseport", lambda _: many(8, bind=("0.0.0.0", LOW), options=[REUSEPORT]), v4=99,
         dual=99, a=99),
    case("reuseport_of_both_families",
         lambda _: many(8, family=INET6, bind=("::", LOW), options=[REUSEPORT]), v4=99, dual=99,
         a=99, v6=99),
    case("groups_of_three_on_ten_ports",
         lambda _: [one for i in range(3) for one in at(10, A, options=[REUSE])], v4=90, dual=90,
         a=90, b=100),
    case("given_and_connected", lambda _: at(30, A, connect=B), v4=70, dual=70, a=70, b=100),
    case("mapped_beside_v6", lambda _: at(30, "::ffff:" + A) + at(30, V6, LOW + 20), v4=70,
         dual=50, a=70, v6=70),
    case("an_address_that_is_not_ours", lambda _: at(40, "203.0.113.7", options=[FREEBIND]), v4=60,
         dual=60, a=100, v6=100),
    case("half_reserved_and_in_use", ranged(LOW, HIGH, 30, "40000-40049"), v4=20, dual=20, a=20,
         b=20),
    case("range_of_300", ranged(LOW, LOW + 299, 120), v4=180, dual=180, a=180),
    case("reserved", ranged(LOW, HIGH, 0, "40000-40009,40050"), v4=89, dual=89, a=89),
    case("reserved_ports_in_use",
         lambda _: resize(LOW, HIGH, "40000-40009") or at(20, "0.0.0.0"), v4=80, dual=80, a=80),
    case("all_but_one_reserved", ranged(LOW, HIGH, 0, "40000-40098"), v4=1, dual=1, a=1),
    case("ports_outside_the_range", lambda _: at(20, "0.0.0.0", 39000), v4=100, dual=100),
    case("both_sides_of_its_ends", lambda _: at(4, A, LOW - 2) + at(4, A, HIGH - 1), v4=96, a=96),
    case("range_of_1", ranged(LOW, LOW, 0), v4=1, dual=1, a=1),
    case("range_of_1_full", ranged(LOW, LOW, 1), v4=0, dual=0, a=0),
    case("range_of_2", ranged(LOW, LOW + 1, 1), v4=1, dual=1, a=1),
    case("range_of_3", ranged(LOW, LOW + 2, 1), v4=2, dual=2, a=2),
    case("range_of_5", ranged(LOW + 1, LOW + 5, 2), v4=3, dual=3, a=3),
    case("range_of_101", ranged(LOW, HIGH + 1, 40), v4=61, dual=61, a=61),
    case("closed", closed, v4=100, dual=100, a=100),
    case("inherited", inherited, v4=60, dual=60, a=60),
    case("dissolved", dissolved(False), v4=100, a=100),
    case("dissolved_and_given", dissolved(True), v4=90, a=90),
    case("own_range", own_range, v4=90, dual=90, a=90),
    case("on_a_device", lambda _: many(40, bind=("0.0.0.0", 0), options=[on_device("lo")]), v4=60,
         dual=60, a=60),
    case("v6_on_a_device",
         lambda _: many(40, family=INET6, bind=("::", 0), v6only=1, options=[on_device("lo")]),
         v4=100, dual=60, v6=60),
    case("multicast", lambda _: at(10, "224.0.0.251"), v4=90, dual=90, a=100),
    case("udp_lite", lite, v4=100, dual=100),
    case("tcp_listeners", lambda world: [world.listen(A, LOW + i) for i in range(5)] and [],
         v4=100, dual=100, a=100),
    case("another_namespace", elsewhere, v4=100, dual=100, a=100),
    case("many_addresses", many_addresses, v4=50, dual=50),
] + [("mix_%d" % seed, functools.partial(run_mix, seed)) for seed in range(6)]


def test_a_user_without_privilege():
    world = World()
    world.keep(many(40, connect=A) + many(10, family=INET6, bind=("::", 0)))
    pools, seen = world.ask()["udp"], world.ask(before=UNPRIVILEGED)["udp"]
    for row in pools["pools"] + seen["pools"]:
        del row["message"]  # it has less to say of other users' processes
    assert seen == pools
    assert [row["remaining"] for row in pools["pools"][:2]] == [50, 50], pools


def test_verdicts():
    """Judged by what remains; one in doubt is not normal; the text says the same."""
    world = World()
    resize(LOW, LOW + 199)
    for held, severity, cause in ((100, "normal", "none"), (101, "warning", "blocked"),
                                  (189, "warning", "blocked"), (190, "critical", "blocked"),
                                  (200, "critical", "blocked")):
        sockets = many(held, connect=A)
        row = row_of(world.ask(), "0.0.0.0")
        assert (row["severity"], row["cause"]) == (severity, cause), (held, row)
        h.close_all(sockets)
    world.keep(many(150, family=INET6, connect=V6))
    row = row_of(world.ask(), "0.0.0.0")
    assert (row["remaining"], row["uncertain"]) == (200, 150), row
    assert (row["severity"], row["cause"]) == ("warning", "inDoubt"), row
    text = h.srcportd("--once")[1]
    assert "any IPv4 address              200 remaining" in text, text
    assert "150 of the remaining are uncertain" in text, text


def test_the_probe_settles_what_is_not_shown():
    """By bind(), and without a privilege: sockets for both families and sockets of IPv6 alone."""
    world = World()
    world.keep(at(10, A) + at(1, ODD, LOW + 10))
    world.keep([udp(INET6, bind=("::", LOW + 11 + i), connect=V6, v6only=1) for i in range(20)])
    world.keep(many(40, family=INET6, connect=V6))
    doubtful = row_of(world.ask(), "0.0.0.0")
    assert (doubtful["remaining"], doubtful["uncertain"]) == (89, 60), doubtful
    for before in ((), UNPRIVILEGED):
        # Of TCP a user without privilege is told that there is no probe.
        report = json.loads(h.srcportd("--once", "--format", "json", "--probe", before=before)[1])
        row = row_of(report, "0.0.0.0")
        assert (row["remaining"], row["uncertain"]) == (49, 0), (before, row)
        check("v4", report, 49, True)
        check("odd", report, 59, True)


def test_bounded():
    """Addresses beyond those that are kept are counted, not kept; real ones find room beside any
    number of loopback ones."""
    world = World()
    world.far()
    world.keep(many_addresses(world))
    world.keep([udp(bind=("10.7.0.1", HIGH))])
    udp_of = world.ask()["udp"]
    rows = [row["address"] for row in udp_of["pools"]]
    assert len(rows) == 2 + 32 + 1 and "10.7.0.1" in rows, rows
    assert udp_of["omitted"] == 100 - 32, udp_of["omitted"]
    assert [row["remaining"] for row in udp_of["pools"][:2]] == [49, 49], udp_of["pools"][:2]


if __name__ == "__main__":
    batch.main(KINDS + SITUATIONS + [("user_without_privilege", test_a_user_without_privilege),
                                     ("verdicts", test_verdicts), ("bounded", test_bounded),
                                     ("probe", test_the_probe_settles_what_is_not_shown)])
