#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The unit as `make install` puts it, under a real systemd beside Debian's own snmpd."""
import os
import re
import shutil
import subprocess

import harness as h
import machine

UNIT = os.path.join(h.ROOT, "conf/systemd/srcportd.service")
DROP_INS = os.path.join(h.ROOT, "conf/systemd/srcportd.service.d")
EXAMPLE = "/usr/share/doc/srcportd/examples/"
# To the master agent of the machine, which listens where Debian lets it.
WALK = ["snmpwalk", "-v2c", "-c", "public", "-Oqvt", "127.0.0.1"]


def exposure(*drop_ins):
    """What `systemd-analyze security` says of the unit with these drop-ins."""
    if not shutil.which("systemd-analyze"):
        raise h.Skip("no systemd-analyze here")
    path = os.path.join(h.directory(), "units")
    os.makedirs(path + "/srcportd.service.d", exist_ok=True)
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


def installed():
    """A machine with srcportd installed and nothing else done."""
    host = machine.Machine()
    h.run("make", "-s", "-C", h.ROOT, "DEPS=no", "install", "DESTDIR=" + host.file("/"),
          "prefix=/usr")
    host.run("systemd-sysusers")
    host.run("systemctl", "daemon-reload")
    return host


def open_snmpd(host):
    """snmpd as Debian ships it, with our example beside it."""
    host.run("cp", EXAMPLE + "snmpd.conf.d/srcportd-debian.conf",
             "/etc/snmp/snmpd.conf.d/srcportd.conf")
    host.run("systemctl", "start", "snmpd")


def readme(distribution):
    """The commands of the README's blocks for a distribution, one list a block."""
    with open(os.path.join(h.ROOT, "README.md")) as file:
        blocks = re.findall(r"^```sh %s\n(.*?)^```$" % distribution, file.read(), re.M | re.S)
    # The manager of the README is a host of the documentation; here it is this one.
    return [block.replace("192.0.2.1 ", "127.0.0.1 ").replace("sudo ", "") for block in blocks]


def follow(host, blocks):
    """Types what the README says, and waits for what it promises: an answer, a trap, its end."""
    host.run("sh", "-c", 'echo "authCommunity log public" > /etc/snmp/snmptrapd.conf; '
                         "systemd-run -u trapd snmptrapd -f -Lo -On udp:127.0.0.1:162")
    for block in blocks:
        if "snmpget" not in block:
            host.run("sh", "-e", "-c", block)
            continue
        # Whoever types takes longer than the agent to connect.
        before, get, after = re.match(r"(.*?)(^snmpget .*?\n)(.*)", block, re.M | re.S).groups()
        host.run("sh", "-e", "-c", before)
        h.wait_for(lambda: re.search(r"= INTEGER: 1\n", host.run(*get.split())), 15, "an answer")
        host.run("sh", "-e", "-c", after)
    h.wait_for(lambda: "reloaded: 1 target" in host.journal("srcportd"), 10, "the reload")


def test_readme_debian():
    """Five minutes under an snmpd that has run before as Debian ships it."""
    host = installed()
    host.run("systemctl", "start", "snmpd", "srcportd")
    assert "Permission denied" in h.wait_for(lambda: host.journal("srcportd"), 10, "a log")
    follow(host, readme("debian"))


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


def test_readme_rhel():
    """The same with the configuration and the options of RHEL's snmpd."""
    host = installed()
    host.run("sh", "-c", "rm -rf /etc/snmp/snmpd.conf.d")
    host.write("/etc/snmp/snmpd.conf", RHEL_SNMPD_CONF)
    host.write("/etc/systemd/system/snmpd.service", RHEL_SNMPD_SERVICE)
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "start", "snmpd")
    follow(host, readme("rhel"))


def process(host):
    """Fields of /proc/PID/status of the service."""
    pid = host.show("srcportd", "MainPID")
    with open(host.file("/proc/%s/status" % pid)) as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def served(host):
    """The severity as a manager reads it."""
    status, said = host.run("snmpget", *WALK[1:], h.dotted("srcPortSystemSeverity.0"),
                            status=True)
    assert status == 0 and said.strip().isdigit(), said
    return int(said)


def test_stock_snmpd():
    """No user right, no capability, every restriction of the unit: and it serves everything."""
    host = installed()
    open_snmpd(host)
    host.run("systemctl", "start", "srcportd")
    assert host.show("srcportd", "ActiveState") == "active"
    assert h.wait_for(lambda: served(host), 10, "the stock snmpd serves SRCPORT-MIB") == 1
    fields = process(host)
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
        h.wait_for(lambda: host.run(*WALK, used).split() == ["20"], 35, "20 ports in use")
        h.close_all(keep)
    assert not re.search(r"denied|not permitted|Permission", host.journal("srcportd")), (
        host.journal("srcportd"))


def test_reload():
    """A good file counts at once; a bad one fails the reload, and the service runs on."""
    host = installed()
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
    host = installed()
    host.run("systemctl", "start", "srcportd")
    assert host.show("srcportd", "ActiveState") == "active"
    assert host.show("snmpd", "ActiveState") == "inactive"
    assert "no AgentX master agent at /var/agentx/master" in host.journal("srcportd")
    open_snmpd(host)
    h.wait_for(lambda: served(host), 10, "snmpd serves SRCPORT-MIB")
    host.run("systemctl", "stop", "snmpd")
    assert host.show("srcportd", "ActiveState") == "active"


def test_wrong_configuration():
    """No restart loop: it fails once, with exit status 3 and the reason in the journal."""
    host = installed()
    host.write("/etc/snmp/srcportd.conf", "interval never\n")
    assert host.run("systemctl", "start", "srcportd", status=True)[0] != 0
    assert host.show("srcportd", "ExecMainStatus") == "3"
    assert host.show("srcportd", "ActiveState") == "failed"
    assert host.show("srcportd", "NRestarts") == "0"
    assert 'interval: found "never"' in host.journal("srcportd")


def test_crash_and_stop():
    """Killed, it is started again; stopped, it has gone without a trace of a failure."""
    host = installed()
    host.run("systemctl", "start", "srcportd")
    pid = host.show("srcportd", "MainPID")
    host.run("kill", "-SEGV", pid)
    h.wait_for(lambda: host.show("srcportd", "MainPID") not in ("0", pid) and
               host.show("srcportd", "ActiveState") == "active", 20, "another process")
    host.run("systemctl", "stop", "srcportd")
    assert host.show("srcportd", "Result") == "success"
    assert host.show("srcportd", "ActiveState") == "inactive"


def drop_in(host, name, text):
    host.write("/etc/systemd/system/srcportd.service.d/" + name, text)
    host.run("systemctl", "daemon-reload")


def test_without_internet_sockets():
    """A stricter administrator costs one feature test, not the service."""
    host = installed()
    open_snmpd(host)
    drop_in(host, "strict.conf", "[Service]\nRestrictAddressFamilies=\n"
                                 "RestrictAddressFamilies=AF_UNIX AF_NETLINK\n")
    host.run("systemctl", "start", "srcportd")
    assert h.wait_for(lambda: served(host), 10, "snmpd serves SRCPORT-MIB") == 1
    name = h.dotted("srcPortPollErrors.0")
    assert host.run("snmpget", *WALK[1:], name).strip() == "0"


def test_watchdog():
    """A daemon that no longer polls is started anew."""
    host = installed()
    drop_in(host, "soon.conf", "[Service]\nWatchdogSec=2\nExecStart=\n"
                               "ExecStart=/usr/sbin/srcportd --interval 1\n")
    host.run("systemctl", "start", "srcportd")
    pid = host.show("srcportd", "MainPID")
    # It asked for more than the unit gives: a poll may take long.
    h.wait_for(lambda: host.show("srcportd", "WatchdogUSec") == "32s", 5, "32 s of patience")
    host.run("kill", "-STOP", pid)
    h.wait_for(lambda: host.show("srcportd", "MainPID") not in ("0", pid), 60, "another process")
    assert "Watchdog timeout" in host.journal("srcportd")


def test_drop_in_probe():
    """With the drop-in, and only with it, ports in doubt are asked about."""
    host = installed()
    host.write("/etc/snmp/srcportd.conf", "probe yes\n")
    host.run("systemctl", "start", "srcportd")
    assert re.search(r"probe: .*not permitted", host.journal("srcportd")), host.journal("srcportd")
    with open(host.file(EXAMPLE + "systemd/srcportd.service.d/probe.conf")) as file:
        drop_in(host, "probe.conf", file.read())
    host.run("systemctl", "restart", "srcportd")
    fields = process(host)
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 1 << 12, fields
    last_start = host.journal("srcportd").rsplit("polls every", 1)[1]
    assert "probe" not in last_start, last_start


if __name__ == "__main__":
    h.main()
