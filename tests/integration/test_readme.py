#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the README tells to type, typed on throwaway machines: from an installed package to the
first notification at the manager, and to the one that clears it."""
import os
import re

import harness as h
import machine

# The parts of the README's blocks that are the reader's own.
HERE = (("192.0.2.1 ", "127.0.0.1 "), ("sudo ", ""))

RHEL_SNMPD_CONF = """\
com2sec notConfigUser  default       public
group   notConfigGroup v1           notConfigUser
group   notConfigGroup v2c           notConfigUser
view    systemview    included   .1.3.6.1.2.1.1
view    systemview    included   .1.3.6.1.2.1.25.1.1
access  notConfigGroup ""      any       noauth    exact  systemview none none
syslocation Unknown (edit /etc/snmp/snmpd.conf)
syscontact Root <root@localhost> (configure /etc/snmp/snmp.local.conf)
dontLogTCPWrappersConnects yes
"""

RHEL_SNMPD_SERVICE = """\
[Service]
Type=notify
ExecStart=/usr/sbin/snmpd -LS0-6d -f
"""


def readme(distribution):
    """The commands of the README's blocks for a distribution, one text a block."""
    with open(os.path.join(h.ROOT, "README.md")) as file:
        blocks = re.findall(r"^```sh %s\n(.*?)^```$" % distribution, file.read(), re.M | re.S)
    for theirs, ours in HERE:
        blocks = [block.replace(theirs, ours) for block in blocks]
    return blocks


class Manager:
    """snmptrapd on the machine, at the port of every manager."""

    def __init__(self, host):
        self.host = host
        host.write("/etc/snmp/snmptrapd.conf", "authCommunity log public\n")
        host.run("systemd-run", "-u", "manager", "snmptrapd", "-f", "-Lo", "-On",
                 "udp:127.0.0.1:162")
        h.wait_for(lambda: "NET-SNMP version" in host.journal("manager"), 10, "snmptrapd is up")

    def told(self):
        """The notifications of ours that have come, as (kind, whole text)."""
        root = re.escape(h.dotted("srcPortMIB"))
        return re.findall(r"^(?=.*= OID: %s\.0\.(\d)\b)(.*)$" % root,
                          self.host.journal("manager"), re.M)

    def wait(self, count):
        h.wait_for(lambda: len(self.told()) >= count, 40, "%d notifications at the manager" % count)
        return self.told()


def type_in(host, block):
    """A block as somebody types it, who takes longer than the agent to connect."""
    first, *asking = re.split(r"(?=^snmp)", block, flags=re.M)
    host.run("sh", "-e", "-c", first)
    for commands in asking:
        ask, rest = commands.split("\n", 1)
        if ask.startswith("snmpget"):
            h.wait_for(lambda ask=ask: re.search(r"= INTEGER: 1\n", host.run(*ask.split())), 15,
                       "an answer to " + ask)
        else:
            assert host.run(*ask.split()).count("\n") > 40, ask
        host.run("sh", "-e", "-c", rest)


def follow(host, distribution):
    """Types it all; the block before the last raises the first notification, the last clears it."""
    manager = Manager(host)
    *blocks, first_trap, clear = readme(distribution)
    for block in blocks:
        type_in(host, block)
    assert manager.told() == []
    type_in(host, first_trap)
    (kind, text), = manager.wait(1)
    assert kind == "2" and "first-trap" in text, text
    type_in(host, clear)
    kind, text = manager.wait(2)[1]
    assert kind == "3" and "first-trap" in text, text


def test_debian():
    """Five minutes under an snmpd that has run before as Debian ships it."""
    host = machine.installed()
    host.run("systemctl", "start", "snmpd", "srcportd")
    h.wait_for(lambda: "Permission denied" in host.journal("srcportd"), 10, "it is locked out")
    follow(host, "debian")


def test_rhel():
    """The same with the configuration and the options of RHEL's snmpd."""
    host = machine.installed()
    host.run("rm", "-rf", "/etc/snmp/snmpd.conf.d")
    host.write("/etc/snmp/snmpd.conf", RHEL_SNMPD_CONF)
    with open("/lib/systemd/system/snmpd.service") as file:
        notifies = "Type=notify" in file.read()  # not on Debian 11
    host.write("/etc/systemd/system/snmpd.service",
               RHEL_SNMPD_SERVICE if notifies else RHEL_SNMPD_SERVICE.replace("notify", "simple"))
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "start", "snmpd")
    follow(host, "rhel")


if __name__ == "__main__":
    h.main()
