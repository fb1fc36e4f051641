#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Limits of the host and the NAT around it, from a made-up /proc and /sys."""
import json
import os
import re

import harness as h

STAT = ("entries  clashres found drop insert_failed early_drop\n"
        "0000005d  00000000 00000000 0000000a 00000003 00000001\n"
        "0000005d  00000000 00000000 00000001 00000002 00000000\n")
ORDINARY = {
    "proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
    "proc/sys/net/ipv4/ip_local_reserved_ports": "\n",
    "proc/sys/net/ipv4/tcp_tw_reuse": "2\n",
    "proc/sys/net/ipv4/tcp_timestamps": "1\n",
    "proc/sys/fs/file-nr": "592\t0\t9223372036854775807\n",
    "proc/net/ip_tables_names": "nat\n",
    "sys/class/net/docker0/bridge/bridge_id": "8000.0242\n",
    "sys/class/dmi/id/sys_vendor": "Amazon EC2\n",
}
CONNTRACK = {
    "proc/sys/net/netfilter/nf_conntrack_count": "93\n",
    "proc/sys/net/netfilter/nf_conntrack_max": "100\n",
    "proc/net/stat/nf_conntrack": STAT,
}
FULL = "connection tracking: 93 % full, 93 of 100; new connections will hang: "
AWS = ("Docker bridge, iptables NAT table; AWS: a NAT gateway carries 55,000 connections a "
       "destination: see ErrorPortAllocation in CloudWatch")


def machine(*contents):
    """Writes the files under a directory of the test's own; the options that make it the host."""
    root = os.path.join(h.directory(), "machine")
    for content in contents:
        for name, text in content.items():
            path = os.path.join(root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
    return ["--proc-root", os.path.join(root, "proc"), "--sys-root", os.path.join(root, "sys")]


def once(form, *options):
    status, out, err = h.srcportd("--once", "--format", form, *options)
    assert err == "", err
    return status, out


def test_what_is_not_there_is_null():
    status, out = once("json", *machine(ORDINARY))
    report = json.loads(out)
    limits = report["limits"]
    assert status == 0
    assert (limits["tcpTwReuse"], limits["files"]) == (2, 592), limits
    for name in ("conntrackEntries", "conntrackMax", "conntrackDrop", "tcpTwReuseDelay"):
        assert limits[name] is None, limits
    assert limits["severity"] == "normal"
    assert report["nat"] == {"environment": ["docker", "natTable", "aws"], "meaning": AWS,
                             "available": False, "source": None,
                             "rulesUnread": None, "reason": "connections are not tracked here",
                             "pools": None, "omitted": None}
    text = once("text", *machine(ORDINARY))[1]
    assert "conntrack           -   not available here\n" in text, text
    assert "at most      no limit   then socket() fails with ENFILE" in text, text


def test_a_full_table_is_an_alarm_like_any_other():
    options = machine(ORDINARY, CONNTRACK)
    report = json.loads(once("json", *options)[1])
    limits = report["limits"]
    assert (limits["conntrackEntries"], limits["conntrackMax"]) == (93, 100), limits
    assert [limits["conntrack" + name] for name in ("Drop", "InsertFailed", "EarlyDrop")] == [11, 5, 1]
    assert limits["severity"] == "warning" and report["message"].startswith(FULL), report
    assert "WARNING      " + FULL in once("text", *options)[1]
    status, out = once("nagios", *options)
    assert status == 1 and out.startswith("SRCPORT WARNING - limit conntrack: " + FULL), out
    assert " conntrack=93%;89;99;0;100 files=0%;89;99;0;100\n" in out, out


def test_each_full_limit_is_told():
    full = {"proc/sys/fs/file-nr": "95\t0\t100\n"}
    text = once("text", *machine(ORDINARY, CONNTRACK, full))[1]
    assert "WARNING      " + FULL in text, text
    assert "WARNING      open files of the host: 95 % full, 95 of 100; then socket() " in text, text


def test_a_recording_holds_them():
    record = os.path.join(h.directory(), "record")
    options = machine(ORDINARY, CONNTRACK)
    fresh = json.loads(once("json", "--record", record, *options)[1])
    again = json.loads(once("json", "--replay", record)[1])
    assert again["limits"] == fresh["limits"] and again["nat"] == fresh["nat"], (fresh, again)


def test_the_mib_says_what_is_not_there():
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, *machine(ORDINARY)) as daemon:
        daemon.wait_polls()
        for name in ("ConntrackEntries", "ConntrackMax", "ConntrackPercent", "TwReuseDelay"):
            assert h.get("srcPortLimits%s.0" % name)[0].type == "noSuchInstance", name
        for name in ("ConntrackDrops", "InsertFailures", "DiscontinuityTime"):
            assert h.get("srcPortLimits%s.0" % name)[0].type == "noSuchInstance", name
        assert h.value("srcPortLimitsFilesMax.0") == 4294967295
        assert h.value("srcPortSystemSeverity.0") == 1


def test_the_mib_follows_each_poll_and_each_reload():
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, *machine(ORDINARY), config="") as daemon:
        daemon.wait_polls()
        text = h.named("snmpget", "srcPortLimitsNatEnvironment.0", "srcPortLimitsNatMeaning.0")
        assert "docker(0) natTable(4) aws(9)" in text and AWS in text, text
        machine(ORDINARY, CONNTRACK, {"sys/class/dmi/id/sys_vendor": "Hetzner\n"})
        daemon.wait_polls()
        assert h.value("srcPortLimitsConntrackPercent.0") == 93
        assert h.value("srcPortLimitsConntrackDrops.0") == 11
        # Connection tracking came while the master agent was there.
        up = h.value((1, 3, 6, 1, 2, 1, 1, 3, 0))
        assert 0 < h.value("srcPortLimitsDiscontinuityTime.0") <= up
        assert h.value("srcPortSystemSeverity.0") == h.value("srcPortLimitsSeverity.0") == 2
        assert h.value("srcPortSystemMessage.0").decode().startswith(FULL)
        assert "aws(9)" in h.named("snmpget", "srcPortLimitsNatEnvironment.0")
        daemon.configure("conntrackPercent 95 clear 94\n")
        daemon.reload()
        h.wait_for(lambda: h.value("srcPortSystemSeverity.0") == 1, 10, "the new level")
        assert "hetzner(15)" in h.named("snmpget", "srcPortLimitsNatEnvironment.0")


def test_growth_is_foretold_and_the_high_water_mark_stays():
    """Five connections a poll: a dozen polls are enough to tell; then half of them go."""
    h.port_range(40000, 40199)
    open_sockets = [h.Listener("127.0.0.1", 9000)]
    row = ".1.4.127.0.0.1.9000.1.4.127.0.0.1"
    left, high = "srcPortPoolTimeLeft" + row, "srcPortPoolHighWater" + row
    none = 4294967295
    with h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
        open_sockets += h.connect_many(2, "127.0.0.1", 9000)
        daemon.wait_polls()
        assert h.value(left) == none
        for _ in range(12):
            open_sockets += h.connect_many(5, "127.0.0.1", 9000)
            daemon.wait_polls(1)
        seconds, of_peer = (bind.value for bind in h.get(left, "srcPortPeerTimeLeft.1.4.127.0.0.1"))
        # 138 remain at five or so a second, whatever else keeps this machine busy.
        assert 20 < seconds < 600 and of_peer == seconds, (seconds, of_peer)
        most = h.value(high)
        assert most == h.value("srcPortPoolUsed" + row) == 62, most
        message = h.value("srcPortSystemMessage.0").decode()
        assert re.search(r", full in \d+ (s|min) at the present rate", message), message
        h.reset_all(open_sockets[1:32])
        del open_sockets[1:32]
        daemon.wait_polls()
        assert h.value("srcPortPoolUsed" + row) == 31
        assert h.value(high) == h.value("srcPortPeerHighWater.1.4.127.0.0.1") == 62
        h.wait_for(lambda: h.value(left) == none, 10, "no growth any more")
    h.close_all(open_sockets)


if __name__ == "__main__":
    h.main()
