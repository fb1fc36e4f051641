#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""SRCPORT-MIB as managers read it: every object, every version of SNMP, every kind of question."""
import json
import os
import re
import socket

import harness as h

LOW, HIGH = 40000, 40099
VALUES = ("connections", "used", "remaining", "uncertain", "capacity", "percent")
STATES = ("Established", "SynSent", "SynRecv", "FinWait1", "FinWait2", "TimeWait", "CloseWait",
          "LastAck", "Closing")


class Host:
    """A range of a hundred ports; 12 connections to two ports of one peer, 3 over IPv6, a leak."""

    def __enter__(self):
        h.port_range(LOW, HIGH)
        self.open = [h.Listener("127.0.0.1", port) for port in (9000, 9001)]
        self.open += [h.Listener("::1", 9000), h.Listener("127.0.0.1", 40050)]
        self.open += h.connect_many(8, "127.0.0.1", 9000) + h.connect_many(2, "127.0.0.1", 9001)
        self.open += h.connect_many(3, "::1", 9000)
        self.open += h.close_wait(2, self.open[1])
        return self

    def __exit__(self, *_):
        h.close_all(self.open)


def objects():
    """{name: access} of every object in the MIB that is not a table or an entry."""
    with open(h.MIB_FILE) as file:
        found = re.findall(r"^(srcPort\w+) OBJECT-TYPE\s+SYNTAX\s+(.*?)\s+(?:UNITS\s+\S+\s+)?"
                           r"MAX-ACCESS\s+(\S+)", file.read(), re.M | re.S)
    return {name: access for name, syntax, access in found
            if "SEQUENCE" not in syntax and not syntax.endswith("Entry")}


def column_of(oid):
    """The object that an instance belongs to."""
    by_oid = {sub: name for name, sub in h.names().items()}
    return next(by_oid[oid[:n]] for n in range(len(oid), 0, -1)
                if oid[:n] in by_oid and by_oid[oid[:n]] in objects())



def optional():
    """{prefix of names: whether the group is there} of the groups that may not be."""
    found = [name[:-len("Available")] for name in objects() if name.endswith("Available")]
    assert len(found) >= 7, found
    return {prefix: h.value(prefix + "Available.0") == 1 for prefix in found}


def of_absent_group(name, groups):
    """True for what has no instance while its group is not there."""
    prefix = next((one for one in groups if name.startswith(one)), None)
    if re.fullmatch(r"srcPort(Pool|Peer|Target)Failures", name):
        prefix = "srcPortFailures"
    return prefix is not None and not groups[prefix] and name not in (
        prefix + "Available", prefix + "Reason")


def test_every_object_of_the_mib_and_no_other():
    """Numbers in the program and numbers in the MIB: each readable object has an instance, but for
    those of groups that say that they are not there, and what nobody knows."""
    with Host(), h.Snmpd() as snmpd, h.Srcportd(snmpd, config="target a 127.0.0.1\n") as daemon, \
         socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, h.Listener("127.0.0.1", 993):
        udp.bind(("127.0.0.1", 0))
        daemon.wait_polls()
        seen = {column_of(bind.oid) for bind in h.walk(h.root())}
        readable = {name for name, access in objects().items() if access == "read-only"}
        assert len(readable) > 250
        groups = optional()
        assert {group for group, here in groups.items() if not here} >= {
            "srcPortNat", "srcPortNetns"}
        for group, here in groups.items():
            assert here or h.value(group + "Reason.0"), group
        unknown = {name for name in readable if re.match("srcPort(Limits|FailuresLast|InboundWorst)", name)
                   and h.get(name + ".0")[0].type == "noSuchInstance"}
        there = {name for name in readable if not of_absent_group(name, groups)} - unknown
        assert seen == there, seen ^ there


def test_types_and_enumerations_are_the_mibs():
    """Net-SNMP says "Wrong Type" where a value does not fit its SYNTAX."""
    with Host(), h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
        daemon.wait_polls()
        text = h.named("snmpwalk", "srcPortMIB")
        assert "Wrong" not in text, text
        assert "srcPortSystemSeverity.0 = INTEGER: warning(2)" in text, text
        assert 'srcPortPoolSeverity.ipv4."127.0.0.1".9000.ipv4."127.0.0.1" = INTEGER: ' in text
        for line in re.findall(r"^.*(?:Severity|Cause)\..*$", text, re.M):
            assert re.search(r"INTEGER: [a-zA-Z]+\(\d\)$", line), line
        features = re.search(r"srcPortPollFeatures.0 = BITS: (.*)", text).group(1)
        assert re.fullmatch(r"([0-9A-F]{2} )+([a-zA-Z]+\(\d+\) )*", features), features


def test_rows_are_what_the_report_says():
    """The same host through --once and through SNMP."""
    with Host(), h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
        report = json.loads(h.srcportd("--once", "--format", "json")[1])
        daemon.wait_polls()  # of its own: --once binds a port for a moment
        pools = {h.inet(p["peer"]) + (p["port"],) + h.inet(p["local"]): p for p in report["pools"]}
        rows = h.table("srcPortPoolTable")
        assert set(rows) == set(pools) and len(rows) == 3, (rows, pools)
        for index, row in rows.items():
            for name in VALUES:
                if name in pools[index]:
                    assert row["srcPortPool" + name.title()] == pools[index][name], (name, row)
        row = rows[h.inet("127.0.0.1") + (9001,) + h.inet("127.0.0.1")]
        assert [row["srcPortPool" + name] for name in STATES] == [2, 0, 0, 0, 0, 0, 2, 0, 0], row
        assert (row["srcPortPoolUsed"], row["srcPortPoolRemaining"]) == (4, 95), row
        assert row["srcPortPoolCapacity"] == HIGH - LOW, "40050 listens"

        peers = h.table("srcPortPeerTable")
        assert list(peers) == [h.inet("127.0.0.1"), h.inet("::1")], peers
        peer = peers[h.inet("127.0.0.1")]
        assert peer["srcPortPeerPools"] == 2 and peer["srcPortPeerConnections"] == 12, peer
        assert peer["srcPortPeerTightest"] == 91, peer
        locals_ = h.table("srcPortLocalTable")
        for entry in report["locals"]:
            row = locals_[h.inet(entry["address"])]
            assert row["srcPortLocalRemaining"] == entry["remaining"], (row, entry)
        assert len(locals_) == len(report["locals"])


def test_scalars():
    with Host(), h.Snmpd() as snmpd, h.Srcportd(snmpd, interval=2) as daemon:
        daemon.wait_polls()
        for name, expected in (("RangeLow", LOW), ("RangeHigh", HIGH), ("RangeSize", 100),
                               ("RangeReserved", 0), ("RangeListening", 1), ("RangeCapacity", 99),
                               ("TotalsListen", h.count_state("LISTEN")), ("TotalsCloseWait", 2), ("TotalsSynSent", 0),
                               ("SystemLeastRemaining", 91), ("SystemHighestPercent", 8),
                               ("PollInterval", 2), ("PollErrors", 0), ("PollOmittedPools", 0),
                               ("PollLastError", b"")):
            assert h.value("srcPort%s.0" % name) == expected, (name, h.value("srcPort%s.0" % name))
        worst = h.value("srcPortSystemWorstPool.0").decode()
        assert worst == "127.0.0.1 -> 127.0.0.1:9000: 91 of 99 ports remain", worst
        assert h.value("srcPortPollAge.0") < 3 * 2000
        up = h.value((1, 3, 6, 1, 2, 1, 1, 3, 0))
        starts = {h.value("srcPortPollDiscontinuityTime.0") for _ in range(100)}
        assert len(starts) == 1 and 0 < starts.pop() <= up, starts


def test_every_version_walks_the_same_rows():
    with Host(), h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
        daemon.wait_polls()
        expected = [bind.oid for bind in h.walk(h.root())]
        assert len(expected) > 120
        for version in ("1", "2c", "3"):
            assert [b.oid for b in h.walk(h.root(), version=version)] == expected, version
            if version != "1":
                for repetitions in (1, 10, 100):
                    binds = h.bulk_walk(h.root(), repetitions, version=version)
                    assert [b.oid for b in binds] == expected, (version, repetitions)


def test_many_columns_in_one_request():
    """A GETBULK over columns gives whole rows, all of one moment."""
    columns = ["srcPortPool" + name for name in ("Connections", "Used", "Remaining", "Capacity")]
    with Host(), h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
        daemon.wait_polls()
        binds = h.get_bulk("srcPortPollPolls", *columns, non_repeaters=1, repetitions=3)
        assert len(binds) == 1 + 4 * 3, binds
        for i in range(1, 13, 4):
            _, used, remaining, capacity = [bind.value for bind in binds[i:i + 4]]
            assert used + remaining == capacity == 99, binds
            assert len({bind.oid[len(h.oid(columns[0])):] for bind in binds[i:i + 4]}) == 1


def test_get_what_is_not_there():
    index = ".".join(str(n) for n in h.inet("127.0.0.1") + (9000,) + h.inet("127.0.0.1"))
    objects_ = ("srcPortMIB", "srcPortObjects", "srcPortSystem", "srcPortObjects.4294967294.1",
                "srcPortPoolTable", "srcPortPoolEntry", "srcPortPoolTable.2.6." + index,
                "srcPortPoolPeerPort." + index, "srcPortPoolEntry.4294967295." + index,
                "srcPortObjects.4294967295", "srcPortConformance.1.1.0", "srcPortNotifications")
    instances = ("srcPortSystemSeverity", "srcPortSystemSeverity.1", "srcPortSystemSeverity.0.0",
                 "srcPortPoolUsed", "srcPortPoolUsed.1.4.127", "srcPortPoolUsed.%s.0" % index,
                 "srcPortPoolUsed.1.5.127.0.0.1.9000", "srcPortPoolUsed.4294967295")
    with Host(), h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
        daemon.wait_polls()
        assert h.value("srcPortPoolUsed." + index) == 8
        for name in objects_:
            assert h.get(name)[0].type == "noSuchObject", name
        for name in instances:
            assert h.get(name)[0].type == "noSuchInstance", name
        mixed = h.get("srcPortPollPolls.0", "srcPortPoolEntry.4294967295.1", "srcPortPoolUsed." + index)
        assert [bind.type for bind in mixed] == ["Counter32", "noSuchObject", "Gauge32"], mixed
        try:
            h.get("srcPortPoolEntry.4294967295.1", version="1")
        except h.SnmpError as error:
            assert "noSuchName" in str(error), error
        else:
            raise AssertionError("SNMPv1 has no exceptions: expected noSuchName")


def test_getnext_from_anywhere():
    """Partial, over-long and absurd instances have their place in the order."""
    local4, local6 = h.inet("127.0.0.1"), h.inet("::1")
    first, second = local4 + (9000,) + local4, local4 + (9001,) + local4
    third = local6 + (9000,) + local6
    with Host(), h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
        daemon.wait_polls()
        used, remaining = h.oid("srcPortPoolUsed"), h.oid("srcPortPoolRemaining")
        entry, table = h.oid("srcPortPoolEntry"), h.oid("srcPortPoolTable")
        severity = h.oid("srcPortSystemSeverity.0")
        for asked, expected in (
                (h.root(), severity), (h.root() + (0, 4294967295), severity),
                (h.oid("srcPortObjects"), severity), (h.oid("srcPortSystemSeverity"), severity),
                (severity, h.oid("srcPortSystemMessage.0")),
                (h.oid("srcPortSystemUnsent.0"), h.oid("srcPortRangeLow.0")),
                (used, used + first), (used + first[:1], used + first),
                (used + first[:-1], used + first), (used + first[:7], used + first),
                (used + first, used + second), (used + first + (0,), used + second),
                (used + first[:5] + (4294967295,), used + third),
                (used + local4 + (9000, 1, 5), used + second),
                (used + third, remaining + first), (used + (4294967295,), remaining + first),
                (entry, entry + (6,) + first), (table + (0, 7), entry + (6,) + first),
                (entry + (5, 9), entry + (6,) + first)):
            seen = h.get_next(asked)[0].oid
            assert seen == expected, (asked, seen, expected)
        last = max(oid for oid in h.names().values() if oid[:-1] == entry)
        for asked in (last + third, last + (4294967295,), entry + (4294967295,), table + (2,)):
            bind = h.get_next(asked)[0]
            assert bind.oid[:len(table)] != table, (asked, bind)
        bind = h.get_next(h.oid("srcPortObjects.4294967295"))[0]
        assert bind.oid[:len(h.root())] != h.root(), bind
        several = h.get_next(used, last + third, severity)
        assert [several[0].oid, several[2].oid] == [used + first, h.oid("srcPortSystemMessage.0")]


def test_nothing_can_be_written():
    with h.Snmpd("rwcommunity secret\n") as snmpd, h.Srcportd(snmpd):
        try:
            h.tool("snmpset", h.dotted("srcPortPollInterval.0"), "u", "9",
                   options=("-c", "secret"))
        except h.SnmpError as error:
            assert "notWritable" in str(error), error
        else:
            raise AssertionError("srcPortPollInterval.0 was written")
        assert h.value("srcPortPollInterval.0") == 1


def test_walks_stay_in_order_while_rows_come_and_go():
    """snmpwalk ends with an error when an OID does not increase; every row adds up at any moment."""
    h.port_range(LOW, HIGH)
    listeners = [h.Listener("127.0.0.%d" % n, 9000) for n in range(1, 31)]
    with h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
        polls = daemon.wait_polls() and h.value("srcPortPollPolls.0")
        opened = []
        rounds = 0
        while rounds <= 3 or h.value("srcPortPollPolls.0") < polls + 5:
            h.reset_all(opened)
            opened = [h.connect(one.address, 9000) for one in listeners[rounds % 3::2]]
            rounds += 1
            h.walk(h.root())
            h.bulk_walk("srcPortPoolTable", 25)
            for bind in h.walk("srcPortPeerConnections"):
                index = bind.oid[len(h.oid("srcPortPeerConnections")):]
                names = [h.oid("srcPortPeer" + name) + index for name in
                         ("Connections", "Used", "Remaining", "Capacity") + STATES]
                row = [one.value for one in h.get(*names)]
                if None not in row: # else it has gone since
                    assert row[0] == sum(row[4:]) and row[1] + row[2] == row[3] == 100, row
    h.close_all(listeners)


def test_base_oid():
    """The same rows elsewhere, and none where they were."""
    elsewhere = (1, 3, 6, 1, 4, 1, 64999, 1)
    with Host(), h.Snmpd() as snmpd:
        with h.Srcportd(snmpd) as daemon:
            daemon.wait_polls()
            here = [bind.oid[len(h.root()):] for bind in h.walk(h.root())]
        daemon = h.Srcportd(snmpd, "--base-oid", ".".join(str(n) for n in elsewhere), wait=False)
        h.wait_for(lambda: h.walk(elsewhere), 10, "rows below %s" % (elsewhere,))
        h.wait_for(lambda: [bind.oid[len(elsewhere):] for bind in h.walk(elsewhere)] == here, 10,
                   "the same rows below both")
        assert h.get_next(h.root())[0].oid[:len(h.root())] != h.root()
        assert daemon.stop() == 0


def test_it_says_that_it_is_there():
    """sysORTable lists the module."""
    with h.Snmpd() as snmpd, h.Srcportd(snmpd):
        ids = [bind.value for bind in h.walk((1, 3, 6, 1, 2, 1, 1, 9, 1, 2))]
        assert h.root() in ids, ids


def test_no_file_of_net_snmp_is_read_or_written():
    """Its own configuration decides; nothing is kept between runs."""
    folder = os.path.join(h.directory(), "conf")
    os.mkdir(folder)
    for name in ("snmp.conf", "srcportd.conf", "agent.conf"):
        with open(os.path.join(folder, name), "w") as file:
            file.write("agentXSocket /nonexistent\nnonsense token\n")
    before = sorted(os.listdir(folder))
    with h.Snmpd() as snmpd:
        os.environ.update(SNMPCONFPATH=folder, SNMP_PERSISTENT_DIR=folder)
        with h.Srcportd(snmpd) as daemon:
            daemon.wait_polls()
        assert "nonsense" not in daemon.log(), daemon.log()
    assert sorted(os.listdir(folder)) == before, os.listdir(folder)


if __name__ == "__main__":
    h.main()
