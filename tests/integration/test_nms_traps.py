#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Notifications of srcportd, through snmpd and snmptrapd, as other systems take them."""
import os
import re

import harness as h
import nms

SNMPTT_INI = """\
[General]
mode = {mode}
multiple_event = 0
dns_enable = 0
net_snmp_perl_enable = 0
wildcard_expansion_separator = " "
[DaemonMode]
daemon_fork = 0
daemon_uid =
pid_file = {directory}/snmptt.pid
spool_directory = {spool}/
sleep = 1
use_trap_time = 1
keep_unlogged_traps = 0
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

# One poll raises, one clears: the tests of alarms are elsewhere.
QUICK = "raisePolls 1\nclearPolls 1\nwarningRemaining off\n"


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


class Snmptt:
    """SNMPTT with the events of conf/: what its log has of them."""

    def __init__(self, mode):
        self.program = nms.need("snmptt", "snmptt")
        self.paths = {name: os.path.join(h.directory(), "snmptt-%s.txt" % name)
                      for name in ("log", "system", "unknown")}
        self.spool = os.path.join(h.directory(), "spool")
        os.makedirs(self.spool, exist_ok=True)
        events = nms.write("snmptt.conf.srcportd", nms.conf("snmptt/snmptt.conf.srcportd"))
        self.ini = nms.write("snmptt.ini", SNMPTT_INI.format(
            mode=mode, events=events, directory=h.directory(), spool=self.spool, **self.paths))

    def line(self, event):
        # It takes characters that a shell would mind out of the text: here the > of ->.
        severity, number = {"srcPortCritical": ("CRITICAL", 1), "srcPortCleared": ("NORMAL", 3)}[event]
        start = r"%s\|%s\||%s\.0\.%d %s \"Status Events\" \S+ - " % (  # or as SNMPTT 1.4 has it
            event, severity, re.escape(h.dotted("srcPortMIB")), number, severity)
        return re.search(r"(?:%s)(.*127\.0\.0\.1 ->? 127\.0\.0\.1:9000.*)" % start,
                         read(self.paths["log"]))

    def hears(self, handler):
        """A pool fills and empties: names, severities and texts."""
        with nms.snmptrapd(handler), nms.Host() as host, \
                h.Snmpd(extra=h.trap_sinks("v2c")) as snmpd, \
                h.Srcportd(snmpd, config=QUICK) as daemon:
            story(host, daemon, self.line)
        critical = self.line("srcPortCritical").group(1)
        assert critical.startswith("Source ports critical: pool "), critical
        assert "100 of 100 ports" in critical and "\n" not in critical, critical
        unknown = read(self.paths["unknown"])
        assert "srcPort" not in unknown and h.dotted("srcPortMIB") not in unknown, unknown
        return critical


def test_snmptt():
    snmptt = Snmptt("standalone")
    return snmptt.hears("%s --ini=%s" % (snmptt.program, snmptt.ini))


def test_snmptt_daemon():
    """Its handler puts each notification into a directory, from which the daemon takes it."""
    snmptt = Snmptt("daemon")
    handler = nms.need("snmptthandler", "snmptt")
    with nms.Program("snmptt", snmptt.program, "--daemon", "--ini=" + snmptt.ini):
        snmptt.hears("%s --ini=%s" % (handler, snmptt.ini))
        h.wait_for(lambda: not os.listdir(snmptt.spool), 10, "everything is taken")


def test_names_of_a_handler():
    """A handler that snmptrapd runs with SRCPORT-MIB loaded, as LibreNMS and others do, gets the
    names that conf/librenms/ has, and the varbinds that its handlers ask for."""
    log = os.path.join(h.directory(), "handed.txt")
    handler = nms.write("handler", "#!/bin/sh\ncat >>%s\necho >>%s\n" % (log, log))
    os.chmod(handler, 0o755)
    trapd = nms.snmptrapd(handler, "-m", "SRCPORT-MIB")
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
