#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The packages, as a machine takes them: installed, run, upgraded, removed, purged.

`make check-packages` builds them before it runs this: the version of the Makefile, and one after
it. Everything happens on throwaway machines.
"""
import glob
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "integration"))
import harness as h  # pylint: disable=wrong-import-position
import machine  # pylint: disable=wrong-import-position

PACKAGES = os.path.join(h.ROOT, "build/packages")
EXAMPLE = "/usr/share/doc/srcportd/examples/snmpd.conf.d/srcportd-debian.conf"
CONFIGURATION = "/etc/snmp/srcportd.conf"
NEXT = "99.0"
# This machine's own packages are not rpm's; Debian's rpm wants to be told that we know.
RPM = ["rpm", "--nodeps"] + (["--force-debian"] if os.path.exists("/etc/debian_version") else [])


def package(pattern):
    """The one file in build/packages of that name."""
    found = glob.glob(os.path.join(PACKAGES, pattern))
    assert len(found) == 1, "%s: %s (make check-packages builds it)" % (pattern, found)
    return found[0]


def version():
    with open(os.path.join(h.ROOT, "Makefile")) as file:
        return next(line.split()[-1] for line in file if line.startswith("VERSION"))


def carried(host, pattern):
    """A package, where the machine sees it."""
    return shutil.copy(package(pattern), host.file("/root")).replace(host.file("/"), "/", 1)


def deb(host, number):
    return carried(host, "srcportd_%s_*.deb" % number)


def rpm(host, number):
    return carried(host, "srcportd-%s-*.rpm" % number)


def files(host):
    """Every file of the machine with our name, but for what only grows."""
    listing = host.run("find", "/etc", "/usr", "/var", "-xdev", "(", "-type", "f", "-o", "-type",
                       "l", ")", "-path", "*srcport*", "-not", "-path", "/var/log/*",
                       check=False)
    return set(listing.splitlines())


def running(host):
    """The version of the service that runs as /usr/sbin/srcportd now."""
    assert host.show("srcportd", "ActiveState") == "active", host.journal("srcportd")
    pid = host.show("srcportd", "MainPID")
    return host.run("/proc/%s/exe" % pid, "--version").split()[1]


def served(host):
    status, said = host.run("snmpget", "-v2c", "-c", "public", "-Oqvt", "127.0.0.1",
                            h.dotted("srcPortSystemSeverity.0"), status=True)
    assert status == 0 and said.strip() in ("1", "2", "3"), said
    return True


def test_lintian():
    if not shutil.which("lintian"):
        raise h.Skip("no lintian here")
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning",
                           package("srcportd_%s_*.changes" % version())], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, check=False)
    assert done.returncode == 0, done.stdout


def test_versions_agree():
    """One number: Makefile, Debian's changelog, the RPM's spec, the program."""
    number = version()
    with open(os.path.join(h.ROOT, "conf/packaging/debian/changelog")) as file:
        assert file.readline().startswith("srcportd (%s) " % number)
    with open(os.path.join(h.ROOT, "conf/packaging/rpm/srcportd.spec")) as file:
        assert "%%global version_given %s}" % number in file.read()
    assert h.srcportd("--version")[1] == "srcportd %s\n" % number


def test_debian_package():
    host = machine.Machine()
    before = files(host)

    host.run("dpkg", "-i", deb(host, version()))
    assert running(host) == version()
    assert host.run("systemctl", "is-enabled", "srcportd").strip() == "enabled"
    pid = host.show("srcportd", "MainPID")
    assert host.run("ps", "-o", "user=", "-p", pid).strip() == "srcportd"
    host.run("cp", EXAMPLE, "/etc/snmp/snmpd.conf.d/srcportd.conf")
    host.run("systemctl", "restart", "snmpd")
    h.wait_for(lambda: served(host), 15, "the stock snmpd serves SRCPORT-MIB")
    assert host.run("man", "-w", "srcportd", check=False).strip().endswith("srcportd.8.gz") or \
        not shutil.which("man")

    # An upgrade restarts it and asks nothing about a file that the administrator changed.
    host.write(CONFIGURATION, "# mine\ncloseWait 500\n")
    host.run("dpkg", "-i", deb(host, NEXT))
    assert running(host) == NEXT
    assert host.show("srcportd", "MainPID") != pid
    with open(host.file(CONFIGURATION)) as file:
        assert file.read().startswith("# mine")
    h.wait_for(lambda: served(host), 15, "served again")

    host.run("dpkg", "-r", "srcportd")
    assert host.show("srcportd", "ActiveState") == "inactive"
    assert not os.path.exists(host.file("/usr/sbin/srcportd"))
    assert os.path.exists(host.file(CONFIGURATION))
    host.run("dpkg", "-P", "srcportd")
    left = files(host) - before
    assert left == {"/etc/snmp/snmpd.conf.d/srcportd.conf"}, left  # what the administrator put there
    assert not os.path.exists(host.file("/var/lib/srcportd"))


def test_rpm_package():
    """What rpm itself can say on a machine that is not its own: files, scripts, configuration."""
    if not shutil.which("rpm"):
        raise h.Skip("no rpm here")
    host = machine.Machine()
    before = files(host)
    assert host.run("getent", "passwd", "srcportd", status=True)[0] != 0
    host.run(*RPM, "-i", rpm(host, version()))
    assert host.run("getent", "passwd", "srcportd").split(":")[6].strip() == "/sbin/nologin"
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "start", "srcportd")
    assert running(host) == version()

    host.write(CONFIGURATION, "# mine\n")
    host.run(*RPM, "-U", rpm(host, NEXT))
    with open(host.file(CONFIGURATION)) as file:
        assert file.read() == "# mine\n"
    host.run("systemctl", "restart", "srcportd")
    assert running(host) == NEXT

    host.run("systemctl", "stop", "srcportd")
    host.run(*RPM, "-e", "srcportd")
    left = files(host) - before
    assert {name for name in left if "/var/lib/rpm/" not in name} <= {
        CONFIGURATION + ".rpmsave"}, left
    assert not os.path.exists(host.file("/var/lib/srcportd"))


if __name__ == "__main__":
    h.main()
