# SPDX-License-Identifier: ISC
"""scenarios_hosts: the table of scenarios, part two: hosts on which much happens at once."""
import os
import random
import socket
import threading

import harness as h
import kernel
from scenarios import (EVEN, EXACT, FLOOR, LISTED, ODD, PROBE, WITHIN, children, half_open, mapped,
                       row, time_wait_home)
from world import FAR, HOME, NEAR, Bind, Connect, Peer, Target, youngest

LINK_NEAR, LINK_FAR = "fe80::7:1%veth0", "fe80::7:2%veth0"


def several_pools(w):
    w.connect(10)
    w.connect(20, port=9001)
    w.connect(30, "127.0.0.9")
    w.connect(5, "127.0.0.9", 9001)


def in_and_out(w):
    """The far host has connections to a service of ours in the range and to one outside of it, and
    we have some to it."""
    space = w.far()
    inside, outside = w.listen(NEAR, 40011), w.listen(NEAR, 8000)
    with space.inside():
        w.keep(h.connect_many(10, NEAR, 40011) + h.connect_many(15, NEAR, 8000))
    inside.accept(10)
    outside.accept(15)
    w.connect(25, FAR, source=NEAR)


def reuseport_listeners(w):
    for _ in range(4):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind((HOME, 40011))
        one.listen(5)
        w.keep([one])


def device_listener(w):
    one = h.open_socket(HOME, source=HOME, source_port=40011, device="lo")
    one.listen(5)
    w.keep([one])


def unbound_listener(w):
    """listen() without bind() takes a port of the range."""
    one = socket.socket()
    one.listen(5)
    w.keep([one])


def two_users(w):
    """Ten connections of ours, ten of a process of another user."""
    w.connect(10)
    ready, child_end = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            os.setuid(65534)
            held = h.connect_many(10, HOME, 9000, source=HOME, no_port=True)
            child_end.sendall(b"%d" % len(held))
            ready.close()
            child_end.recv(1)
        except OSError as error:
            child_end.sendall(str(error).encode())
        os._exit(0)
    child_end.close()
    w.keep([ready])  # the child lives until this is closed
    said = ready.recv(100)
    if said != b"10":
        raise h.Skip("no second user: %s" % said.decode())


def range_at_1(w):
    h.sysctl("net.ipv4.ip_unprivileged_port_start", 0)
    h.port_range(1, 100)
    w.listen(HOME, 1)
    w.listen(HOME, 22)
    w.connect(10)


def range_at_65535(w):
    h.port_range(65436, 65535)
    w.listen(HOME, 65535)
    w.connect(10)


def range_moves(w, low, high):
    """50 connections on the even ports of 40000-40099, then another range."""
    w.connect(50)
    h.port_range(low, high)


def churn(w):
    """Connections elsewhere come and go all the time, also while srcportd looks and while the
    answer is tried."""
    w.connect(10)
    server = w.serve("127.0.0.9", 9001)
    stop = threading.Event()

    def run():
        while not stop.is_set():
            h.reset_all(h.connect_many(5, "127.0.0.9", 9001, source="127.0.0.3", no_port=True))
            h.close_all(server.accept(5))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    h.at_exit(thread.join)
    h.at_exit(stop.set)
    said = {Connect().said(w.ask()) for _ in range(20)}
    assert said == {(90, 90)}, said


def other_namespace(w):
    """What another namespace binds and connects is no concern of ours."""
    space = w.far()
    with space.inside():
        w.keep([h.Listener("127.0.0.1", 40000 + i) for i in range(20)])
        w.keep(h.connect_many(20, "127.0.0.1", 40000, source="127.0.0.1", source_port=0))


def served_time_wait(w):
    """We close the connections of our clients first: TIME_WAIT on the port of the service."""
    _, ends = w.inbound(10, 8000)
    h.close_in_turn(ends, [one for one in w.kept if one not in ends])
    h.wait_for(lambda: h.count_state("TIME_WAIT") == 10, 5, "10 TIME_WAIT")


def self_connect(w):
    one = h.open_socket(HOME, source=HOME, source_port=40021)
    one.connect((HOME, 40021))
    w.keep([one])


def same_ports(w):
    """The same ten ports toward five peers."""
    h.reserve_ports("40010-40099")
    for i in range(5):
        w.connect(10, "127.0.0.%d" % (10 + i))
    h.reserve_ports("")


def both_wildcards(w):
    w.listen("0.0.0.0", 40011)
    w.listen("::", 40011, only_v6=True)


def reopened(w):
    """A listener that has gone, with connections left, and has come back."""
    children(w, 40010, False)
    w.listen(HOME, 40010)


def mapped_time_wait(w):
    """TIME_WAIT of AF_INET6 sockets that spoke to an IPv4 peer, old enough."""
    h.sysctl("net.ipv4.tcp_tw_reuse", 2)
    mapped(w, 30)
    ends = w.serve().accept(30)
    h.close_in_turn(w.kept, ends)
    h.wait_for(lambda: h.count_state("TIME_WAIT") == 30 and youngest() > 1.2, 10,
               "30 old TIME_WAIT")


def old_but_bound(w):
    """TIME_WAIT that connect() would take over, on ports that somebody else has bound."""
    time_wait_home(w, 2, 1.3)
    w.bound("127.0.0.2", EVEN)


def everything(w, seed, ports):
    """A little of everything, at random; explicit binds on some of these ports."""
    dice = random.Random(seed)
    ports = dice.sample(ports, 14)
    for _ in range(4):
        w.connect(dice.randrange(6), port=9001, source="127.0.0.%d" % dice.randrange(1, 4))
        w.connect_bound(dice.randrange(4), port=9002, source="127.0.0.%d" % dice.randrange(4, 7))
    w.connect(dice.randrange(8), port=9003, source=None)
    w.connect_from(ports[:4], port=9004, source="127.0.0.7")
    w.close_first(w.connect_from(ports[4:8], port=9005, source="127.0.0.7"))
    w.close_first(w.connect_bound(4, port=9006, source="127.0.0.8"))
    w.bound("127.0.0.9", ports[8:11])
    for port in ports[11:14]:
        listener = w.listen("127.0.0.10", port)
        w.keep(h.connect_many(2, "127.0.0.10", port, source="127.0.0.11", source_port=0))
        w.keep(listener.accept(2))
        if dice.randrange(2):
            listener.socket.close()
    w.connect(dice.randrange(10))


def v6_and_v4(w):
    w.connect(20)
    w.connect(5, "::1", source="::1")
    w.bound("::1", [40051, 40053])


def wildcard(address, **options):
    def prepare(w):
        w.connect(5)
        w.connect(5, "::1", source="::1")
        taken = {one.getsockname()[1] for one in w.kept}
        w.listen(address, min(set(range(40000, 40100)) - taken), **options)
    return prepare


def mixed_peer(w):
    w.connect(20)
    w.connect(30, port=9001)


HOSTS = [
    row("several_pools", several_pools,
        [(Connect(), 90), (Connect(port=9001), 80), (Connect(peer="127.0.0.9"), 70),
         (Connect(peer="127.0.0.9", port=9001), 95)]),
    row("two_addresses", lambda w: (w.connect(10), w.connect(40, source="127.0.0.2")),
        [(Connect(), 90), (Connect("127.0.0.2"), 60)]),
    row("in_and_out", in_and_out, [(Connect(NEAR, FAR), 74)]),
    row("listener_on_reserved", lambda w: (h.reserve_ports("40011"), w.listen(HOME, 40011)), 99),
    row("reuseport_listeners", reuseport_listeners, 99),
    row("device_listener", device_listener, 99),
    row("unbound_listener", unbound_listener, 99),
    row("both_wildcards", both_wildcards, 99),
    row("two_users", two_users, 80),
    row("v6_zone", lambda w: (w.far(), w.connect(12, LINK_FAR, source=LINK_NEAR)),
        [(Connect(LINK_NEAR, LINK_FAR), 88)]),
    row("mapped_and_plain", lambda w: (mapped(w, 20), w.connect(30)),
        [(Connect(), 50), (Connect(to="::ffff:127.0.0.1", source="::ffff:127.0.0.1"), 50)]),
    row("range_at_1", range_at_1, 88),
    row("range_at_65535", range_at_65535, 89),
    row("range_reserved_whole", lambda w: h.reserve_ports("39000-41000"), 0),
    row("reserved_partly_outside", lambda w: h.reserve_ports("1-1000,39990-40009,50000"), 90),
    row("range_moved", lambda w: range_moves(w, 50000, 50099), 100),
    row("range_overlaps", lambda w: range_moves(w, 40020, 40119), 60),
    row("range_moved_by_one", lambda w: range_moves(w, 40001, 40100), 51),
    row("churn", churn, 90),
    row("explicit_in_pool", lambda w: w.connect_from([40005]), 99),
    row("other_namespace", other_namespace, [(Connect(NEAR, FAR), 100)]),
    row("served_from_outside", lambda w: w.inbound(50, 8000), 100),
    row("served_time_wait", served_time_wait, 100),
    row("into_own_listener",
        lambda w: (w.servers.update({(HOME, 40010): w.listen(HOME, 40010)}),
                   w.connect(20, port=40010)),
        [(Connect(port=40010), 79), (Connect(), 99)]),
    row("self_connect", self_connect, 99),
    row("same_ports", same_ports,
        [(Connect(), 100), (Connect(peer="127.0.0.12"), 90), (Bind(HOME), 90),
         (Bind("0.0.0.0"), 90)]),
    row("listener_reopened", reopened, 99),
    row("mapped_time_wait", mapped_time_wait, 100),
    row("old_but_bound", old_but_bound, 90, without=LISTED),
    row("own_range_elsewhere",
        lambda w: w.connect(20, port=9001, source=None, local_range=(40001, 40040)),
        [(Connect(), 100, WITHIN)], needs=["local_range"]),

    row("bind", lambda w: w.connect(20), [(Bind(HOME), 80), (Bind("0.0.0.0"), 80),
                                          (Bind("::"), 80)]),
    row("bind_two_addresses", lambda w: (w.connect(10), w.connect(30, source="127.0.0.2")),
        [(Bind(HOME), 90), (Bind("127.0.0.2"), 70), (Bind("0.0.0.0"), (60, 70), EXACT)]),
    row("bind_pool_full", lambda w: (w.connect(100), w.connect(1, source="127.0.0.2")),
        [(Bind(HOME), 0), (Bind("127.0.0.2"), 99), (Bind("0.0.0.0"), 0)]),
    row("bind_idle", lambda w: w.bound(HOME, ODD), [(Bind(HOME), 90)], without=LISTED),
    row("bind_wildcard_idle", lambda w: (w.connect_from([30000]), w.bound("0.0.0.0", ODD)),
        [(Bind(HOME), 90)], without=LISTED),
    row("bind_v6", v6_and_v4,
        [(Bind(HOME), 80), (Bind("::1"), 93, EXACT), (Bind("::"), (73, 80), EXACT),
         (Bind("0.0.0.0"), (73, 100), FLOOR)], without=LISTED),
    row("bind_listener_v4", wildcard("0.0.0.0"), [(Bind(HOME), 94), (Bind("::1"), 95)]),
    row("bind_listener_dual", wildcard("::"), [(Bind(HOME), 94), (Bind("::1"), 94)]),
    row("bind_listener_v6only", wildcard("::", only_v6=True),
        [(Bind(HOME), 95), (Bind("::1"), 94)]),
    row("bind_time_wait", lambda w: time_wait_home(w, 1, 1.3),
        [(Bind(HOME), 60), (Connect(), 100)]),
    row("bind_after_device", lambda w: (w.connect(20, device="lo"), w.connect(10)),
        [(Bind(HOME), (70, 80), EXACT), (Bind(HOME, device="lo"), (70, 80), EXACT)]),
    row("bind_on_device", lambda w: (w.far(), w.connect(20, device="lo"),
                                     w.bound(HOME, ODD, device="veth0")),
        [(Bind(HOME, device="lo"), 80), (Bind(HOME, device="veth0"), 90)],
        without=(kernel.lists_bound, None, FLOOR)),
    row("bind_children", lambda w: children(w, 40011, False), [(Bind(HOME), 99)]),
    row("bind_half_open", lambda w: half_open(w, 40011, False), [(Bind(NEAR), 99)]),
    row("size_101_bind", lambda w: (h.port_range(40000, 40100), w.connect(11)),
        [(Bind(HOME), (89, 90), (89, 90))]),
    row("size_1_bind", lambda w: (h.port_range(40000, 40000), w.connect_from([30000])),
        [(Bind(HOME), 1), (Bind("0.0.0.0"), 1)]),
    row("size_3_bind", lambda w: (h.port_range(40000, 40002), w.connect_from([30000])),
        [(Bind(HOME), 2), (Bind("0.0.0.0"), 2)]),
    row("target", several_pools, [(Target("127.0.0.9", [9000, 9001]), (65, 300), FLOOR),
                                  (Target("127.0.0.9", [9000], key="tightest"), 70)],
        arguments=("127.0.0.0/29", "127.0.0.9", "127.0.0.9:9000")),
    row("target_port", several_pools, [(Target("127.0.0.9", [9001], name="127.0.0.9:9001"), 95)],
        arguments=("127.0.0.9:9001",)),
    row("target_new", several_pools, [(Target("127.0.0.7", [9000]), 100)],
        arguments=("127.0.0.7",)),
    row("peer", mixed_peer,
        [(Peer(HOME, [9000, 9001, 9002]), (50, 300), FLOOR),
         (Peer(HOME, [9001], key="tightest"), 70), (Connect(), 80), (Connect(port=9001), 70)]),
    row("peer_one_port", lambda w: w.connect(40), [(Peer(HOME, [9000]), 60)]),
]

# Without a probe, ports at even offsets are taken as chosen by connect(): keep others off them.
for seed in range(1, 4):
    HOSTS.append(row("everything_%d" % seed,
                     lambda w, seed=seed: everything(w, seed, range(40001, 40100, 2)),
                     [(Connect(), (0, 100), WITHIN)]))
    HOSTS.append(row("everything_probed_%d" % seed,
                     lambda w, seed=seed: everything(w, seed, range(40000, 40100)),
                     [(Connect(), (0, 100), EXACT)], arguments=PROBE))
