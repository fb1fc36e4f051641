#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""UDP pools as managers see them: what SNMP says is what --once says and what sockets then get; and
the alarms of both pools of sockets without an address."""
import errno
import json
import os
import socket
import subprocess
import sys

import harness as h
import traps

LOW, HIGH = 40000, 40299
A, B = "127.0.0.1", "127.0.0.2"
# A manager on this host needs a port itself: where there is none without an address, one at another.
AWAY = {"options": ("--clientaddr=127.0.0.9",)}


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
    wanted = {member: row[member.lower()] for member in MEMBERS}
    wanted.update(Severity=SEVERITY[row["severity"]], Cause=CAUSE[row["cause"]],
                  Message=row["message"].encode())

    def told():
        binds = h.get(*("srcPortUdp%s%s.0" % (name, member) for member in wanted))
        return {member: bind.value for member, bind in zip(wanted, binds)}

    # Who asks has a socket too, which a poll may see.
    try:
        h.wait_for(lambda: told() == wanted, 30, "the same")
    except AssertionError:
        raise AssertionError((told(), wanted)) from None


def same_locals(pools):
    """The rows of A, B and ::1 are those of --once, once no poll has seen sockets that came since."""
    rows = h.table("srcPortUdpLocalTable")
    for address in (A, B):
        told, row = rows[(1, 4) + tuple(socket.inet_aton(address))], row_of(pools, address)
        for member in MEMBERS + ("Sockets",):
            assert told["srcPortUdpLocal" + member] == row[member.lower()], (member, row, told)
        assert told["srcPortUdpLocalName"] == address.encode()
    used = rows[(2, 16) + (0,) * 15 + (1,)]["srcPortUdpLocalUsed"]
    assert used == 10, used
    return True


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
    for address, remaining in ((A, 265), (B, 275)):
        assert until_full(address) == remaining == row_of(pools, address)["remaining"], pools
    h.wait_for(lambda: same_locals(pools), 30, "the rows of --once")
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


def notifications(world, address):
    """Ours about that pool."""
    key = b"udp " + address
    return [trap for trap in world.ours() if traps.values(trap)["srcPortAlarmKey"] == key]


def test_a_trap_when_the_pool_is_full_and_when_it_is_over():
    world = traps.World("v2c", config=traps.QUICK + "udpWarningRemaining 20 clear 30\n"
                                                    "udpWarningPercent off\nudpCriticalPercent off\n")
    world.daemon.wait_polls(2)
    assert world.ours() == []
    held = []
    try:
        while True:
            held.append(udp(A, connect=True))
    except OSError as error:
        assert error.errno == errno.EAGAIN, error
    world.wait(2, traps.CRITICAL)
    report = once()["udp"]["pools"]
    for address in (b"0.0.0.0", b"::"):
        seen = traps.values(notifications(world, address)[-1])
        row = {"Severity": 3, "Cause": 7, "Used": 100, "Capacity": 100, "Remaining": 0,
               "Percent": 100}
        assert {name: seen["srcPortAlarm" + name] for name in row} == row, seen
        message = seen["srcPortAlarmMessage"]
        assert b"connect() and sendto() fail with EAGAIN, most are held by " in message, message
        assert b"pid %d" % os.getpid() in message, message
        assert row_of(report, address.decode())["message"].startswith(message.decode())
        told, = [one for one in h.table("srcPortAlarmTable", **AWAY).values()
                 if one["srcPortAlarmKey"] == b"udp " + address]
        assert (told["srcPortAlarmKind"], told["srcPortAlarmLocalAddrType"]) == (7, 0), told
    assert h.value("srcPortSystemSeverity.0", **AWAY) == 3
    message = h.value("srcPortSystemMessage.0", **AWAY)
    assert message.startswith(b"udp 0.0.0.0: no port is left"), message
    status, line, _ = h.srcportd("--once", "--format", "nagios")
    assert status == 2 and line.startswith("SRCPORT CRITICAL - udp 0.0.0.0: no port is left"), line
    assert " udp_ipv4=0;100:;6:;0;100 udp_ipv6=0;100:;6:;0;100" in line, line
    h.close_all(held)
    world.wait(2, traps.CLEARED)
    world.daemon.wait_polls(2)
    assert traps.alarms() == {}
    assert h.value("srcPortSystemSeverity.0") == 1
    for address in (b"0.0.0.0", b"::"):
        told = [traps.kind_of(trap) for trap in notifications(world, address)]
        assert told[-1] == traps.CLEARED and told.count(traps.CLEARED) == 1, told
    assert until_full(A, connect=True) == 99  # snmpd has one, to tell of it
    world.daemon.stop()


def test_few_questions_settle_all_ports_in_doubt():
    """By turns, and what was answered is kept."""
    h.port_range(LOW, HIGH)
    alone = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(40)]
    for one in alone:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.connect(("::1", 9))
    both = [udp("::1", socket.AF_INET6, connect=True) for _ in range(20)]
    row = once()["udp"]["pools"][0]
    assert (row["remaining"], row["uncertain"], row["sockets"]) == (300, 60, 60), row
    row = once("--probe")["udp"]["pools"][0]
    assert (row["remaining"], row["uncertain"], row["sockets"]) == (280, 0, 20), row
    snmpd = h.Snmpd()
    daemon = h.Srcportd(snmpd, config="probe yes\nprobeMax 11\n")
    h.wait_for(lambda: h.value("srcPortUdpIpv4Uncertain.0") == 0, 15, "nothing is in doubt")
    assert h.value("srcPortUdpIpv4Remaining.0") in (279, 280)  # who asks may have one
    h.close_all(alone + both)
    daemon.stop()
    snmpd.stop()


HOLDER = """
import socket, sys
held = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(110)]
for one in held:
    one.bind(("::1", 0))
print("ready", flush=True)
sys.stdin.read()
"""


def test_who_has_the_most_is_named_while_it_is_in_warning():
    """Of each pool: sockets of IPv6 alone are in nobody's way who is of IPv4."""
    h.port_range(LOW, HIGH)
    config = os.path.join(h.directory(), "udp.conf")
    with open(config, "w") as file:
        file.write("udpWarningPercent 45\n")
    held = [udp(A, connect=True) for _ in range(100)]
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"ready\n"
        four, six = once("--config", config)["udp"]["pools"][:2]
        assert (four["severity"], six["severity"]) == ("normal", "warning"), (four, six)
        assert "most are held by" not in four["message"], four
        assert ", most are held by " in six["message"] and "pid %d" % other.pid in six["message"], six
        held += [udp(A) for _ in range(85)]
        four, six = once("--config", config)["udp"]["pools"][:2]
        assert (four["severity"], six["severity"]) == ("warning", "warning"), (four, six)
        for row in (four, six):
            assert "pid %d" % os.getpid() in row["message"], row
        text = h.srcportd("--once", "--config", config)[1]
        assert "  WARNING      " + four["message"] in text, text
        with open(config, "a") as file:
            file.write("owners no\n")
        assert "most are held by" not in once("--config", config)["udp"]["pools"][0]["message"]
        other.stdin.close()
    h.close_all(held)
    return four["message"]


def test_levels_decide_everywhere():
    """The same levels in text, JSON and the plugin; off is off."""
    h.port_range(LOW, HIGH)
    held = [udp(A, connect=True) for _ in range(150)]
    for config, severity in (("", "normal"), ("udpWarningPercent 50\n", "warning"),
                             ("udpCriticalRemaining 151\nudpWarningRemaining 151\n", "critical"),
                             ("udpWarningPercent 51\n", "normal")):
        path = os.path.join(h.directory(), "udp.conf")
        with open(path, "w") as file:
            file.write(config)
        arguments = ("--config", path)
        said = once(*arguments)
        for row in said["udp"]["pools"][:2]:
            assert (row["remaining"], row["severity"]) == (150, severity), (config, row)
        assert said["message"].startswith("udp 0.0.0.0: ") == (severity != "normal"), said["message"]
        status, line, _ = h.srcportd("--once", "--format", "nagios", *arguments)
        assert status == ["normal", "warning", "critical"].index(severity), line
        status, line, _ = h.srcportd("--once", "--format", "nagios", "127.0.0.9", *arguments)
        assert status == ["normal", "warning", "critical"].index(severity), line
        word = "SAFE" if severity == "normal" else severity.upper()
        text = h.srcportd("--once", A, *arguments)[1]
        assert "\n  UDP          %s: 150 of 300 ports are left" % word in text, text
    h.close_all(held)


def test_a_target_says_tcp_and_what_udp_has():
    h.port_range(LOW, HIGH)
    held = [udp("::1", socket.AF_INET6, connect=True) for _ in range(250)]
    text = h.srcportd("--once", "192.0.2.53:53")[1]
    assert "TARGET 192.0.2.53:53  SAFE (TCP)\n" in text, text
    assert "\n  UDP          WARNING: 300 of 300 ports are left for UDP sockets of IPv4" in text, text
    said = once("192.0.2.53:53", "[2001:db8::53]:53")
    four, six = said["targets"]
    assert four["protocol"] == six["protocol"] == "tcp"
    assert four["udp"] == row_of(said["udp"]["pools"], "0.0.0.0"), four
    assert six["udp"] == row_of(said["udp"]["pools"], "::") and six["udp"]["remaining"] == 50, six
    line = h.srcportd("--once", "--format", "nagios", "192.0.2.53:53")[1]
    assert line.startswith("SRCPORT WARNING - udp 0.0.0.0: 300 of 300"), line
    h.close_all(held)
    line = h.srcportd("--once", "--format", "nagios", "192.0.2.53:53")[1]
    assert line.startswith("SRCPORT OK - 192.0.2.53:53 (TCP): 0 of 300 ports"), line


if __name__ == "__main__":
    h.main()
