#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Twenty hosts, simulated from the recording of a real agent, in the eyes of snmp_exporter,
Prometheus, snmptrapd and SNMPTT. `make check-fleet` does the same with a thousand."""
import fleet
import harness as h
import nms
from test_nms_traps import Snmptt, read

HOSTS = 20
STORM, STORM_RATE = 60, 20


def test_prometheus_asks_everyone():
    """Each host is up, in the recording rule, and has its alerts."""
    fleet.simulator()
    nms.need("prometheus", "prometheus")
    recorded = fleet.agent_recording(3, "target down 192.0.2.1 warning 65535 critical off\nraisePolls 1\n")
    hosts = fleet.addresses(HOSTS)
    with fleet.Simulated(recorded, hosts), nms.Exporter() as exporter, nms.Prometheus(
            exporter, ["%s:%d" % (host, h.PORT) for host in hosts], ("3s", "6s")) as prometheus:
        h.wait_for(lambda: len([value for value in prometheus.query('up{job="srcport"}').values()
                                if value]) == HOSTS, 60, "all are up")

        def counted():
            found = {dict(labels)["srcport_severity"]: value for labels, value in prometheus.query(
                "severity:srcport_hosts:count").items()}
            assert sum(found.values()) == HOSTS, found
            return found

        found = h.wait_for(counted, 60, "the recording rule has counted them")

        def everything():
            rows = prometheus.query("count(srcPortPoolRemaining)")
            assert list(rows.values()) == [3 * HOSTS], rows
            named = prometheus.query('srcPortTargetRemaining{srcPortTargetName="down"}')
            assert len(named) == HOSTS, named
            return True

        h.wait_for(everything, 60, "everybody's pools and targets")
    return "%d hosts: %s" % (HOSTS, found)


def test_storm():
    """Notifications of all hosts within moments: none is lost on the way to SNMPTT's log."""
    snmptt = Snmptt("daemon")
    handler = nms.need("snmptthandler", "snmptt")
    trap = fleet.Trap()
    with nms.snmptrapd("%s --ini=%s" % (handler, snmptt.ini)), nms.Program(
            "snmptt", snmptt.program, "--daemon", "--ini=" + snmptt.ini):
        took = trap.storm(fleet.addresses(HOSTS), STORM, STORM_RATE)

        def logged():
            count = read(snmptt.paths["log"]).count("Source ports critical:")
            assert count == STORM, count
            return True

        h.wait_for(logged, 60, "all %d are in the log" % STORM)
    return "%d in %.1f s from %d hosts" % (STORM, took, HOSTS)


if __name__ == "__main__":
    h.main()
