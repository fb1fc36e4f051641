#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The packages, as a machine takes them: installed, run, upgraded, removed, purged.

`make check-packages` builds them before it runs this: the version of NEWS, and the same as 0.1.0.
The folder 0.1.0 has what that release really left on a machine: every token of its configuration,
and the file of an alarm. Everything happens on throwaway machines.
"""
import filecmp
import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "integration"))
import harness as h  # pylint: disable=wrong-import-position
import isolate  # pylint: disable=wrong-import-position
import machine  # pylint: disable=wrong-import-position

PACKAGES = os.path.join(h.ROOT, "build/packages")
EXAMPLE = "/usr/share/doc/srcportd/examples/snmpd.conf.d/srcportd-debian.conf"
CONFIGURATION = "/etc/snmp/srcportd.conf"
FIRST = "0.1.0"
LEFT = os.path.join(os.path.dirname(os.path.abspath(__file__)), FIRST)
STATE = "/var/lib/srcportd/alarms"


def rpm_command():
    """This machine's own packages are not rpm's; some of Debian's rpm want to be told that we know."""
    said = subprocess.run(["rpm", "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, check=False).stdout
    return ["rpm", "--nodeps"] + (["--force-debian"] if "--force-debian" in said else [])


def package(pattern):
    """The one file in build/packages of that name."""
    found = glob.glob(os.path.join(PACKAGES, pattern))
    assert len(found) == 1, "%s: %s (make check-packages builds it)" % (pattern, found)
    return found[0]


def version():
    with open(os.path.join(h.ROOT, "NEWS")) as file:
        return file.readline().split()[1]


def carried(host, pattern):
    """A package, where the machine sees it."""
    return shutil.copy(package(pattern), host.file("/root")).replace(host.file("/"), "/", 1)


def deb(host, number):
    return carried(host, "srcportd_%s-1_*.deb" % number)


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
                           "--suppress-tags", "newer-standards-version,initial-upload-closes-no-bugs",
                           *(package("srcportd_%s-1_%s.changes" % (version(), kind))
                             for kind in ("[!s]*", "source"))], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, check=False)
    assert done.returncode == 0, done.stdout


def test_source_package():
    """What dpkg-source unpacks is the tarball's, and the packaging beside it."""
    tree = os.path.join(isolate.directory(), "unpacked")
    subprocess.run(["dpkg-source", "-x", package("srcportd_%s-1.dsc" % version()), tree],
                   stdout=subprocess.DEVNULL, check=True)
    for name in ("control", "rules", "changelog", "tests/control"):
        assert filecmp.cmp(os.path.join(tree, "debian", name),
                           os.path.join(tree, "conf/packaging/debian", name), shallow=False), name
    with open(os.path.join(tree, "debian/control")) as file:
        said = file.read()
    assert re.search(r"^Maintainer: .+ <\S+@\S+>$", said, re.M), said


def test_tarball():
    """It has no git and builds without; made again from what was unpacked, it is the same; its version
    is that of NEWS in all that names one."""
    number = version()
    made = package("srcportd-%s.tar.gz" % number)
    subprocess.run(["tar", "-xzf", made, "-C", isolate.directory()], check=True)
    tree = os.path.join(isolate.directory(), "srcportd-" + number)
    assert not os.path.exists(tree + "/.git")
    without = {"PATH": os.environ["PATH"], "GIT_DIR": "/nonexistent"}
    done = subprocess.run(["make", "-C", tree, "V=1", "DEPS=no", "all", "dist"], env=without,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, check=False)
    assert done.returncode == 0 and "-Werror" not in done.stdout, done.stdout
    assert filecmp.cmp(made, tree + "/build/packages/" + os.path.basename(made), shallow=False)
    said = subprocess.run([tree + "/build/srcportd", "--version"], stdout=subprocess.PIPE,
                          universal_newlines=True, check=True).stdout
    assert said == "srcportd %s\n" % number
    with open(tree + "/conf/packaging/debian/changelog") as file:
        assert file.readline().startswith("srcportd (%s-1) " % number)
    with open(tree + "/conf/packaging/rpm/srcportd.spec") as file:
        assert "\nVersion:        %s\n" % number in file.read()


def test_first_look():
    """Debian's own test of the package (autopkgtest), on a machine of ours."""
    host = machine.Machine()
    host.run("dpkg", "-i", deb(host, version()))
    with open(os.path.join(h.ROOT, "conf/packaging/debian/tests/first-look")) as file:
        host.write("/root/first-look", file.read())
    host.run("sh", "/root/first-look")


def upgraded(host):
    """What 0.1.0 left is in use: no token is refused, and the alarm is the one that began then."""
    said = host.run("srcportd", "--dump-config")
    with open(LEFT + "/srcportd.conf") as file:
        for line in file.read().splitlines():
            # Targets are not printed; that this one is taken shows in its alarm.
            assert line.startswith("target ") or line in said.splitlines(), line
    with open(LEFT + "/alarms") as file:
        alarm = file.read().splitlines()[-1].split()

    def kept():
        with open(host.file(STATE)) as file:
            words = file.read().splitlines()[-1].split()
        assert words[1] == alarm[1] and words[5:] == alarm[5:], words
        return True
    h.wait_for(kept, 15, "the alarm of 0.1.0 goes on")


def leave_behind(host):
    """What 0.1.0 left, in its places."""
    with open(LEFT + "/srcportd.conf") as file:
        host.write(CONFIGURATION, file.read())
    with open(LEFT + "/alarms") as file:
        host.write(STATE, file.read())
    host.run("chown", "srcportd:srcportd", STATE)


def test_debian_package():
    host = machine.Machine()
    before = files(host)

    host.run("dpkg", "-i", deb(host, FIRST))
    assert running(host) == FIRST
    assert host.run("systemctl", "is-enabled", "srcportd").strip() == "enabled"
    pid = host.show("srcportd", "MainPID")
    assert host.run("ps", "-o", "user=", "-p", pid).strip() == "srcportd"
    host.run("install", "-D", "-m", "644", EXAMPLE, "/etc/snmp/snmpd.conf.d/srcportd.conf")
    host.run("systemctl", "restart", "snmpd")
    h.wait_for(lambda: served(host), 15, "the stock snmpd serves SRCPORT-MIB")
    assert host.run("man", "-w", "srcportd", check=False).strip().endswith("srcportd.8.gz") or \
        not shutil.which("man")

    # An upgrade restarts it and asks nothing about a file that the administrator changed.
    host.run("systemctl", "stop", "srcportd")
    leave_behind(host)
    host.run("systemctl", "start", "srcportd")
    pid = host.show("srcportd", "MainPID")
    host.run("dpkg", "-i", deb(host, version()))
    assert running(host) == version()
    assert host.show("srcportd", "MainPID") != pid
    upgraded(host)
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
    command = rpm_command()
    host.run(*command, "-i", rpm(host, FIRST))
    assert host.run("getent", "passwd", "srcportd").split(":")[6].strip().endswith("/nologin")
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "start", "srcportd")
    assert running(host) == FIRST

    host.run("systemctl", "stop", "srcportd")
    leave_behind(host)
    host.run(*command, "-U", rpm(host, version()))
    host.run("systemctl", "restart", "srcportd")
    assert running(host) == version()
    upgraded(host)

    host.run("systemctl", "stop", "srcportd")
    host.run(*command, "-e", "srcportd")
    left = files(host) - before
    assert {name for name in left if "/var/lib/rpm/" not in name} <= {
        CONFIGURATION + ".rpmsave", STATE}, left  # what somebody may install again for


if __name__ == "__main__":
    h.main()
