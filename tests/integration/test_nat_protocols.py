# SPDX-License-Identifier: ISC
"""Pools of address translation beside those of TCP and UDP: associations of SCTP, which are begun by
hand where the kernel has none, and pings, whose identifiers are given out like ports."""
import json
import os
import select
import socket
import struct

import harness as h
import isolate
from router import HEAD, HEAD6, OUTSIDE, OUTSIDE6, PORT, SERVER, SERVER6, Router, nft
from spaces import attach_name
from test_nat_daemon import Told
from traps import CRITICAL, alarms, kind_of, values

SCTP = 132
LOW, HIGH = 100, 149


def pools(protocol):
    status, out, error = h.srcportd("--once", "--format", "json")
    assert (status, error) == (0, ""), (status, error)
    return [row for row in json.loads(out)["nat"]["pools"] if row["protocol"] == protocol]


def pool(protocol):
    found = pools(protocol)
    assert len(found) == 1, found
    return found[0]


def assert_row(row, **expected):
    found = {key: row[key] for key in expected}
    assert found == expected, (found, row)


def crc32c(data):
    """As SCTP wants it: RFC 9260, appendix A."""
    crc = 0xffffffff
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def init(source_port):
    """A packet that asks for an association: INIT, and nothing else."""
    chunk = struct.pack(">BBHIIHHI", 1, 0, 20, 0x01020304, 65536, 1, 1, 0x01020304)
    head = struct.pack(">HHI", source_port, PORT, 0)
    return head + struct.pack("<I", crc32c(head + bytes(4) + chunk)) + chunk


def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return 0xffff - total


def echo(identifier, v4=True):
    """The kernel fills in the checksum of ICMPv6."""
    plain = struct.pack(">BBHHH", 8 if v4 else 128, 0, 0, identifier, 1)
    return plain[:2] + struct.pack(">H", checksum(plain)) + plain[4:] if v4 else plain


def raw(space, family, protocol):
    with space.inside():
        try:
            return socket.socket(family, socket.SOCK_RAW, protocol)
        except OSError as error:
            raise isolate.Skip("no raw socket: %s" % error.strerror) from error


def arrived(receiver, wanted):
    """How many packets that begin so have come; nothing for a while is the end."""
    count = 0
    while select.select([receiver], [], [], 0.4)[0]:
        packet = receiver.recv(2048)
        if receiver.family == socket.AF_INET:
            packet = packet[(packet[0] & 15) * 4:]
        count += wanted(packet)
    return count


class Pinger:
    """Each identifier of the client's is a flow."""

    def __init__(self, router, v4=True):
        family = socket.AF_INET if v4 else socket.AF_INET6
        protocol = socket.IPPROTO_ICMP if v4 else socket.IPPROTO_ICMPV6
        self.v4, self.address = v4, SERVER if v4 else SERVER6
        self.sender = raw(router.client, family, protocol)
        self.receiver = raw(router.server, family, protocol)
        self.next = 40000

    def pass_of(self, count):
        for _ in range(count):
            self.sender.sendto(echo(self.next, self.v4), (self.address, 0))
            self.next += 1
        return arrived(self.receiver, lambda packet: packet[0] == (8 if self.v4 else 128))

    def ends(self, low, high):
        for identifier in low, high:
            self.sender.sendto(echo(identifier, self.v4), (self.address, 0))
        return arrived(self.receiver, lambda packet: packet[0] == (8 if self.v4 else 128))


def assert_pings_pass(pinger, protocol, outside, rule):
    for sysctl in "icmp", "icmpv6":
        h.sysctl("net.netfilter.nf_conntrack_%s_timeout" % sysctl, 300)
    assert pinger.ends(LOW, HIGH) == 2
    assert pinger.pass_of(30) == 30
    row = pool(protocol)
    assert_row(row, outside=outside, peer=pinger.address, port=0, zone=0, entries=32, used=32,
               remaining=18, evictable=0, capacity=50, lossPpm=0, severity="normal", idle=0,
               range={"low": LOW, "high": HIGH, "from": "rule"} if rule else row["range"])
    assert pinger.pass_of(25) == 18
    row = pool(protocol)
    assert_row(row, remaining=0, percent=100, lossPpm=1000000, severity="critical")
    assert row["message"].startswith(
        "50 of 50 outside identifiers in use, 0 left: each new ping is lost without an error"), row
    assert "; give the rule a wider range of identifiers, or " in row["message"], row
    assert pinger.pass_of(3) == 0
    return row


def test_as_many_pings_pass_as_identifiers_remain():
    isolate.want("conntrack")
    router = Router()
    nft(HEAD % ('oifname "outside0" meta l4proto icmp snat to %s:%d-%d' % (OUTSIDE, LOW, HIGH)))
    attach_name("web-1", router.client.pid)
    row = assert_pings_pass(Pinger(router), "icmp", OUTSIDE, True)
    assert ("\n  icmp     192.0.2.1 -> 192.0.2.100  CRITICAL\n"
            "           0 remaining of 50 (100% used), most by 10.7.0.2 in web-1 (50); range 100-149, as the rule "
            "says; 100.0000% of those that change identifier are lost\n") in h.srcportd("--once")[1]
    assert ", or shorten net.netfilter.nf_conntrack_icmp_timeout, or " in row["message"], row


def test_as_many_pings_are_lost_as_was_said():
    """Long before all identifiers are given out, as with ports: those that are kept fill a block."""
    isolate.want("conntrack")
    router = Router()
    h.sysctl("net.netfilter.nf_conntrack_icmp_timeout", 300)
    nft(HEAD % ('oifname "outside0" meta l4proto icmp snat to %s:1000-1999' % OUTSIDE))
    pinger = Pinger(router)
    pinger.next = 1000
    for _ in range(7):
        assert pinger.pass_of(100) == 100
    pinger.next = 40000
    lost = expected = variance = 0
    for _ in range(8):
        row = pool("icmp")
        chance = row["lossPpm"] / 1e6
        assert row["capacity"] == 1000 and row["remaining"] > 100 and 0.1 < chance < 0.3, row
        lost += 20 - pinger.pass_of(20)
        expected += 20 * chance
        variance += 20 * chance * (1 - chance)
    assert abs(lost - expected) < 5 * variance ** 0.5, (lost, expected, variance ** 0.5)
    return "%d of 160 lost, %.1f expected" % (lost, expected)


def test_pings_over_ipv6():
    isolate.want("conntrack")
    router = Router()
    nft(HEAD6 % ('oifname "outside0" meta l4proto ipv6-icmp icmpv6 type echo-request '
                 'snat to [%s]:%d-%d' % (OUTSIDE6, LOW, HIGH)))
    assert_pings_pass(Pinger(router, v4=False), "icmpv6", OUTSIDE6, True)


def test_pings_without_a_range():
    """All 65536 identifiers; a ping of the peer's own holds none of them."""
    isolate.want("conntrack")
    router = Router()
    nft(HEAD % 'oifname "outside0" meta l4proto icmp masquerade')
    pinger = Pinger(router)
    assert pinger.ends(0, 65535) == 2
    assert_row(pool("icmp"), entries=2, remaining=65534, capacity=65536, lossPpm=0)
    back = raw(router.server, socket.AF_INET, socket.IPPROTO_ICMP)
    for identifier in 0, 1, 2:
        back.sendto(echo(identifier), (OUTSIDE, 0))
    assert arrived(back, lambda packet: packet[0] == 0) == 3
    assert_row(pool("icmp"), entries=2, remaining=65534)
    # One host's, of which another has the identifiers already, are given others.
    router.client.run("ip", "address", "add", "10.7.0.3/24", "dev", "peer0")
    with router.client.inside():
        other = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    other.bind(("10.7.0.3", 0))
    for identifier in 0, 65535, 7:
        other.sendto(echo(identifier), (SERVER, 0))
    assert arrived(pinger.receiver, lambda packet: packet[0] == 8) == 3
    assert_row(pool("icmp"), entries=5, used=5, remaining=65531, holder="10.7.0.3", holderEntries=3)


def test_the_manager_is_told_of_pings():
    isolate.want("conntrack")
    router, told = Router(), Told()
    nft(HEAD % ('oifname "outside0" meta l4proto icmp snat to %s:%d-%d' % (OUTSIDE, LOW, HIGH)))
    pinger = Pinger(router)
    h.sysctl("net.netfilter.nf_conntrack_icmp_timeout", 300)
    assert pinger.pass_of(60) == 50
    raised, = told.wait(1)
    key = b"nat icmp 192.0.2.1 -> 192.0.2.100"
    assert kind_of(raised) == CRITICAL and values(raised)["srcPortAlarmKey"] == key, raised
    index = (1,) + h.inet(SERVER) + (0,) + h.inet(OUTSIDE) + (0,)
    row = h.table("srcPortNatPoolTable")[index]
    names = "Name", "Used", "Remaining", "Capacity", "RangeLow", "RangeHigh", "RangeSource"
    assert [row["srcPortNatPool" + name] for name in names] == [
        key[4:], 50, 0, 50, LOW, HIGH, 2], row
    (alarm,) = alarms().values()
    assert (alarm["srcPortAlarmKey"], alarm["srcPortAlarmPeerPort"]) == (key, 0), alarm
    # The alarm is the same after a restart.
    number, = alarms()
    told.daemon.stop()
    told.daemon.start()
    h.wait_for(lambda: list(alarms()) == [number], 15, "the alarm")
    told.daemon.stop()


def test_a_shorter_time_of_pings():
    """As the remedy says: a packet gives its entry the new time."""
    isolate.want("conntrack")
    router = Router()
    nft(HEAD % ('oifname "outside0" meta l4proto icmp snat to %s:%d-%d' % (OUTSIDE, LOW, HIGH)))
    pinger = Pinger(router)
    assert pinger.ends(LOW, HIGH) + pinger.pass_of(48) == 50
    h.sysctl("net.netfilter.nf_conntrack_icmp_timeout", 1)
    assert pinger.ends(LOW, HIGH) == 2
    h.wait_for(lambda: pool("icmp")["remaining"] == 2, 10, "two to go")
    assert pinger.pass_of(5) == 2


def test_as_many_associations_pass_as_ports_remain():
    isolate.want("conntrack")
    router = Router()
    nft(HEAD % ('oifname "outside0" meta l4proto sctp snat to %s:%d-%d' % (OUTSIDE, 20000, 20049)))
    # An association that nobody answers is forgotten after three seconds.
    wait = "net.netfilter.nf_conntrack_sctp_timeout_cookie_wait"
    if not os.path.exists("/proc/sys/" + wait.replace(".", "/")):
        raise isolate.Skip("connections of SCTP are not tracked here")
    h.sysctl(wait, 300)
    sender, receiver = (raw(space, socket.AF_INET, SCTP)
                        for space in (router.client, router.server))

    def pass_of(ports):
        for port in ports:
            sender.sendto(init(port), (SERVER, 0))
        return arrived(receiver, lambda packet: packet[12] == 1)
    assert pass_of([20000, 20049]) == 2
    assert pass_of(range(40000, 40030)) == 30
    assert_row(pool("sctp"), outside=OUTSIDE, peer=SERVER, port=PORT, entries=32, used=32,
               remaining=18, capacity=50, range={"low": 20000, "high": 20049, "from": "rule"})
    assert pass_of(range(41000, 41025)) == 18
    row = pool("sctp")
    assert_row(row, remaining=0, lossPpm=1000000, severity="critical")
    assert row["message"].startswith("50 of 50 outside ports in use, 0 left: each new connection"), row
    # TCP beside it has a pool of its own.
    assert router.pass_of(40) == 40
    assert_row(pool("tcp"), entries=40, remaining=60)
    assert pass_of(range(42000, 42003)) == 0


if __name__ == "__main__":
    isolate.main()
