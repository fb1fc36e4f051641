# SPDX-License-Identifier: ISC
"""Pools of address translation against real connections through this namespace, a router between a
client's and a server's: `remaining` is how many then pass."""
import json
import os
import re
import shutil
import socket
import subprocess

import harness as h
import isolate
from router import (HEAD, HIGH, LOW, OUTSIDE, OUTSIDE6, PORT, SERVER, SERVER6, VIRTUAL, Router,
                    forget_connections, nft, unnamed)
from spaces import attach_name
from world import UNPRIVILEGED


# Another one than root, whose the table is as a file.
NOBODY = "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"
RULE = {"low": LOW, "high": HIGH, "from": "rule"}
DEFAULT = {"low": 1024, "high": 65535, "from": "default"}


def report(*options, before=()):
    status, out, error = h.srcportd("--once", "--format", "json", *options, before=before)
    assert (status, error) == (0, ""), (status, error)
    return json.loads(out)["nat"]


def pool(protocol="tcp", peer=SERVER, port=PORT):
    nat = report()
    assert nat["available"] and nat["reason"] is None, nat
    found = [row for row in nat["pools"]
             if (row["protocol"], row["peer"], row["port"]) == (protocol, peer, port)]
    assert len(found) == 1, nat["pools"]
    return found[0]


def assert_row(row, **expected):
    found = {key: row[key] for key in expected}
    assert found == expected, (found, row)


def test_as_many_pass_as_remain():
    isolate.want("conntrack")
    router = Router()
    assert report()["pools"] == []
    router.ends()
    assert_row(pool(), entries=2, used=2, capacity=100, remaining=98, lossPpm=0, range=RULE)
    assert router.pass_of(38) == 38
    assert_row(pool(), holder="10.7.0.2", holderEntries=40)
    assert_row(pool(), outside=OUTSIDE, zone=0, entries=40, used=40, remaining=60, evictable=0,
               capacity=100, percent=40, lossPpm=0, severity="normal",
               range=RULE)
    # Those of the router itself hold ports too.
    for own in range(LOW + 40, LOW + 60):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.settimeout(5)
        made.bind((OUTSIDE, own))
        made.connect((SERVER, PORT))
        router.kept.append(made)
    row = pool()
    # One whose port was taken is moved without a rule, to any from 1024 on.
    assert row["entries"] == 60 and row["capacity"] == 100 and 40 < row["used"] <= 60, row
    left = row["remaining"]
    assert left == 100 - row["used"], row
    assert router.pass_of(left + 7) == left
    assert_row(pool(), remaining=0, percent=100, lossPpm=1000000, severity="critical")
    assert router.pass_of(3) == 0
    return "%d remained, and passed" % left


def test_a_virtual_address_is_its_server():
    isolate.want("conntrack")
    router = Router()
    router.ends()
    assert router.pass_of(38) + router.pass_of(30, VIRTUAL) == 68
    assert_row(pool(), entries=70, remaining=30)
    assert router.pass_of(35, VIRTUAL) == 30


def test_udp_and_packets_from_the_peer():
    isolate.want("conntrack")
    router = Router()
    router.ends(kind=socket.SOCK_DGRAM)
    for _ in range(38):
        router.start(SERVER, kind=socket.SOCK_DGRAM)
    assert router.received() == 40
    assert_row(pool("udp"), entries=40, remaining=60)
    # What comes in from the peer's very port takes ports as well, if they are free.
    for port in range(LOW + 1, HIGH):
        router.datagrams.sendto(b"!", (OUTSIDE, port))
    row = pool("udp")
    assert_row(row, remaining=0, lossPpm=1000000, severity="critical")
    for _ in range(5):
        router.start(SERVER, kind=socket.SOCK_DGRAM)
    assert router.received() == 0


def test_one_socket_to_many_peers_shows_no_range():
    """It keeps the one port that it was given: that tells nothing of what the rule has."""
    isolate.want("conntrack")
    router = Router()
    another_rule()
    with router.client.inside():
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("", 30000))
    for port in range(1, 101):
        made.sendto(b"?", (SERVER, port))
    rows = report()["pools"]
    assert len(rows) == 100, rows
    for row in rows:
        assert_row(row, remaining=64511, severity="normal", range=DEFAULT)


def another_rule():
    """One that may be meant for the same connections, for all that is read of it: then what they
    show counts."""
    nft(HEAD % 'oifname "nowhere0" masquerade')


def test_rules_that_do_not_tell():
    isolate.want("conntrack")
    router = Router()
    router.ends()
    assert_row(pool(), remaining=98, range=RULE)
    another_rule()
    assert_row(pool(), remaining=64510, range=DEFAULT)
    assert router.pass_of(38) == 38
    # Ports that were changed all lie in those of one rule.
    assert_row(pool(), remaining=60, range=RULE)
    assert ("; range 20000-20099, as the rule says; ") in h.srcportd("--once")[1]


# How a rule for TCP and UDP to OUTSIDE can be written, and the ports that it gives out.
SPELLINGS = [
    ("masquerade", (1024, 65535)),
    ("masquerade random,persistent", (1024, 65535)),
    ("meta l4proto { tcp, udp } masquerade to :20000-20099", (LOW, HIGH)),
    ("meta l4proto tcp masquerade to :20000", (LOW, LOW)),
    ("snat to 192.0.2.1", (1024, 65535)),
    ("meta l4proto tcp snat to 192.0.2.1:20000-20099 fully-random", (LOW, HIGH)),
    ("ip protocol tcp snat to 192.0.2.1-192.0.2.2:20000-20099", (LOW, HIGH)),
    ("meta l4proto tcp snat to 192.0.2.1:20000-20099; "
     "meta l4proto udp snat to 192.0.2.1:30000-30099", (LOW, HIGH)),
    ("meta l4proto tcp snat to 192.0.2.1:20000-20099; snat to 192.0.2.9", (LOW, HIGH)),
    ("meta l4proto tcp snat to ip saddr map { 10.7.0.2 : 192.0.2.1 . 20000 }", None),
    ("meta l4proto tcp snat to 192.0.2.1:20000-20099; masquerade", None),
    ("-j MASQUERADE", (1024, 65535)),
    ("-j MASQUERADE --random-fully", (1024, 65535)),
    ("-p tcp -j MASQUERADE --to-ports 20000-20099", (LOW, HIGH)),
    ("-j SNAT --to-source 192.0.2.1", (1024, 65535)),
    ("-p tcp -j SNAT --to-source 192.0.2.1:20000-20099 --random", (LOW, HIGH)),
]


def write_rule(text):
    """Of nftables or of iptables; no other rule translates sources then."""
    nft("table ip nat { chain post { type nat hook postrouting priority 100; }; }; "
        "flush chain ip nat post; delete table ip nat")
    if not text.startswith("-"):
        nft(HEAD % text)
        return
    for command in ("-F POSTROUTING", "-A POSTROUTING -o outside0 " + text):
        done = subprocess.run(["iptables-nft", "-t", "nat", *command.split()],
                              stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise isolate.Skip("iptables-nft: %s" % done.stderr.decode().strip())


def test_spellings_of_a_rule():
    isolate.want("conntrack")
    router = Router()
    for text, ports in SPELLINGS:
        if text.startswith("-") and shutil.which("iptables-nft") is None:
            continue
        write_rule(text)
        forget_connections()
        router.start(SERVER)
        low, high = ports or (1024, 65535)
        row = pool()
        assert row["range"] == {"low": low, "high": high, "from": "rule" if ports else "default"}, (
            text, row)


def test_another_peer_is_another_pool():
    isolate.want("conntrack")
    router, other = Router(), "192.0.2.101"
    router.server.run("ip", "address", "add", other + "/24", "dev", "peer0")
    with router.server.inside():
        router.listeners.append(h.Listener(other, PORT))
    assert router.pass_of(103) == 100
    assert_row(pool(), remaining=0)
    assert router.pass_of(40, other) == 40
    assert_row(pool(peer=other), entries=40, remaining=60)
    assert router.pass_of(65, other) == 60
    # UDP beside TCP too.
    for _ in range(40):
        router.start(SERVER, kind=socket.SOCK_DGRAM)
    assert_row(pool("udp"), entries=40, remaining=60)


def test_zones():
    isolate.want("conntrack")
    router = Router()
    nft("table ip raw { chain pre { type filter hook prerouting priority -300; ct zone set 5; }; }")
    assert router.pass_of(40) == 40
    assert_row(pool(), zone=5, entries=40, remaining=60)
    assert "  tcp/5    192.0.2.1 -> 192.0.2.100:9000\n" in h.srcportd("--once")[1]
    nft("delete table ip raw")
    passed = router.pass_of(103)
    assert passed == 100, passed
    rows = sorted((row["zone"], row["remaining"]) for row in report()["pools"])
    assert rows == [(0, 0), (5, 60)], rows


def test_ipv6():
    isolate.want("conntrack")
    router = Router()
    router.ends(SERVER6)
    assert router.pass_of(38, SERVER6) == 38
    assert_row(pool(peer=SERVER6), outside=OUTSIDE6, entries=40, remaining=60, capacity=100)
    assert router.pass_of(65, SERVER6) == 60


def test_as_many_are_lost_as_was_said():
    """Long before the pool is full: clients that keep their ports fill one block of it."""
    isolate.want("conntrack")
    router = Router(20000, 20999)
    for port in [*range(20000, 20700), 20999]:
        router.start(SERVER, port)
    h.wait_for(lambda: pool()["entries"] == 701, 5, "a block")
    router.pass_of(40)
    lost = expected = variance = 0
    for _ in range(8):
        row = pool()
        chance = row["lossPpm"] / 1e6
        assert row["capacity"] == 1000 and 0.1 < chance < 0.3, row
        assert row["remaining"] > 50 and row["severity"] in ("warning", "critical"), row
        lost += 20 - router.pass_of(20)
        expected += 20 * chance
        variance += 20 * chance * (1 - chance)
    assert abs(lost - expected) < 5 * variance ** 0.5, (lost, expected, variance ** 0.5)
    return "%d of 160 lost, %.1f expected" % (lost, expected)


def block_of(router, port_from=20000, count=750):
    """Connections that keep their ports, if the rule lets them."""
    for port in range(port_from, port_from + count):
        router.start(SERVER, port)
    return h.wait_for(lambda: pool()["entries"] == count and pool(), 10, "a block")


def lost_of(router, count):
    return count - router.pass_of(count)


def test_remedy_a_wider_range():
    isolate.want("conntrack")
    router = Router(20000, 20999)
    block_of(router)
    before = lost_of(router, 100)
    row = pool()
    assert before > 0 and row["lossPpm"] > 20000, row
    assert "give the rule a wider range of ports" in row["message"], row
    write_rule('meta l4proto tcp snat to %s:10000-59999' % OUTSIDE)
    assert lost_of(router, 100) == 0
    row = pool()
    assert_row(row, capacity=50000, range={"low": 10000, "high": 59999, "from": "rule"},
               lossPpm=0, severity="normal")
    return "%d of 100 were lost, and then none" % before


def test_remedy_ports_at_random():
    """The same connections, had the rule been like that."""
    isolate.want("conntrack")
    router = Router(20000, 20999)
    block_of(router)
    before = lost_of(router, 100)
    row = pool()
    assert before > 0 and "(--random-fully; it helps as old connections end)" in row["message"], row
    router.reset()
    write_rule('meta l4proto tcp snat to %s:20000-20999 fully-random' % OUTSIDE)
    forget_connections()
    row = block_of(router)
    assert row["lossPpm"] == 0 and row["severity"] == "normal", row
    assert lost_of(router, 100) == 0
    return "%d of 100 were lost, and then none" % before


def test_remedy_more_outside_addresses():
    """A host inside is given one of them for a peer: those that are given another one than before
    are lost no more."""
    isolate.want("conntrack")
    router = Router()
    sources = ["10.7.0.%d" % n for n in range(3, 23)]
    for source in sources:
        router.client.run("ip", "address", "add", source + "/24", "dev", "peer0")
    for number in range(2, 5):
        subprocess.run(["ip", "address", "add", "192.0.2.%d/24" % number, "dev", "outside0"],
                       check=True)
    assert router.pass_of(105) == 100
    row = pool()
    assert_row(row, remaining=0, severity="critical")
    assert "give the rule more outside addresses (a host uses one)" in row["message"], row
    write_rule("meta l4proto tcp snat to 192.0.2.1-192.0.2.4:20000-20099")
    for _ in range(3):
        for source in sources:
            router.start_from(source)

    def others():
        rows = [row for row in report()["pools"] if row["outside"] != OUTSIDE]
        return sum(row["used"] for row in rows)
    passed = h.wait_for(lambda: others() > 15 and others(), 5, "others to pass")
    # Three quarters, give or take four times the deviation of twenty draws.
    assert passed % 3 == 0 and 60 * .36 < passed <= 60, passed
    return "all were lost, and then %d of 60" % (60 - passed)


def test_old_connections_give_way():
    isolate.want("conntrack")
    router = Router()
    router.ends()
    assert router.pass_of(98) == 98
    router.listeners[0].accept(100)
    for connection in router.kept:
        connection.close()
    router.listeners[0].close()

    def all_closed():
        row = pool()
        return row["entries"] == 100 and row["evictable"] in (0, 100) and row
    row = h.wait_for(all_closed, 5, "TIME_WAIT")
    if row["evictable"] == 0:
        version = [int(part) for part in re.findall(r"\d+", os.uname().release)[:2]]
        assert version < [6, 5] and row["remaining"] == 0, row
        return
    assert_row(row, used=0, remaining=100, evictable=100, lossPpm=0, severity="normal")
    with router.server.inside():
        router.listeners[0] = h.Listener(SERVER, PORT)
    # A toss for each of the last 32 looks: with 40 of 100 left, one connection in 4000 is lost.
    assert router.pass_of(60) == 60
    assert_row(pool(), used=60, remaining=40, evictable=40, percent=60)
    passed = router.pass_of(40)
    row = pool()
    # What was lost is sent again, and may be luckier.
    assert 20 <= passed <= 40 and row["remaining"] == row["evictable"] <= 40 - passed, (passed, row)
    assert row["lossPpm"] > 0, row
    return "%d of 100 gave way" % (100 - row["remaining"])


ESTABLISHED = "net.netfilter.nf_conntrack_tcp_timeout_established"


def test_idle_connections_and_their_remedy():
    """Entries keep the time that they were given: here an hour less than what is usual."""
    isolate.want("conntrack")
    router = Router()
    h.sysctl(ESTABLISHED, 432000 - 3600)
    router.ends()
    assert router.pass_of(58) == 58
    h.sysctl(ESTABLISHED, 432000)
    assert_row(pool(), entries=60, idle=60)
    assert ", 60 idle for an hour; range" in h.srcportd("--once")[1]
    assert router.pass_of(40) == 40
    row = pool()
    assert_row(row, entries=100, remaining=0, idle=60, severity="critical")
    assert router.pass_of(5) == 0
    h.close_all(router.kept[-5:])  # else one of them, sent again, gets what will be free
    remedy = "; shorten %s (60 idle for an hour; acts at a connection's next packet; above keep-alive)" % (
        ESTABLISHED)
    assert remedy in row["message"], row
    # As it says: what has a packet behind it goes soon, what has none stays for days.
    h.sysctl(ESTABLISHED, 1)
    router.kept[60].send(b"!")
    row = h.wait_for(lambda: pool()["entries"] == 99 and pool(), 10, "one to go")
    assert_row(row, remaining=1, idle=0)
    h.sysctl(ESTABLISHED, 432000)
    assert router.pass_of(2) == 1


def test_text():
    isolate.want("conntrack")
    router = Router()
    router.ends()
    attach_name("web-1", router.client.pid)
    assert router.pass_of(38) == 38
    out = h.srcportd("--once")[1]
    assert ("NAT POOLS  what each outside address has left toward a peer\n"
            "  tcp      192.0.2.1 -> 192.0.2.100:9000\n"
            "           60 remaining of 100 (40% used), most by 10.7.0.2 in web-1 (40); range 20000-20099, as the rule says; "
            "0.0000% of those that change port are lost\n") in out, out


def test_without_privilege():
    isolate.want("conntrack")
    nat = report(before=NOBODY)
    found = nat["available"], nat["reason"], nat["pools"]
    assert found == (False, "needs CAP_NET_ADMIN", None), nat
    out = h.srcportd("--once", before=NOBODY)[1]
    assert "\nNAT POOLS  not available here: needs CAP_NET_ADMIN\n" in out, out


def test_where_nothing_is_tracked():
    nat = report()
    found = nat["available"], nat["reason"], nat["pools"]
    assert found == (False, "connections are not tracked here", None), nat
    assert "NAT POOLS" not in h.srcportd("--once")[1]


def test_a_recording_replays_the_same():
    isolate.want("conntrack")
    router = Router()
    router.ends()
    assert router.pass_of(58) == 58
    router.start(SERVER, kind=socket.SOCK_DGRAM)
    tape = os.path.join(h.directory(), "nat.rec")
    live = report("--record", tape)
    assert len(live["pools"]) == 2, live
    assert report("--replay", tape) == unnamed(live)
    assert report("--replay", tape, before=UNPRIVILEGED) == live


def test_manual_has_every_member():
    with open(os.path.join(h.ROOT, "src/daemon/srcportd.8")) as file:
        text = file.read().split(".It Cm nat\n", 1)[1].split(".It Cm namespaces", 1)[0]
    words = set(re.findall(r"\w+", text))
    for name in ("available reason pools omitted source protocol outside peer port zone entries used "
                 "remaining evictable capacity percent lossPpm holder holderNamespace holderEntries idle severity cause message range low high from").split():
        assert name in words, name


if __name__ == "__main__":
    isolate.main()
