# SPDX-License-Identifier: ISC
"""Pools of address translation in zones of connection tracking, and of IPv6: `remaining` is how many
flows then pass."""
import json
import socket

import harness as h
import isolate
from router import HEAD6, OUTSIDE, OUTSIDE6, PORT, SERVER, SERVER6, Router, nft

VIRTUAL6 = "2001:db8::200"
DATAGRAM = socket.SOCK_DGRAM
RAW = "table %s raw { chain pre { type filter hook prerouting priority -300; iifname \"%s\" %s; }; }"


def pools():
    status, out, error = h.srcportd("--once", "--format", "json")
    assert (status, error) == (0, ""), (status, error)
    return json.loads(out)["nat"]["pools"]


def pool(protocol, zone=0):
    found = [row for row in pools() if (row["protocol"], row["zone"]) == (protocol, zone)]
    assert len(found) == 1, found
    return found[0]


def assert_row(row, **expected):
    found = {key: row[key] for key in expected}
    assert found == expected, (found, row)


def receiver6(router):
    with router.server.inside():
        made = socket.socket(socket.AF_INET6, DATAGRAM)
    made.bind((SERVER6, PORT))
    return made


def datagrams(router, count, address=SERVER):
    """How many of that many flows of UDP pass."""
    for _ in range(count):
        router.start(address, kind=DATAGRAM)
    return router.received()


def test_a_zone_of_the_first_direction_only():
    """Such flows share the ports of those of no zone: it is the way back that must be unique."""
    isolate.want("conntrack")
    router = Router()
    nft(RAW % ("ip", "inside0", "ct original zone set 7"))
    assert datagrams(router, 40) == 40
    assert_row(pool("udp"), entries=40, remaining=60)
    nft("delete table ip raw")
    assert datagrams(router, 65) == 60
    assert len(pools()) == 1
    assert_row(pool("udp"), remaining=0, severity="critical")


def test_a_zone_of_both_directions():
    isolate.want("conntrack")
    router = Router()
    for zone, count, passed, used in (1, 40, 40, 40), (2, 105, 100, 100), (1, 65, 60, 100):
        nft("table ip raw { }; delete table ip raw")
        nft("table ip raw { chain pre { type filter hook prerouting priority -300; ct zone set %d; };"
            " }" % zone)
        assert datagrams(router, count) == passed, zone
        assert_row(pool("udp", zone), outside=OUTSIDE, used=used)
    assert sorted(row["zone"] for row in pools()) == [1, 2]
    assert "  udp/2    192.0.2.1 -> 192.0.2.100:9000  CRITICAL\n" in h.srcportd("--once")[1]


def test_a_zone_of_ipv6():
    isolate.want("conntrack")
    router = Router()
    router.datagrams = receiver6(router)
    nft(RAW % ("ip6", "inside0", "meta l4proto udp ct zone set 9"))
    nft(RAW % ("ip6", "outside0", "meta l4proto udp ct zone set 9"))
    assert datagrams(router, 40, SERVER6) == 40
    assert_row(pool("udp", 9), outside=OUTSIDE6, peer=SERVER6, entries=40, remaining=60)
    nft("delete table ip6 raw")
    assert datagrams(router, 105, SERVER6) == 100
    assert_row(pool("udp"), remaining=0)
    assert_row(pool("udp", 9), remaining=60)


def test_ipv6_behind_a_virtual_address_and_beside_own_connections():
    isolate.want("conntrack")
    router = Router()
    nft("table ip6 nat { chain pre { type nat hook prerouting priority -100; "
        "ip6 daddr %s dnat to %s; }; }" % (VIRTUAL6, SERVER6))
    router.ends(SERVER6)
    assert router.pass_of(28, SERVER6) + router.pass_of(30, VIRTUAL6) == 58
    assert_row(pool("tcp"), outside=OUTSIDE6, peer=SERVER6, entries=60, remaining=40,
               holder="fd00:7::2", holderEntries=60)
    for own in range(21000, 21010):
        made = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        made.settimeout(5)
        made.bind((OUTSIDE6, own))
        made.connect((SERVER6, PORT))
        router.kept.append(made)
    # Ports beyond the rule's range take none of it.
    assert_row(pool("tcp"), entries=70, used=60, remaining=40)
    assert router.pass_of(45, VIRTUAL6) == 40
    assert_row(pool("tcp"), remaining=0, lossPpm=1000000, severity="critical")


def test_ipv6_without_a_range():
    isolate.want("conntrack")
    router = Router()
    nft("delete table ip6 nat")
    nft(HEAD6 % 'oifname "outside0" masquerade fully-random')
    assert router.pass_of(50, SERVER6) == 50
    row = pool("tcp")
    assert_row(row, entries=50, capacity=64512, remaining=64462, lossPpm=0, severity="normal",
               range={"low": 1024, "high": 65535, "from": "rule"})


def test_ipv6_gives_old_connections_up():
    isolate.want("conntrack")
    router = Router()
    router.ends(SERVER6)
    assert router.pass_of(98, SERVER6) == 98
    assert_row(pool("tcp"), remaining=0)
    router.reset()
    # Reset connections are CLOSE for ten seconds.
    row = h.wait_for(lambda: (lambda r: r if r["evictable"] in (0, 100) and r["entries"] == 100
                              else None)(pool("tcp")), 5, "CLOSE")
    if row["evictable"] == 0:
        raise isolate.Skip("the kernel gives none up")
    assert_row(row, used=0, remaining=100, evictable=100)
    assert router.pass_of(60, SERVER6) >= 57


if __name__ == "__main__":
    isolate.main()
