#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""snmp_exporter, promtool and Prometheus itself with the files that conf/ has for them."""
import json
import os
import re
import urllib.parse

import harness as h
import nms

# Values of the moment at which they are asked for.
MOVING = re.compile(r"srcPort(Poll(Age|Duration|Polls|Cpu|DiscontinuityTime)|LimitsFiles|"
                    r"FailuresLast|LimitsTcp|.*(TimeLeft|SinceAge|Age)$)")


def scalars(mib):
    """What the agent says: {(metric, labels): value}."""
    found = {}
    served = {bind.oid: bind.value for bind in h.bulk_walk(h.root())}
    for item in mib.scalars():
        value = served.get(h.oid(item.name + ".0"))
        if item.kind in ("gauge", "counter", "enum") and not MOVING.match(item.name) and (
                value is not None):
            if item.name.endswith("Cause"):
                found[item.name + "_info", frozenset({item.name: item.enum[value]}.items())] = 1
            else:
                found[item.name, frozenset()] = value
    return found


def pools(mib):
    """The same of srcPortPoolTable, by the labels that snmp_exporter should give."""
    found = {}
    causes = mib.object("srcPortPoolCause").enum
    for index, row in h.table("srcPortPoolTable").items():
        if "srcPortPoolName" not in row:  # it came while the table was walked
            continue
        size = index[1]
        peer, port = index[2:2 + size], index[2 + size]
        local = index[2 + size + 3:]
        labels = {"srcPortPoolPeerAddr": address(peer), "srcPortPoolPeerPort": str(port),
                  "srcPortPoolLocalAddr": address(local),
                  "srcPortPoolName": row["srcPortPoolName"].decode()}
        for name, value in row.items():
            if name.endswith("Cause"):
                found[name + "_info", frozenset(dict(
                    labels, **{name: causes[value]}).items())] = 1
            elif not name.endswith("Name") and not MOVING.match(name):
                found[name, frozenset(labels.items())] = value
    return found


def address(octets):
    """As snmp_exporter writes InetAddress."""
    if len(octets) == 4:
        return ".".join(map(str, octets))
    return ":".join("%02X%02X" % pair for pair in zip(octets[::2], octets[1::2]))


def same(said, scraped):
    missing = {key for key in said if scraped.get(key) != said[key]}
    assert not missing, [(key, said[key], scraped.get(key)) for key in sorted(missing, key=str)][:5]
    return len(said)


def test_exporter_shows_the_agents_numbers():
    exporter = nms.Exporter()
    from mib import Mib
    mib = Mib(h.MIB_FILE)
    with nms.Host() as host, h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon, exporter:
        host.fill(leave=3)
        daemon.wait_polls()
        count = h.wait_for(lambda: same(scalars(mib), exporter.scrape("srcport")), 20,
                           "the same scalars")
        assert count > 50, count
        scraped = h.wait_for(lambda: exporter.scrape("srcport_pools"), 10, "pools")
        assert h.wait_for(lambda: same(pools(mib), exporter.scrape("srcport_pools")), 20,
                          "the same rows") >= 3 * 18
        row = dict(srcPortPoolPeerAddr="127.0.0.1", srcPortPoolPeerPort="9000",
                   srcPortPoolLocalAddr="127.0.0.1",
                   srcPortPoolName="127.0.0.1 -> 127.0.0.1:9000")
        for name, value in (("Remaining", 3), ("Used", 97), ("Percent", 97), ("Severity", 3)):
            assert scraped["srcPortPool" + name, frozenset(row.items())] == value, (name, scraped)
        names = {name for name, _ in scraped}
        assert not any(name.endswith(("Name", "AddrType", "Addr")) for name in names), names
        series = len(scraped) + len(exporter.scrape("srcport"))
    return "%d scalars, %d series" % (count, series)


def test_promtool():
    promtool = nms.need("promtool", "prometheus")
    path = nms.rules()
    out = h.run(promtool, "check", "rules", path)
    assert "SUCCESS: 14 rules found" in out, out
    h.run(promtool, "check", "config", os.path.join(h.directory(), "prometheus.yml"))
    out = h.run(promtool, "test", "rules", os.path.join(h.directory(), "srcport.rules.test.yml"))
    assert "SUCCESS" in out and "FAILED" not in out, out


def test_each_alert_is_tested():
    """An alert that has no case in the tests of the rules is not known to come."""
    with open(os.path.join(h.ROOT, "tests/nms/srcport.rules.test.yml")) as file:
        tested = set(re.findall(r"alertname: (\w+)", file.read()))
    alerts = set(re.findall(r"- alert: (\w+)", nms.conf("prometheus/srcport.rules.yml")))
    assert len(alerts) >= 10 and alerts == tested, alerts ^ tested


def firing(name):
    """Labels and annotations of the alerts of that name that fire."""
    found = nms.http_json("http://127.0.0.1:9090/api/v1/alerts")["data"]["alerts"]
    return [alert for alert in found
            if alert["labels"]["alertname"] == name and alert["state"] == "firing"]


def dashboard(title):
    """{expression: its results} of a panel of conf/grafana/, for every host and pool."""
    board = json.loads(nms.conf("grafana/srcportd.json"))
    panel = [one for one in board["panels"] if one["title"] == title][0]
    found = {}
    for target in panel["targets"]:
        query = re.sub(r"\$(job|instance|pool)\b", ".*", target["expr"])
        answer = nms.http_json("http://127.0.0.1:9090/api/v1/query?" + urllib.parse.urlencode(
            {"query": query}))
        found[query] = answer["data"]["result"]
    return found


def test_prometheus_raises_and_ends_an_alert():
    """A pool that fills, seen through snmpd, snmp_exporter and the rules of conf/."""
    nms.need("prometheus", "prometheus")
    exporter = nms.Exporter()
    with nms.Host() as host, h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon, exporter:
        daemon.wait_polls()
        with nms.Prometheus(exporter, ["127.0.0.1:%d" % h.PORT]):
            h.wait_for(lambda: "srcPortPoolPercent" in nms.http(
                "http://127.0.0.1:9090/api/v1/query?query=srcPortPoolPercent"), 20, "data")
            assert not firing("SrcPortCritical")
            host.fill()
            alert = h.wait_for(lambda: firing("SrcPortCritical"), 30, "the alert")[0]
            labels, notes = alert["labels"], alert["annotations"]
            assert labels["srcPortAlarmKey"] == "pool 127.0.0.1 -> 127.0.0.1:9000", labels
            assert labels["severity"] == "critical"
            assert labels["instance"] == "127.0.0.1:%d" % h.PORT, labels
            h.wait_for(lambda: firing("SrcPortCritical")[0]["annotations"]["description"]
                       .startswith("0 left."), 10, "what remains: %s" % notes)
            for query, rows in dashboard("Active alarms").items():
                keys = {row["metric"]["srcPortAlarmKey"] for row in rows}
                assert labels["srcPortAlarmKey"] in keys, (query, rows)
            for query, rows in dashboard("Pools, the tightest first").items():
                assert len(rows) >= 2 and set(rows[0]["metric"]) == {
                    "instance", "srcPortPoolName"}, (query, rows)
            host.drain()
            h.wait_for(lambda: not firing("SrcPortCritical"), 60, "the end of the alert")


if __name__ == "__main__":
    h.main()
