#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""UDP pools as managers see them: what SNMP says is what --once says and what sockets then get; and
the alarms of both pools of sockets without an address."""
import errno
import json
import socket

import harness as h

LOW, HIGH = 40000, 40299
A, B = "127.0.0.1", "127.0.0.2"


def udp(address, family=socket.AF_INET, connect=False):
    one = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if connect:
            one.connect((address, 9))
        else:
            one.bind((address, 0))
    except OSError:
        one.close()
        raise
    return one


def until_full(*arguments, **options):
    """How many sockets more there are to be had, while there is a port for them."""
    got = []
    try:
        while len(got) <= HIGH:
            got.append(udp(*arguments, **options))
    except OSError as error:
        assert error.errno in (errno.EAGAIN, errno.EADDRINUSE), error
    finally:
        h.close_all(got)
    return len(got)


def once(*arguments):
    return json.loads(h.srcportd("--once", "--format", "json", *arguments)[1])


def row_of(pools, address):
    row, = [row for row in pools if row["address"] == address]
    return row


MEMBERS = ("Used", "Remaining", "Uncertain", "Capacity", "Percent")
SEVERITY = {"normal": 1, "warning": 2, "critical": 3}
CAUSE = {"none": 1, "smallRange": 6, "blocked": 7, "inDoubt": 12}


def same(name, row):
    """A wildcard pool over SNMP is that of --once."""
    for member in MEMBERS:
        assert h.value("srcPortUdp%s%s.0" % (name, member)) == row[member.lower()], (member, row)
    assert h.value("srcPortUdp%sSeverity.0" % name) == SEVERITY[row["severity"]], row
    assert h.value("srcPortUdp%sCause.0" % name) == CAUSE[row["cause"]], row
    assert h.value("srcPortUdp%sMessage.0" % name).decode() == row["message"], row


def test_numbers_over_snmp_are_those_that_sockets_get():
    h.port_range(LOW, HIGH)
    snmpd = h.Snmpd()
    daemon = h.Srcportd(snmpd)
    # Who is bound to no address takes a port that nobody has: no two of these have one in common.
    held = [udp(B) for _ in range(20)] + [udp(A, connect=True) for _ in range(30)]
    held += [udp("::1", socket.AF_INET6, connect=True) for _ in range(10)]
    held += [udp("0.0.0.0") for _ in range(5)]
    daemon.wait_polls(2)
    pools = once()["udp"]["pools"]
    v4, v6 = row_of(pools, "0.0.0.0"), row_of(pools, "::")
    same("Ipv4", v4)
    same("Ipv6", v6)
    assert (v4["remaining"], v4["uncertain"], v6["remaining"], v6["uncertain"]) == (245, 10, 235, 0)
    assert until_full(A, connect=True) == 235  # the ten are not IPv6 only
    assert until_full("::1", socket.AF_INET6, connect=True) == v6["remaining"]
    assert h.value("srcPortUdpAvailable.0") == 1 and h.value("srcPortUdpReason.0") == b""
    assert h.value("srcPortUdpSockets.0") >= len(held)
    rows = h.table("srcPortUdpLocalTable")
    for address, remaining in ((A, 265), (B, 275)):
        told = rows[(1, 4) + tuple(socket.inet_aton(address))]
        row = row_of(pools, address)
        for member in MEMBERS + ("Sockets",):
            assert told["srcPortUdpLocal" + member] == row[member.lower()], (member, row)
        assert told["srcPortUdpLocalName"] == address.encode()
        assert until_full(address) == remaining == row["remaining"], row
    assert rows[(2, 16) + (0,) * 15 + (1,)]["srcPortUdpLocalUsed"] == 10
    assert h.value("srcPortUdpOmittedLocals.0") == 0
    assert h.value("srcPortPollFeatures.0")[1] & 0x80, "udp(8)"
    h.close_all(held)
    daemon.stop()
    snmpd.stop()


def test_a_full_table_has_the_tightest():
    h.port_range(LOW, HIGH)
    snmpd = h.Snmpd()
    daemon = h.Srcportd(snmpd, config="maxLocals 2\n")
    held = [udp("127.0.1.%d" % i) for i in range(1, 6) for _ in range(i)]
    daemon.wait_polls(2)
    rows = h.table("srcPortUdpLocalTable")
    assert sorted(row["srcPortUdpLocalName"] for row in rows.values()) == [b"127.0.1.4",
                                                                           b"127.0.1.5"], rows
    assert h.value("srcPortUdpOmittedLocals.0") == 3
    h.close_all(held)
    daemon.stop()
    snmpd.stop()


if __name__ == "__main__":
    h.main()
