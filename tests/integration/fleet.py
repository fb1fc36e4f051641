# SPDX-License-Identifier: ISC
"""fleet: many hosts, simulated by snmpsim from the recording of a real agent, and asked as
conf/FLEET.md has it."""
import os
import re
import shutil
import socket
import subprocess
import time

import harness as h
import nms

# As .snmprec files have them: numbers of ASN.1, and x for octets in hexadecimal digits.
TAGS = {"INTEGER": "2", "Counter32": "65", "Gauge32": "66", "Timeticks": "67", "STRING": "4x",
        "OID": "6"}


def recording():
    """What the agent of h.PORT says of all of SRCPORT-MIB, for snmpsim."""
    lines = []
    for bind in h.bulk_walk(h.root(), 50):
        value = bind.value
        if bind.type == "STRING":
            value = value.hex()
        elif bind.type == "OID":
            value = ".".join(map(str, bind.value)) if not isinstance(value, str) else value
        lines.append("%s|%s|%s" % (".".join(map(str, bind.oid)), TAGS[bind.type], value))
    return "\n".join(lines) + "\n"


def addresses(hosts):
    """Loopback addresses, one a host."""
    return ["127.1.%d.%d" % (number // 250, number % 250 + 1) for number in range(hosts)]


def cpu(*daemons):
    """Seconds of CPU that they have used so far."""
    used = 0
    for daemon in daemons:
        with open("/proc/%d/stat" % daemon.pid) as file:
            fields = file.read().rsplit(")", 1)[1].split()
        used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


def resident(daemon):
    """MiB."""
    with open("/proc/%d/status" % daemon.pid) as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024


def simulator():
    """Path of snmpsim, and the options that its releases have under names of their own; skips the
    test where there is none. 1.0 renamed the program and an option, and has one way for all of
    SNMP's versions; before it, without SNMPv3 it is quicker."""
    one = "snmpsim-command-responder"
    if not shutil.which(one):
        one = "snmpsimd"
    program = nms.need(one, "snmpsim")
    said = subprocess.run([program, "--version"], check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True).stdout
    if "Traceback" in said:
        raise h.Skip("the snmpsim of this system does not start")  # Debian 13's has no pyasn1 for it
    return program, ("--v2c-arch", "--max-varbinds=200") if one == "snmpsimd" else (
        "--max-var-binds=200",)


class Simulated(nms.Program):
    """One snmpsim for all these addresses, at h.PORT, all of which say what was recorded."""

    def __init__(self, recorded, hosts):
        program, options = simulator()
        path = nms.write("snmpsim/%s.snmprec" % h.COMMUNITY, recorded)
        for name in ("cache", "variation"):
            os.makedirs(os.path.join(h.directory(), "snmpsim-" + name), exist_ok=True)
        top = h.directory()
        super().__init__("snmpsimd", program, *options,
                         "--process-user=root", "--process-group=root",
                         "--data-dir=" + os.path.dirname(path),
                         "--cache-dir=%s/snmpsim-cache" % top, "--logging-method=null",
                         "--variation-modules-dir=%s/snmpsim-variation" % top,
                         *("--agent-udpv4-endpoint=%s:%d" % (host, h.PORT) for host in hosts))
        h.wait_for(lambda: h.get(h.dotted("srcPortSystemSeverity") + ".0", host=hosts[-1]), 30,
                   "the last host answers")


def agent_recording(pools, config=""):
    """The recording of an agent whose host has so many pools."""
    h.port_range(30000, 60000)
    listeners = [h.Listener("127.0.0.1", 20000 + number) for number in range(pools)]
    keep = [h.connect("127.0.0.1", 20000 + number) for number in range(pools)]
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, config=config) as daemon:
        daemon.wait_polls()
        recorded = h.wait_for(recording, 10, "a walk")
    h.close_all(keep + listeners)
    return recorded


class Trap:
    """A notification of a real agent, as it went over the wire, to be sent again by others."""

    def __init__(self):
        taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with taken:
            taken.bind(("127.0.0.1", h.TRAP_PORT))
            taken.settimeout(1)
            with nms.Host() as host, h.Snmpd(extra=h.trap_sinks("v2c")) as snmpd, h.Srcportd(
                    snmpd, config="raisePolls 1\nwarningRemaining off\n") as daemon:
                daemon.wait_polls()
                host.fill()
                self.datagram = h.wait_for(lambda: self._critical(taken), 30, "a notification")

    @staticmethod
    def _critical(taken):
        """A datagram that raises an alarm, by its text."""
        try:
            datagram = taken.recv(65536)
        except socket.timeout:
            return None
        return datagram if b"0 left" in datagram else None

    def storm(self, hosts, count, rate):
        """Sends count of them from these addresses in turn, rate a second; how long it took."""
        sockets = []
        try:
            for host in hosts[:min(count, len(hosts))]:
                sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                sockets[-1].bind((host, 0))
                sockets[-1].connect(("127.0.0.1", h.TRAP_PORT))
            start = time.monotonic()
            for number in range(count):
                wait = start + number / rate - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                sockets[number % len(sockets)].send(self.datagram)
            return time.monotonic() - start
        finally:
            for one in sockets:
                one.close()
