#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""check_snmp with the commands of conf/nagios/, and srcportd as a plugin itself."""
import re
import shlex
import subprocess

import harness as h
import nms

PLUGINS = "/usr/lib/nagios/plugins", "/usr/lib64/nagios/plugins"
OK, WARNING, CRITICAL, UNKNOWN = range(4)


def commands():
    """{command_name: command_line} of srcportd.cfg."""
    text = nms.conf("nagios/srcportd.cfg")
    return dict(re.findall(r"command_name\s+(\S+)\n\s+command_line\s+(.*)", text))


def check(name, *arguments):
    """Runs a command as Nagios does: its exit status and its line."""
    plugin = nms.need("check_snmp", "monitoring-plugins-standard", *PLUGINS)
    line = commands()[name].replace("$USER1$", plugin.rsplit("/", 1)[0])
    line = line.replace("$HOSTADDRESS$", "127.0.0.1 -p %d -t 5" % h.PORT)
    line = line.replace("/usr/sbin/srcportd", h.PROGRAM)
    for number, argument in enumerate((*arguments, "", ""), 1):
        line = line.replace("$ARG%d$" % number, argument)
    done = subprocess.run(shlex.split(line), env=h.environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, check=False)
    return done.returncode, done.stdout


def is_now(status, name, *arguments):
    """Waits until a check ends with that status; its line."""
    said = []

    def right():
        said[:] = check(name, *arguments)
        assert said[0] == status, said
        return True

    h.wait_for(right, 15, "%s ends with %d" % (name, status))
    return said[1]


def test_exit_codes_as_a_pool_fills():
    with nms.Host() as host, h.Snmpd() as snmpd:
        assert check("check_srcport_severity", h.COMMUNITY)[0] == UNKNOWN, "no srcportd yet"
        with h.Srcportd(snmpd, config="warningPercent 80 clear 75\nwarningRemaining off\n"):
            line = is_now(OK, "check_srcport_severity", h.COMMUNITY)
            assert "severity 1" in line and "connections will succeed" in line, line
            assert " 60 ports" in is_now(OK, "check_srcport_remaining", h.COMMUNITY, "50", "20")
            assert "40" in is_now(OK, "check_srcport_percent", h.COMMUNITY, "80", "95")
            host.fill(leave=15)
            is_now(WARNING, "check_srcport_severity", h.COMMUNITY)
            assert "*15* ports" in is_now(WARNING, "check_srcport_remaining", h.COMMUNITY, "50",
                                           "10")
            is_now(WARNING, "check_srcport_percent", h.COMMUNITY, "80", "95")
            host.fill()
            is_now(CRITICAL, "check_srcport_severity", h.COMMUNITY)
            is_now(CRITICAL, "check_srcport_remaining", h.COMMUNITY, "50", "10")
            is_now(CRITICAL, "check_srcport_percent", h.COMMUNITY, "80", "95")
            host.drain()
            is_now(OK, "check_srcport_severity", h.COMMUNITY)
        is_now(UNKNOWN, "check_srcport_severity", h.COMMUNITY)


def test_srcportd_is_a_plugin():
    with nms.Host() as host:
        status, line = check("check_srcport_local")
        assert status == WARNING and "|" in line, (status, line)  # fewer than 100 are left
        host.fill()
        assert judged_by_its_data(line) == WARNING, line
        status, line = check("check_srcport_local", "127.0.0.1:9000")
        assert status == CRITICAL and line.startswith("SRCPORT CRITICAL"), (status, line)
        assert judged_by_its_data(line) == CRITICAL, line


def alerts(text, value):
    """Whether a value lies outside a range of the guidelines: "N", "N:", "~:N", or none at all."""
    low, _, high = text.rpartition(":") if ":" in text else ("0", ":", text)
    if low != "~" and low and value < float(low):
        return True
    return bool(high) and value > float(high)


def judged_by_its_data(line):
    """What a scheduler that knows only the performance data would make of it."""
    form = re.compile(r"(\w+)=(\d+)%?;([-~:0-9]*);([-~:0-9]*);(\d*);(\d*)")
    worst = OK
    for word in line.split("|")[1].split():
        found = form.fullmatch(word)
        assert found, word
        _, value, warning, critical, low, high = found.groups()
        assert int(low) <= int(value) <= int(high or value), word
        if critical and alerts(critical, int(value)):
            worst = CRITICAL
        elif warning and alerts(warning, int(value)):
            worst = max(worst, WARNING)
    return worst


ICINGA = """\
const NodeName = "master"
const ZoneName = "master"
const PluginDir = "/usr/lib/nagios/plugins"
include <itl>
include <plugins>
object Endpoint "master" { }
object Zone "master" { endpoints = [ "master" ] }
object Endpoint "web" { }
object Zone "web" { endpoints = [ "web" ]; parent = "master" }
%s
"""
ICINGA_HOSTS = """\
object Host "web" { address = "127.0.0.1"; check_command = "hostalive"; vars.srcportd = true
  vars.snmp_community = "public"; vars.srcportd_local = true; %s }
object Host "db" { address = "127.0.0.1"; check_command = "hostalive"; vars.srcportd_local = true }
"""


def icinga(include, folder, more):
    """What `icinga2 daemon -C` says of conf/'s file in that folder, and its exit status."""
    program = nms.need("icinga2", "icinga2-bin", "/usr/lib/icinga2/sbin")
    top = h.directory()
    nms.write(folder + "/hosts.conf", ICINGA_HOSTS % more)
    nms.write(folder + "/srcportd.conf", nms.conf("nagios/icinga2.conf"))
    main = nms.write("icinga2.conf", ICINGA % include)
    places = ["%s=%s" % (name, top) for name in (
        "ConfigDir", "DataDir", "LogDir", "CacheDir", "SpoolDir", "InitRunDir")]
    places += ["VarsPath=%s/vars" % top, "RunAsUser=root", "RunAsGroup=root"]
    done = subprocess.run([program, "daemon", "-C", "-c", main] + [
        word for place in places for word in ("-D", place)], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    return done.returncode, done.stdout


def test_icinga_takes_the_file():
    """Where the README says to put it."""
    agent = 'vars.srcportd_endpoint = "web"'
    status, said = icinga('include_zones "etc", "zones.d"', "zones.d/master", agent)
    assert status == 0 and "Instantiated 3 Services" in said, said
    status, said = icinga('include_recursive "conf.d"', "conf.d", "")
    assert status == 0 and "Instantiated 3 Services" in said, said
    status, said = icinga('include_recursive "conf.d"', "conf.d", agent)
    assert status == 1 and "requires a zone" in said, said


def test_every_command_has_what_it_names():
    """Services and Icinga's file use OIDs and commands that there are."""
    text = nms.conf("nagios/srcportd.cfg")
    used = set(re.findall(r"check_command\s+(\w+)", text))
    assert used and used <= set(commands()), used
    icinga = nms.conf("nagios/icinga2.conf")
    assert ".%s.0" % h.dotted("srcPortSystemSeverity")[1:] in icinga
    assert icinga.count("{") == icinga.count("}")


if __name__ == "__main__":
    h.main()
