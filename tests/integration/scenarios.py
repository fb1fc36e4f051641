# SPDX-License-Identifier: ISC
"""scenarios: the table of what can hold source ports, part one: every rule of the kernel by itself.

A row: its name, how the situation is made, then either one number of connect() calls that succeed
from 127.0.0.1 to 127.0.0.1:9000, or a list of (question, number). `said` is for a row whose answer
is not exact: the interval that srcportd must give. `needs` is what the kernel must have, or there
is no such situation. `without` is for a row that comes out otherwise where the kernel does without
something: (what that is, number, said), with None for what stays. The range is 40000-40099 unless a
row changes it.
"""
import collections
import socket
import time

import harness as h
import kernel
from world import FAR, NEAR, Connect, youngest

Row = collections.namedtuple("Row", "name prepare asks arguments needs without")
Ask = collections.namedtuple("Ask", "question number said")
PROBE = ("--probe",)
MPTCP = 262  # IPPROTO_MPTCP, since Python 3.10 in socket

# What is said, where it is not one exact number: an interval (low, high), and
Unseen = collections.namedtuple("Unseen", "low high")  # one number, by an assumption that is wrong
WITHIN = "within"  # some interval with the truth in it
EXACT = "exact"    # the one right number, which differs from run to run
FLOOR = "floor"    # a number that is no larger than the truth
UNTOLD = "untold"  # what decides has left no trace: then the truth is no less than what is free

# Without it, bound idle sockets are a doubt: sock_diag does not list them.
LISTED = (kernel.lists_bound, None, WITHIN)

# Ports that bind(address, 0) prefers, and those that connect() prefers.
ODD = range(40001, 40021, 2)
EVEN = range(40000, 40020, 2)


def row(name, prepare, number, said=None, arguments=(), needs=(), without=None):
    asks = number if isinstance(number, list) else [(Connect(), number, said)]
    return Row(name, prepare, [Ask(*ask, *[None] * (3 - len(ask))) for ask in asks], arguments,
               needs, without)


def asks_here(one):
    """What is asked of a row under this kernel. Skips the test where there is no such situation."""
    for name in one.needs:
        kernel.need(name)
    if one.arguments == PROBE:
        kernel.need("local_range")
    if one.without is None or one.without[0]():
        return one.asks
    _, number, said = one.without
    return [ask._replace(number=ask.number if number is None else number,
                         said=ask.said if said is None or ask.said == FLOOR else said)
            for ask in one.asks]


def judge(ask, said, measured, free=None, unlisted=0):
    """What the kernel gave, what srcportd had said and the verdict: exact, bounded (the truth lies
    in the interval) or assumed (a documented assumption does not hold here). Or AssertionError.
    free: the ports on which srcportd saw nobody. unlisted: the sockets of which it said that they
    may be bound here or belong to namespaces that are hidden."""
    low, high = said
    text = "%d %s, said %s" % (measured, ask.question.unit, high if low == high else list(said))
    least, most = ask.number if isinstance(ask.number, tuple) else (ask.number, ask.number)
    assert least <= measured <= most, "%s; should be %s" % (text, ask.number)
    if ask.said == FLOOR:
        assert low <= measured, text
        return text + ", no less"
    if ask.said == UNTOLD and not low <= measured <= high:
        assert free <= measured <= low, "%s; %d are free" % (text, free)
        return text + ", assumed"
    expected = WITHIN if ask.said == UNTOLD else ask.said or (least, most)
    if expected == EXACT:
        assert low == measured == high, text
    elif expected != WITHIN:
        assert tuple(said) == tuple(expected), "%s; should say %s" % (text, list(expected))
    if isinstance(expected, Unseen):
        return text + ", assumed"
    if expected == WITHIN and low - unlisted <= measured < low:
        return text + ", less %d unlisted, bounded" % unlisted
    assert low <= measured <= high, text
    return text + (", exact" if low == high else ", bounded")


def probed(rows):
    """The rows that are in doubt, here or under another kernel, once more with --probe: then they
    are exact, but for what no port tells: odd-sized ranges, a caller with a range of its own, a
    peer without timestamps, bind() on one device."""
    for one in rows:
        if one.name.startswith(("size_", "own_range_caller", "tw_peer_", "tw_reuse_old_far", "everything_",
                                "fin_wait2", "bind_")):
            continue
        if one.without or any(ask.said not in (None, EXACT, FLOOR) for ask in one.asks):
            asks = [ask._replace(said=EXACT) for ask in one.asks]
            without = one.without and one.without[:2] + (EXACT,)
            yield one._replace(name=one.name + "_probed", asks=asks, arguments=PROBE,
                               without=without)


def veth(said_local=NEAR, peer=FAR, **options):
    return Connect(said_local, peer, **options)


def timestamps_off(w):
    h.sysctl("net.ipv4.tcp_timestamps", 0)
    w.time_wait(age=1.3)


def peer_without_timestamps(w):
    reuse(1)
    w.far().run("sh", "-c", "echo 0 > /proc/sys/net/ipv4/tcp_timestamps")
    w.time_wait(peer=FAR, source=NEAR, age=1.3)


def far_again(w):
    """As time_wait_far(), where the far side is there and has a connection that stays."""
    reuse(1)
    w.close_first(w.connect(40, FAR, source=NEAR, port=9002))
    h.wait_for(lambda: youngest() >= 1.3, 12, "TIME_WAIT of age 1.3 s")


def reuse(mode, delay=None):
    """Sets tcp_tw_reuse, and how old a TIME_WAIT must be for it (ms)."""
    h.sysctl("net.ipv4.tcp_tw_reuse", mode)
    if delay is not None:
        h.sysctl("net.ipv4.tcp_tw_reuse_delay", delay)


def time_wait_far(w, mode, age=None, delay=None, source=NEAR, peer=FAR):
    w.far()
    reuse(mode, delay)
    w.time_wait(peer=peer, source=source, age=age)


def time_wait_home(w, mode, age=None, delay=None, address="127.0.0.1"):
    if not address.startswith("127."):
        h.add_address(address + "/32")
    reuse(mode, delay)
    w.time_wait(peer=address, source=address, age=age)


def fin_wait2_orphans(w):
    """Old enough to be taken over, if they were TIME_WAIT."""
    reuse(1, 1 if kernel.reuse_delay() else None)
    ours = w.connect(10)
    w.take(ours)
    h.close_all(ours)
    h.wait_for(lambda: h.count_state("FIN_WAIT2") == 10, 5, "FIN_WAIT2")
    if not kernel.reuse_delay():
        time.sleep(1.1)


def fin_wait2_both(w):
    ours = w.connect(20)
    w.take(ours)
    for one in ours[:10]:
        one.shutdown(socket.SHUT_WR)
    h.close_all(ours[10:])
    h.wait_for(lambda: h.count_state("FIN_WAIT2") == 20, 5, "FIN_WAIT2")


def close_wait(w, count=25):
    ours = w.connect(count)
    h.close_all(w.take(ours))
    h.wait_for(lambda: h.count_state("CLOSE_WAIT") == count, 5, "CLOSE_WAIT")


def last_ack(w):
    w.far()
    ours = w.connect(20, FAR, source=NEAR)
    h.close_all(w.take(ours))
    h.wait_for(lambda: h.count_state("CLOSE_WAIT") == 20, 5, "CLOSE_WAIT")
    w.deaf()
    h.close_all(ours)
    h.wait_for(lambda: h.count_state("LAST_ACK") == 20, 5, "LAST_ACK")


def closing(w):
    """5 FIN_WAIT1, 5 CLOSING, 10 ESTABLISHED."""
    w.far()
    ours = w.connect(20, FAR, source=NEAR)
    theirs = w.take(ours)
    w.deaf()
    h.close_all(ours[:10])
    h.close_all(theirs[:5])
    h.wait_for(lambda: (h.count_state("FIN_WAIT1"), h.count_state("CLOSING")) == (5, 5), 5,
               "5 FIN_WAIT1 and 5 CLOSING")


def syn_sent(w):
    w.far()
    w.deaf()
    w.syn_sent(40)


def explicit_time_wait(w, ports):
    w.close_first(w.connect_from(ports, port=9001))


def bound_time_wait(w):
    w.close_first(w.connect_bound(10, port=9001))


def bucket_limit(w):
    h.sysctl("net.ipv4.tcp_tw_reuse", 0)  # else they are free again after a second
    h.sysctl("net.ipv4.tcp_max_tw_buckets", 10)
    ours = w.connect(40)
    ends = w.take(ours)
    h.close_in_turn(ours, ends)
    h.wait_for(lambda: h.count_state("TIME_WAIT") == 10, 5, "10 TIME_WAIT")


def children(w, port, listener_open, time_wait=False):
    """Accepted connections on a port of the range; with time_wait the accepted ends close first."""
    listener, ends = w.inbound(3, port)
    if time_wait:
        h.close_in_turn(ends, [one for one in w.kept if one not in ends])
        h.wait_for(lambda: h.count_state("TIME_WAIT") == 3, 5, "3 TIME_WAIT")
    if not listener_open:
        listener.socket.close()


def half_open(w, port, listener_open):
    """Five connections of the far side whose handshake never ends, and one of ours to it. Without a
    listener the kernel gives the five up after a second."""
    space = w.far()
    listener = w.listen(NEAR, port)
    w.connect(1, FAR, source=NEAR)
    w.deaf()
    with space.inside():
        w.keep([h.syn_sent(NEAR, port) for _ in range(5)])
    h.wait_for(lambda: h.count_state("SYN_RECV") == 5, 5, "5 SYN_RECV")
    if not listener_open:
        listener.close()


def refused(w, port):
    """An explicitly bound socket, refused and still open."""
    one = h.open_socket("127.0.0.1", source="127.0.0.1", source_port=port)
    assert one.connect_ex(("127.0.0.1", 9))
    w.keep([one])


def reset(w, port):
    """An explicitly bound socket whose connection the peer has reset, still open."""
    ours = w.connect_from([port], port=9001)
    h.reset_all(w.take(ours))
    h.wait_for(lambda: h.count_state("ESTABLISHED") == 0, 5, "a reset")


def mptcp(w, count=1, port=None):
    """count MPTCP connections to 127.0.0.1:9001, from this port if one is given."""
    try:
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, MPTCP)
    except OSError as error:
        raise h.Skip("no MPTCP: %s" % error.strerror) from None
    server.bind(("127.0.0.1", 9001))
    server.listen(100)
    w.keep([server])
    for _ in range(count):
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM, MPTCP)
        if port:
            one.bind(("127.0.0.1", port))
        one.connect(("127.0.0.1", 9001))
        w.keep([one])


def shared_port(w, close):
    """The one port that the pool does not hold is shared by a connect() elsewhere and an explicit
    bind, which may be gone again."""
    h.reserve_ports("40099")
    w.connect(99)
    h.reserve_ports("40000-40098")
    w.connect(1, port=9001)
    explicit = w.connect_from([40099], port=9001, source="127.0.0.2")
    h.reserve_ports("")
    if close:
        h.reset_all(explicit)


def listeners_gone(w):
    """Ten ports of connections elsewhere that had a listener each for a moment."""
    ports = [one.getsockname()[1] for one in w.connect(10, port=9001)]
    for port in ports:
        h.Listener("127.0.0.77", port).close()


def mapped(w, count):
    """Sockets of AF_INET6 that speak to an IPv4 peer."""
    w.serve()
    w.keep(h.connect_many(count, "::ffff:127.0.0.1", 9000, source="::ffff:127.0.0.1",
                          no_port=True))


RULES = [
    row("clean", lambda w: None, 100),
    row("clean_unbound_caller", lambda w: None, [(Connect(source=None), 100)]),
    row("reserved", lambda w: h.reserve_ports("40000-40009,40050"), 89),
    row("listener_elsewhere", lambda w: w.listen("127.0.0.77", 40010), 99),
    row("listener_dual_stack", lambda w: w.listen("::", 40011), 99),
    row("listener_v6only", lambda w: w.listen("::1", 40011, only_v6=True), 99),
    row("bound_idle", lambda w: w.bound("127.0.0.2", ODD), 90, without=LISTED),
    row("bound_idle_even", lambda w: w.bound("127.0.0.2", EVEN), 90, without=LISTED),
    row("bound_idle_reuse", lambda w: w.bound("127.0.0.2", ODD, reuse=True), 90,
        without=LISTED),
    row("bound_idle_wildcard", lambda w: w.bound("0.0.0.0", ODD), 90, without=LISTED),
    row("bound_idle_by_zero", lambda w: w.bound("127.0.0.2", [0] * 5), 95, without=LISTED),
    row("bound_idle_v6", lambda w: w.bound("::1", ODD), 90, without=LISTED),
    row("udp_sockets", lambda w: w.udp(range(40000, 40005)), 100),
    row("explicit_elsewhere", lambda w: w.connect_from(ODD, port=9001), 90),
    row("explicit_elsewhere_even", lambda w: w.connect_from(EVEN, port=9001), 90),
    row("explicit_reuse", lambda w: w.connect_from(ODD, port=9001, reuse=True), 90),
    row("explicit_device", lambda w: w.connect_from(ODD, port=9001, device="lo"), 90),
    row("explicit_refused", lambda w: refused(w, 40020), 99, without=LISTED),
    row("explicit_reset", lambda w: reset(w, 40020), 99, without=LISTED),
    row("other_pools", lambda w: (w.connect(30, port=9001), w.connect(20, "127.0.0.9")), 100),
    row("other_pool_full", lambda w: w.connect(100, port=9001), 100),
    # What the order explains: the even offsets of the pool are all taken.
    row("other_pool_full_unbound", lambda w: w.connect(100, port=9001, source=None), 100),
    row("other_pools_of_60_80_95_unbound",
        lambda w: [w.connect(n, port=9001 + n, source=None) for n in (60, 80, 95)], 100),
    # Some at odd offsets, and of the even ones some have ended since: they may be anybody's.
    row("other_pool_of_60_after_churn",
        lambda w: h.reset_all(w.connect(80, port=9001, source=None)[::4]), 100, said=WITHIN),
    # bind(address, 0) has come to even offsets: with SO_REUSEADDR in the lower half of the range,
    # without it wherever no odd one is left.
    row("bound_first_450_of_1000_reusing",
        lambda w: (h.port_range(40000, 40999), w.connect_bound(450, port=9001, reuse=True)), 550,
        said=(550, 1000)),
    row("bound_first_950_of_1000",
        lambda w: (h.port_range(40000, 40999), w.connect_bound(950, port=9001)), 50,
        said=(50, 1000)),
    row("bound_first_300_of_1000_reusing",
        lambda w: (h.port_range(40000, 40999), w.connect_bound(300, port=9001, reuse=True)), 700,
        said=(700, 1000)),
    # Of 250 odd and 50 even ones 150 odd have ended: what stays still shows who they are.
    row("bound_first_300_of_1000_reusing_after_churn",
        lambda w: (h.port_range(40000, 40999),
                   h.reset_all([one for one in w.connect_bound(300, port=9001, reuse=True)
                                if one.getsockname()[1] % 2][:150])), 850, said=(850, 1000)),
    row("bound_first_beside_connect",
        lambda w: (w.connect(45, port=9001, source=None), w.connect_bound(40, port=9002)), 60,
        said=(15, 100)),
    row("second_address", lambda w: w.connect(100), [(Connect(), 0), (Connect("127.0.0.2"), 100)]),

    row("tw_no_reuse", lambda w: time_wait_home(w, 0, 1.3), 60),
    row("tw_no_reuse_far", lambda w: time_wait_far(w, 0, 1.3), [(veth(), 60)]),
    row("tw_reuse_young", lambda w: time_wait_home(w, 1, delay=60000), 60, needs=["reuse_delay"]),
    row("tw_reuse_old", lambda w: time_wait_home(w, 1, 1.3), 100),
    row("tw_reuse_young_far", lambda w: time_wait_far(w, 1, delay=60000), [(veth(), 60)],
        needs=["reuse_delay"]),
    # Whether the peer uses timestamps, an established connection to it tells; else nothing does.
    row("tw_reuse_old_far", lambda w: time_wait_far(w, 1, 1.3), [(veth(), 100, (60, 100))]),
    row("tw_reuse_old_far_known",
        lambda w: (w.far(), w.connect(1, FAR, source=NEAR), far_again(w)), [(veth(port=9002), 100)]),
    row("tw_reuse_old_far_v6",
        lambda w: time_wait_far(w, 1, 1.3, source="fd00:7::1", peer="fd00:7::2"),
        [(veth("fd00:7::1", "fd00:7::2"), 100, (60, 100))]),
    row("tw_loopback_young", lambda w: time_wait_home(w, 2, delay=60000), 60,
        needs=["reuse_delay"]),
    row("tw_loopback_old", lambda w: time_wait_home(w, 2, 1.3), 100),
    row("tw_loopback_old_far", lambda w: time_wait_far(w, 2, 1.3), [(veth(), 60)]),
    row("tw_loopback_old_on_lo", lambda w: time_wait_home(w, 2, 1.3, address="10.8.0.1"),
        [(Connect("10.8.0.1", "10.8.0.1"), 60)]),
    row("tw_no_timestamps", timestamps_off, 60),
    row("tw_peer_without_timestamps", peer_without_timestamps, [(veth(), 60, (60, 100))]),
    row("tw_peer_known_without_timestamps",
        lambda w: (peer_without_timestamps(w), w.connect(1, FAR, source=NEAR, port=9001)),
        [(veth(), 60)]),
    row("tw_delay_1ms", lambda w: time_wait_home(w, 1, 0.05, 1), 100, needs=["reuse_delay"]),
    row("tw_delay_300ms", lambda w: time_wait_home(w, 1, 0.5, 300), 100, needs=["reuse_delay"]),
    row("tw_delay_60s", lambda w: time_wait_home(w, 1, 1.3, 60000), 60, needs=["reuse_delay"]),
    row("tw_bucket_limit", bucket_limit, 90),
    row("tw_of_explicit", lambda w: explicit_time_wait(w, ODD), 90, said=(90, 100)),
    row("tw_of_explicit_even", lambda w: explicit_time_wait(w, EVEN), 90, said=Unseen(100, 100)),
    row("tw_of_bind_zero", bound_time_wait, 90, said=(90, 100)),
    # Which of the kernels without tcp_tw_reuse_delay take these over, nothing tells beforehand.
    row("fin_wait2_orphans", fin_wait2_orphans, 90,
        without=(kernel.reuse_delay, (90, 100), WITHIN)),

    row("close_wait", close_wait, 75),
    row("syn_sent", syn_sent, [(veth(silent=True), 60)]),
    row("last_ack", last_ack, [(veth(silent=True), 80)]),
    row("fin_wait1_closing", closing, [(veth(silent=True), 80)]),
    row("fin_wait2", fin_wait2_both, 80, without=(kernel.reuse_delay, (80, 90), WITHIN)),

    row("children", lambda w: children(w, 40011, True), 99),
    row("children_orphaned", lambda w: children(w, 40011, False), 99, said=(99, 100)),
    row("children_orphaned_even", lambda w: children(w, 40010, False), 99, said=Unseen(100, 100)),
    row("children_time_wait", lambda w: children(w, 40011, False, True), 99, said=(99, 100)),
    row("half_open", lambda w: half_open(w, 40011, True), 99),
    row("half_open_orphaned", lambda w: half_open(w, 40011, False), 100),

    row("own_range_filled", lambda w: w.connect_until_full(local_range=(40000, 40019)), 80,
        needs=["local_range"]),
    row("own_range_caller", lambda w: None,
        [(Connect(local_range=(40000, 40019)), 20, Unseen(100, 100))], needs=["local_range"]),
    row("own_range_outside", lambda w: None, [(Connect(local_range=(30000, 30019)), 100)],
        needs=["local_range"]),
    row("v6", lambda w: None, [(Connect("::1", "::1"), 100)]),
    row("v6_after_v4_full", lambda w: w.connect(100), [(Connect("::1", "::1"), 100)]),
    row("v4_mapped", lambda w: mapped(w, 60), 40),
    row("bind_and_connect_elsewhere",
        lambda w: w.connect_bound(15, "127.0.0.1", 9001, source="127.0.0.2"), 85, said=(85, 100)),
    row("bind_and_connect_reuse",
        lambda w: w.connect_bound(15, "127.0.0.1", 9001, source="127.0.0.2", reuse=True), 85,
        said=(85, 100)),
    row("no_port_elsewhere", lambda w: w.connect(15, port=9001, source="127.0.0.2"), 100),
    row("size_1", lambda w: h.port_range(40000, 40000), 1),
    row("size_2", lambda w: h.port_range(40000, 40001), 2),
    row("size_3", lambda w: h.port_range(40000, 40002), 2),
    row("size_5", lambda w: h.port_range(40000, 40004), (4, 5), said=(4, 5)),
    row("size_101", lambda w: h.port_range(40000, 40100), (100, 101), said=(100, 101)),
    row("size_3_high_taken", lambda w: (h.port_range(40000, 40002), w.listen("127.0.0.2", 40002)),
        2),
    row("size_101_ends_taken",
        lambda w: (h.port_range(40000, 40100), w.listen("127.0.0.2", 40000),
                   w.listen("127.0.0.2", 40100)), 99),
    row("size_101_ends_reserved",
        lambda w: (h.port_range(40000, 40100), h.reserve_ports("40000,40100")), 99),
    row("device_after_unbound", lambda w: w.connect(100),
        [(Connect(device="lo"), 0)]),
    row("unbound_after_device", lambda w: w.connect(100, device="lo"),
        [(Connect(), 100), (Connect(device="lo"), 0)]),
    row("mptcp", lambda w: mptcp(w, 30), 100),
    row("mptcp_explicit", lambda w: mptcp(w, port=40021), 99),
    row("shared_port_blocked", lambda w: shared_port(w, False), 0),
    row("shared_port_released", lambda w: shared_port(w, True), 1,
        without=(kernel.lets_go, 0, UNTOLD)),
    row("shared_ports_released", listeners_gone, 100, without=(kernel.lets_go, 90, UNTOLD)),
]
