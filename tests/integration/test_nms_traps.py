#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Notifications of srcportd, through snmpd and snmptrapd, as other systems take them."""
import os
import re

import harness as h
import nms

SNMPTT_INI = """\
[General]
mode = standalone
multiple_event = 0
dns_enable = 0
net_snmp_perl_enable = 0
wildcard_expansion_separator = " "
[Logging]
stdout_enable = 0
log_enable = 1
log_format = $N|$s|$Fz
log_file = {log}
log_system_enable = 1
log_system_file = {system}
unknown_trap_log_enable = 1
unknown_trap_log_file = {unknown}
syslog_enable = 0
syslog_system_enable = 0
[TrapFiles]
snmptt_conf_files = <<END
{events}
END
"""

TRAPD = """\
snmpTrapdAddr udp:127.0.0.1:%d
authCommunity log,execute %s
doNotRetainNotificationLogs yes
traphandle default %s
"""
# One poll raises, one clears: the tests of alarms are elsewhere.
QUICK = "raisePolls 1\nclearPolls 1\nwarningRemaining off\n"


def snmptrapd(handler):
    """snmptrapd that hands each notification to a command, with numbers for names."""
    path = nms.write("snmptrapd.conf", TRAPD % (h.TRAP_PORT, h.COMMUNITY, handler))
    program = nms.need("snmptrapd", "snmptrapd")
    daemon = nms.Program("snmptrapd", program, "-f", "-n", "-C", "-c", path, "-Lo", "-On")
    daemon.wait_log(r"^NET-SNMP version")
    return daemon


def read(path):
    """Text of a file, empty if it is not there yet."""
    if not os.path.exists(path):
        return ""
    with open(path, errors="replace") as file:
        return file.read()


def story(host, daemon, seen):
    """The host's first pool goes critical, then everything is closed; seen(word) is true when that
    has come through."""
    daemon.wait_polls()
    host.fill()
    h.wait_for(lambda: seen("srcPortCritical"), 30, "critical")
    host.drain()
    h.wait_for(lambda: seen("srcPortCleared"), 30, "cleared")


def test_snmptt():
    """SNMPTT with the events of conf/: names, severities and texts."""
    snmptt = nms.need("snmptt", "snmptt")
    paths = {name: os.path.join(h.directory(), "snmptt-%s.txt" % name)
             for name in ("log", "system", "unknown")}
    events = nms.write("snmptt.conf.srcportd", nms.conf("snmptt/snmptt.conf.srcportd"))
    ini = nms.write("snmptt.ini", SNMPTT_INI.format(events=events, **paths))

    # It takes characters that a shell would mind out of the text: here the > of ->.
    def line(event):
        severity = {"srcPortCritical": "CRITICAL", "srcPortCleared": "NORMAL"}[event]
        return re.search(r"%s\|%s\|(.*127\.0\.0\.1 ->? 127\.0\.0\.1:9000.*)" % (event, severity),
                         read(paths["log"]))

    with snmptrapd("%s --ini=%s" % (snmptt, ini)), nms.Host() as host, \
            h.Snmpd(extra=h.trap_sinks("v2c")) as snmpd, \
            h.Srcportd(snmpd, config=QUICK) as daemon:
        story(host, daemon, line)
        critical = line("srcPortCritical").group(1)
        assert critical.startswith("Source ports critical: pool "), critical
        assert "100 of 100 ports" in critical and "\n" not in critical, critical
    assert "srcPort" not in read(paths["unknown"]) and (
        h.dotted("srcPortMIB") not in read(paths["unknown"])), read(paths["unknown"])
    return critical


def test_names_of_a_handler():
    """A handler that snmptrapd runs with SRCPORT-MIB loaded, as LibreNMS and others do, gets the
    names that conf/librenms/ has, and the varbinds that its handlers ask for."""
    log = os.path.join(h.directory(), "handed.txt")
    handler = nms.write("handler", "#!/bin/sh\ncat >>%s\necho >>%s\n" % (log, log))
    os.chmod(handler, 0o755)
    path = nms.write("snmptrapd.conf", TRAPD % (h.TRAP_PORT, h.COMMUNITY, handler))
    trapd = nms.Program("snmptrapd", nms.need("snmptrapd", "snmptrapd"), "-f", "-n", "-C", "-c",
                        path, "-Lo", "-m", "SRCPORT-MIB")
    trapd.wait_log(r"^NET-SNMP version")
    wanted = set(re.findall(r"'(SRCPORT-MIB::\w+)'", nms.conf("librenms/snmptraps.php")))
    with trapd, nms.Host() as host, h.Snmpd(extra=h.trap_sinks("v2c")) as snmpd, \
            h.Srcportd(snmpd, config=QUICK) as daemon:
        story(host, daemon, lambda word: "SRCPORT-MIB::" + word in read(log))
    text = read(log)
    names = set(re.findall(r"SRCPORT-MIB::srcPort(?:Critical|Warning|Cleared|Suppressed)\b", text))
    assert {"SRCPORT-MIB::srcPortCritical", "SRCPORT-MIB::srcPortCleared"} <= names <= wanted, names
    php = nms.conf("librenms/Handlers/SrcPortCritical.php")
    for name in re.findall(r"SRCPORT-MIB::\w+", php):
        assert re.search(r"^%s\.\d+ \S" % name, text, re.M), (name, text)


def test_opennms_keys_pair():
    """What OpenNMS takes for the key of an alarm is the same when it is raised and cleared."""
    text = nms.conf("opennms/events/srcportd.events.xml")
    key = int(re.search(r'alarm-type="1"', text) and re.search(
        r'reduction-key="srcport:[^"]*%parm\[#(\d+)\]%" alarm-type="1"', text).group(1))
    clear = int(re.search(r'clear-key="srcport:[^"]*%parm\[#(\d+)\]%"', text).group(1))
    keys = {}
    with h.Snmptrapd() as sink, nms.Host() as host, h.Snmpd(extra=h.trap_sinks("v2c")) as snmpd, \
            h.Srcportd(snmpd, config=QUICK) as daemon:
        story(host, daemon, lambda word: sink.traps(word))
        for word, position in (("srcPortCritical", key), ("srcPortCleared", clear)):
            # Before the first of ours stand sysUpTime.0 and snmpTrapOID.0.
            keys[word] = {trap.binds[position + 1].value for trap in sink.traps(word)}
    assert b"pool 127.0.0.1 -> 127.0.0.1:9000" in keys["srcPortCritical"] & keys["srcPortCleared"]


if __name__ == "__main__":
    h.main()
