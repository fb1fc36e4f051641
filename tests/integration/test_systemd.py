#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The unit as `make install` puts it, under a real systemd beside Debian's own snmpd."""
import os
import re
import shutil
import subprocess
import tempfile

import harness as h
import machine

UNIT = os.path.join(h.ROOT, "conf/systemd/srcportd.service")
DROP_INS = os.path.join(h.ROOT, "conf/systemd/srcportd.service.d")
# To the master agent of the machine, which listens where Debian lets it.
WALK = ["snmpwalk", "-v2c", "-c", "public", "-Oqvt", "127.0.0.1"]


def exposure(*drop_ins):
    """What `systemd-analyze security` says of the unit with these drop-ins."""
    if not shutil.which("systemd-analyze"):
        raise h.Skip("no systemd-analyze here")
    path = tempfile.mkdtemp(dir=h.directory())  # no drop-in of another call
    os.makedirs(path + "/srcportd.service.d")
    shutil.copy(UNIT, path)
    for name in drop_ins:
        shutil.copy(os.path.join(DROP_INS, name), path + "/srcportd.service.d")
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager",
                           path + "/srcportd.service"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, check=False)
    if "unrecognized option" in done.stdout:
        raise h.Skip("systemd-analyze is too old to judge a file")
    return float(re.search(r"Overall exposure level for srcportd.service: ([\d.]+)",
                           done.stdout).group(1))


def test_exposure():
    """At most 2.0 as shipped; a drop-in adds its capabilities and no more."""
    assert exposure() <= 2.0, exposure()
    for name in os.listdir(DROP_INS):
        assert exposure(name) <= 2.5, (name, exposure(name))


def served(host):
    """The severity as a manager reads it."""
    status, said = host.run("snmpget", *WALK[1:], h.dotted("srcPortSystemSeverity.0"),
                            status=True)
    assert status == 0 and said.strip().isdigit(), said
    return int(said)


def test_stock_snmpd():
    """No user right, no capability, every restriction of the unit: and it serves everything."""
    host = machine.installed()
    machine.open_snmpd(host)
    host.run("systemctl", "start", "srcportd")
    assert host.show("srcportd", "ActiveState") == "active"
    assert h.wait_for(lambda: served(host), 10, "the stock snmpd serves SRCPORT-MIB") == 1
    fields = machine.process(host)
    user = int(host.run("id", "-u", "srcportd"))
    assert user != 0 and set(fields["Uid"].split()) == {str(user)}, fields["Uid"]
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[name], 16) == 0, (name, fields[name])
    assert fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2"
    assert re.match(r"normal: \d+ sockets", host.show("srcportd", "StatusText"))
    # All that it can tell without privilege is there, under these restrictions too.
    rows = host.run(*WALK, h.dotted("srcPortRange"))
    assert len(rows.splitlines()) >= 8, rows
    with h.Listener("127.0.0.1", 9000):
        keep = h.connect_many(20, "127.0.0.1", 9000)
        used = h.dotted("srcPortPoolUsed")
        host.run("systemctl", "kill", "-s", "USR1", "srcportd")  # a poll now
        h.wait_for(lambda: host.run(*WALK, used).split() == ["20"], 10, "20 ports in use")
        h.close_all(keep)
    assert not re.search(r"denied|not permitted|Permission", host.journal("srcportd")), (
        host.journal("srcportd"))


def test_a_master_agent_over_tcp():
    """On this host the unit lets it through."""
    host = machine.installed()
    machine.open_snmpd(host)
    address = "agentXSocket tcp:127.0.0.1:1705\n"
    host.write("/etc/snmp/snmpd.conf.d/zz-tcp.conf", address)
    host.write("/etc/snmp/srcportd.conf", "interval 1\n" + address)
    host.run("systemctl", "restart", "snmpd")
    host.run("systemctl", "start", "srcportd")
    assert h.wait_for(lambda: served(host), 15, "snmpd serves SRCPORT-MIB") == 1


def test_reload():
    """A good file counts at once; a bad one fails the reload, and the service runs on."""
    host = machine.installed()
    host.run("systemctl", "start", "srcportd")
    pid = host.show("srcportd", "MainPID")
    host.write("/etc/snmp/srcportd.conf", "target here 127.0.0.1\n")
    host.run("systemctl", "reload", "srcportd")
    h.wait_for(lambda: "reloaded: 1 target" in host.journal("srcportd"), 10, "the reload")
    host.write("/etc/snmp/srcportd.conf", "nonsense\n")
    status, _ = host.run("systemctl", "reload", "srcportd", status=True)
    assert status != 0
    assert "srcportd.conf:1" in host.journal("srcportd")
    h.wait_for(lambda: host.show("srcportd", "ActiveState") == "active", 10, "active again")
    assert host.show("srcportd", "MainPID") == pid


def test_without_snmpd():
    """It starts, is ready, and its log says what to do; snmpd comes later and is found."""
    host = machine.installed()
    host.run("systemctl", "start", "srcportd")
    assert host.show("srcportd", "ActiveState") == "active"
    assert host.show("snmpd", "ActiveState") == "inactive"
    assert "no AgentX master agent at /var/agentx/master" in host.journal("srcportd")
    machine.open_snmpd(host)
    h.wait_for(lambda: served(host), 10, "snmpd serves SRCPORT-MIB")
    host.run("systemctl", "stop", "snmpd")
    assert host.show("srcportd", "ActiveState") == "active"


def test_wrong_configuration():
    """No restart loop: it fails once, with exit status 3 and the reason in the journal."""
    host = machine.installed()
    host.write("/etc/snmp/srcportd.conf", "interval never\n")
    assert host.run("systemctl", "start", "srcportd", status=True)[0] != 0
    assert host.show("srcportd", "ExecMainStatus") == "3"
    assert host.show("srcportd", "ActiveState") == "failed"
    assert host.show("srcportd", "NRestarts") == "0"
    assert 'interval: found "never"' in host.journal("srcportd")


def test_crash_and_stop():
    """Killed, it is started again; stopped, it has gone without a trace of a failure."""
    host = machine.installed()
    host.run("systemctl", "start", "srcportd")
    pid = host.show("srcportd", "MainPID")
    host.run("kill", "-SEGV", pid)
    h.wait_for(lambda: host.show("srcportd", "MainPID") not in ("0", pid) and
               host.show("srcportd", "ActiveState") == "active", 20, "another process")
    host.run("systemctl", "stop", "srcportd")
    assert host.show("srcportd", "Result") == "success"
    assert host.show("srcportd", "ActiveState") == "inactive"


def test_without_internet_sockets():
    """A stricter administrator costs one feature test, not the service."""
    host = machine.installed()
    machine.open_snmpd(host)
    machine.drop_in(host, "strict.conf", "[Service]\nRestrictAddressFamilies=\n"
                    "RestrictAddressFamilies=AF_UNIX AF_NETLINK\n")
    host.run("systemctl", "start", "srcportd")
    assert h.wait_for(lambda: served(host), 10, "snmpd serves SRCPORT-MIB") == 1
    name = h.dotted("srcPortPollErrors.0")
    assert host.run("snmpget", *WALK[1:], name).strip() == "0"


def test_watchdog():
    """A daemon that no longer polls is started anew."""
    host = machine.installed()
    machine.drop_in(host, "soon.conf", "[Service]\nWatchdogSec=2\nTimeoutStopSec=1\nExecStart=\n"
                    "ExecStart=/usr/sbin/srcportd --interval 1\n")
    host.run("systemctl", "start", "srcportd")
    pid = host.show("srcportd", "MainPID")
    # It asked for more than the unit gives: a poll may take long.
    h.wait_for(lambda: host.show("srcportd", "WatchdogUSec") == "32s", 5, "32 s of patience")
    host.run("kill", "-STOP", pid)
    h.wait_for(lambda: host.show("srcportd", "MainPID") not in ("0", pid), 60, "another process")
    assert "Watchdog timeout" in host.journal("srcportd")


if __name__ == "__main__":
    h.main()
