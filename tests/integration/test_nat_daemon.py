#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Pools of address translation as managers see them: real connections through this namespace, a
router between a client's and a server's, srcportd, snmpd and snmptrapd."""
import json
import socket

import harness as h
import isolate
from router import HIGH, LOW, OUTSIDE, OUTSIDE6, PORT, Router, SERVER, SERVER6
from spaces import attach_name
from test_nat_file import proc_root
from traps import CLEARED, CRITICAL, WARNING, alarms, kind_of, values
from world import UNPRIVILEGED

KEY = b"nat tcp 192.0.2.1 -> 192.0.2.100:9000"
FULL = {"Used": 100, "Remaining": 0, "Evictable": 0, "Capacity": 100, "Percent": 100,
        "Severity": 3, "Cause": 15, "Entries": 100, "LossPpm": 1000000, "RangeLow": LOW,
        "RangeHigh": HIGH, "RangeSource": 2}
# Member of the report and column of the table.
SAME = {"entries": "Entries", "used": "Used", "remaining": "Remaining", "evictable": "Evictable",
        "capacity": "Capacity", "percent": "Percent", "lossPpm": "LossPpm"}


def reported():
    nat = json.loads(h.srcportd("--once", "--format", "json")[1])["nat"]
    return {index_of(row): row for row in nat["pools"]}


def index_of(row):
    protocol = socket.IPPROTO_TCP if row["protocol"] == "tcp" else socket.IPPROTO_UDP
    return ((protocol,) + h.inet(row["peer"]) + (row["port"],) + h.inet(row["outside"])
            + (row["zone"],))


def assert_columns(row, expected):
    found = {name: row["srcPortNatPool" + name] for name in expected}
    assert found == expected, (found, row)


def assert_same(rows, said):
    """What a manager reads is what the report says."""
    assert sorted(rows) == sorted(said), (rows, said)
    for index, row in said.items():
        assert_columns(rows[index], {column: row[member] for member, column in SAME.items()})
        assert_columns(rows[index], {
            "Severity": ["normal", "warning", "critical"].index(row["severity"]) + 1,
            "RangeLow": row["range"]["low"], "RangeHigh": row["range"]["high"],
            "RangeSource": ["", "default", "rule", "flows"].index(row["range"]["from"])})


class Told:
    """srcportd, snmpd and a manager beside the router."""

    def __init__(self, config="clearPolls 1\n"):
        self.manager = h.Snmptrapd()
        self.snmpd = h.Snmpd(extra=h.trap_sinks("v2c"))
        self.daemon = h.Srcportd(self.snmpd, config=config)

    def wait(self, count):
        h.wait_for(lambda: len(self.ours()) >= count, 15, "%d notifications" % count)
        return self.ours()

    def ours(self):
        return [trap for trap in self.manager.traps() if kind_of(trap)]


def test_a_pool_fills_and_empties():
    isolate.want("conntrack")
    router, told = Router(), Told()
    attach_name("web-1", router.client.pid)
    router.ends()
    router.ends(SERVER6)
    assert router.pass_of(38) == router.pass_of(38, SERVER6) == 38
    index = (6,) + h.inet(SERVER) + (PORT,) + h.inet(OUTSIDE) + (0,)
    index6 = (6,) + h.inet(SERVER6) + (PORT,) + h.inet(OUTSIDE6) + (0,)

    def rows(used):
        found = h.table("srcPortNatPoolTable")
        return index in found and found[index]["srcPortNatPoolUsed"] == used and found
    seen = h.wait_for(lambda: rows(40), 10, "40 used")
    assert sorted(seen) == [index, index6], seen
    assert_same(seen, reported())
    assert_columns(seen[index], {"Name": KEY[4:], "Remaining": 60, "MovedPercent": 95,
                                 "Holder": b"10.7.0.2 in web-1: 40 entries",
                                 "Severity": 1, "Cause": 1})
    assert h.value("srcPortNatAvailable.0") == 1 and h.value("srcPortNatReason.0") == b""
    found = {name: h.value("srcPortNat%s.0" % name)
             for name in ("Entries", "Pools", "OmittedPools", "Drops", "Severity")}
    assert found == {"Entries": 80, "Pools": 2, "OmittedPools": 0, "Drops": 0, "Severity": 1}, found
    message = h.value("srcPortNatMessage.0")
    assert message.endswith(b":9000: 40 of 100 outside ports in use, 60 left"), message
    assert h.value("srcPortNatAge.0") <= 10
    assert told.ours() == [] and alarms() == {}

    assert router.pass_of(63) == 60
    raised, = told.wait(1)
    assert kind_of(raised) == CRITICAL
    seen = h.wait_for(lambda: rows(100), 10, "100 used")
    assert_columns(seen[index], FULL)
    assert_same(seen, reported())
    assert h.value("srcPortNatSeverity.0") == h.value("srcPortSystemSeverity.0") == 3
    message = (b"100 of 100 outside ports in use, 0 left: each new connection is lost without an "
               b"error")
    assert h.value("srcPortNatMessage.0").startswith(KEY[4:] + b": " + message)
    assert h.value("srcPortNatDrops.0") >= 3
    (alarm,) = alarms().values()
    expected = {"Key": KEY, "Kind": 8, "Severity": 3, "LocalAddr": socket.inet_aton(OUTSIDE),
                "PeerAddr": socket.inet_aton(SERVER), "PeerPort": PORT, "Used": 100,
                "Capacity": 100, "Remaining": 0, "Percent": 100, "Cause": 15}
    found = {name: alarm["srcPortAlarm" + name] for name in expected}
    assert found == expected, alarm
    carried = values(raised)
    assert carried["srcPortAlarmKey"] == KEY and carried["srcPortAlarmCause"] == 15, carried
    assert carried["srcPortAlarmMessage"].startswith(message), carried
    plugin = h.srcportd("--once", "--format", "nagios")
    assert plugin[0] == 2 and "CRITICAL" in plugin[1] and KEY.decode() in plugin[1], plugin

    # A reset is passed on: the entry is in CLOSE, and goes after ten seconds.
    h.sysctl("net.netfilter.nf_conntrack_tcp_timeout_close", 1)
    h.reset_all(router.kept)
    cleared = told.wait(2)[1]
    assert kind_of(cleared) == CLEARED and values(cleared)["srcPortAlarmKey"] == KEY
    h.wait_for(lambda: h.value("srcPortNatSeverity.0") == 1, 10, "normal")
    assert alarms() == {}
    told.daemon.stop()


def test_without_privilege_it_says_what_is_missing():
    isolate.want("conntrack")
    router = Router()
    router.ends()
    root = proc_root(nf_conntrack=None)
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, "--proc-root", root, before=UNPRIVILEGED) as daemon:
        daemon.wait_polls()
        assert h.value("srcPortNatAvailable.0") == 2
        assert h.value("srcPortNatReason.0") == (
            b"needs CAP_NET_ADMIN: the drop-in probe.conf gives it to the service")
        assert h.table("srcPortNatPoolTable") == {}
        assert h.get("srcPortNatPools.0")[0].type == "noSuchInstance"
        assert "not counted: needs CAP_NET_ADMIN" in daemon.log()


def test_who_is_behind_it_is_told_as_owners_are():
    isolate.want("conntrack")
    router = Router()
    attach_name("web-1", router.client.pid)
    router.ends()
    assert router.pass_of(98) == 98
    row, = reported().values()
    assert (row["holder"], row["holderNamespace"]) == ("10.7.0.2", "web-1"), row
    assert "most by 10.7.0.2 in web-1 (100)" in h.srcportd("--once")[1]
    with h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
        alarm, = h.wait_for(lambda: [str(alarm) for alarm in alarms().values()], 15, "an alarm")
        assert "let 10.7.0.2 in web-1 keep fewer connections (100)" in alarm, alarm
        daemon.configure("owners no\n")
        daemon.reload()
        h.wait_for(lambda: "web-1" not in str(alarms()), 10, "no name")
        assert "let 10.7.0.2 keep fewer connections (100)" in str(alarms()), alarms()
    # Another namespace with the same address: it may be either.
    other = h.Namespace(["10.9.0.1/24"], ["10.7.0.2/24"], "other0")
    row, = reported().values()
    assert (row["holder"], row["holderNamespace"]) == ("10.7.0.2", None), row
    other.close()


def test_the_tightest_have_a_row():
    isolate.want("conntrack")
    router = Router()
    router.ends()
    assert router.pass_of(10) == 10
    router.ends(SERVER6)
    router.ends(kind=socket.SOCK_DGRAM)
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, config="maxNatPools 1\n") as daemon:
        daemon.wait_polls()
        (index,) = h.table("srcPortNatPoolTable")
        assert index == (6,) + h.inet(SERVER) + (PORT,) + h.inet(OUTSIDE) + (0,)
        assert h.value("srcPortNatPools.0") == 3 and h.value("srcPortNatOmittedPools.0") == 2


def test_half_full_as_with_docker_is_normal():
    """Hosts inside that choose among the same ports as the rule has, as those of Docker do: some
    have to change port, and those find one."""
    isolate.want("conntrack")
    router = Router(20000, 20999)
    router.ends_at(20000, 20999)
    sources = ["10.7.0.%d" % n for n in range(2, 6)]
    for source in sources[1:]:
        router.client.run("ip", "address", "add", source + "/24", "dev", "peer0")
    router.client.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=20000 20999")
    for _ in range(125):
        for source in sources:
            router.start_from(source)
    (row,) = h.wait_for(lambda: [row for row in reported().values() if row["entries"] == 502], 10,
                        "half of it")
    found = {name: row[name] for name in ("capacity", "percent", "lossPpm", "severity", "cause")}
    assert found == {"capacity": 1000, "percent": 50, "lossPpm": 0, "severity": "normal",
                     "cause": "none"}, row


def test_half_full_in_one_block_is_a_warning():
    """One host inside that keeps its ports: the few others that have to change theirs are lost now
    and then."""
    isolate.want("conntrack")
    router = Router(20000, 20999)
    for port in [*range(20000, 20499), 20999]:
        router.start(SERVER, port)
    (row,) = h.wait_for(lambda: [row for row in reported().values() if row["entries"] == 500], 10,
                        "half of it")
    # Nobody had to change a port: none is lost.
    assert row["severity"] == "normal" and row["cause"] == "none", row
    router.pass_of(40)
    (row,) = reported().values()
    assert row["capacity"] == 1000 and row["percent"] in range(52, 55), row
    assert 14000 < row["lossPpm"] < 30000, row
    assert row["severity"] == "warning" and row["cause"] == "natLoss", row
    assert row["message"].endswith(
        "% must); let the rule choose ports at random (--random-fully; it helps as old connections "
        "end), or give the rule a wider range of ports"), row
    return row["message"]


if __name__ == "__main__":
    isolate.main()
