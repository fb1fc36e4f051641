#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What follows from the MIB under conf/ follows from it alone: now, with objects that it does not have
yet, and wherever the module hangs."""
import glob
import os
import subprocess

import harness as h
import nms


def generate(mib):
    """(directory with what is made from that file, what could not be made and why)."""
    made = os.path.join(h.directory(), "conf")
    done = subprocess.run([os.path.join(h.ROOT, "tests/nms/generate"), made, mib], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode in (0, 3), done.stdout
    return made, done.stdout.strip() if done.returncode else ""


def test_generated_files_are_current():
    """`make conf` would change nothing."""
    made, said = generate(h.MIB_FILE)
    count = 0
    for path in sorted(glob.glob(os.path.join(made, "**"), recursive=True)):
        if os.path.isfile(path):
            with open(path) as file:
                wanted = file.read()
            path = os.path.relpath(path, made)
            assert nms.conf(path) == wanted, "%s does not follow from the MIB: make conf" % path
            count += 1
    assert count >= 7, count
    return "%d files%s" % (count, "; " + said if said else "")


# What a manager sees of an object that did not exist when these files were written.
SCALAR = """
srcPortZebraSeverity OBJECT-TYPE
    SYNTAX SrcPortSeverity
    MAX-ACCESS read-only
    STATUS current
    DESCRIPTION "How the zebras are."
    ::= { srcPortSystem 91 }

srcPortZebraRemaining OBJECT-TYPE
    SYNTAX Gauge32 (0..65535)
    UNITS "ports"
    MAX-ACCESS read-only
    STATUS current
    DESCRIPTION "Ports that zebras have left."
    ::= { srcPortSystem 92 }
"""
TABLE = """
srcPortZebrasTable OBJECT-TYPE
    SYNTAX SEQUENCE OF SrcPortZebrasEntry
    MAX-ACCESS not-accessible
    STATUS current
    DESCRIPTION "Zebras."
    ::= { srcPortObjects 91 }

srcPortZebrasEntry OBJECT-TYPE
    SYNTAX SrcPortZebrasEntry
    MAX-ACCESS not-accessible
    STATUS current
    DESCRIPTION "A zebra."
    INDEX { srcPortZebrasNumber }
    ::= { srcPortZebrasTable 1 }

SrcPortZebrasEntry ::= SEQUENCE {
    srcPortZebrasNumber Unsigned32,
    srcPortZebrasName SnmpAdminString,
    srcPortZebrasRemaining Gauge32,
    srcPortZebrasSeverity SrcPortSeverity,
    srcPortZebrasCause SrcPortCause
}

srcPortZebrasNumber OBJECT-TYPE
    SYNTAX Unsigned32 (1..65535)
    MAX-ACCESS not-accessible
    STATUS current
    DESCRIPTION "A number."
    ::= { srcPortZebrasEntry 1 }
""" + "".join("""
srcPortZebras%s OBJECT-TYPE
    SYNTAX %s
    MAX-ACCESS read-only
    STATUS current
    DESCRIPTION "Of a zebra."
    ::= { srcPortZebrasEntry %d }
""" % one for one in (("Name", "SnmpAdminString (SIZE (0..160))", 2), ("Remaining", "Gauge32 (0..65535)", 3),
                      ("Severity", "SrcPortSeverity", 4), ("Cause", "SrcPortCause", 5)))
NOTIFICATION = """
srcPortZebraCritical NOTIFICATION-TYPE
    OBJECTS { srcPortAlarmSeverity, srcPortAlarmKey, srcPortAlarmMessage }
    STATUS current
    DESCRIPTION "A zebra."
    --#TYPE "Zebra"
    --#SUMMARY "%s"
    --#ARGUMENTS {2}
    --#SEVERITY CRITICAL
    ::= { srcPortNotifications 91 }
"""
# What each shows: scalars that are numbers, severities among them, rows, notifications.
SHOWS = {
    "snmp_exporter/snmp.yml": ("number", "severity", "row"),
    "snmp_exporter/snmp-0.22.yml": ("number", "severity", "row"),
    "zabbix/srcportd.yaml": ("number", "severity", "row", "notification"),
    "librenms/srcportd.yaml": ("number", "severity", "row"),
    "librenms/snmptraps.php": ("notification",),
    "opennms/datacollection/srcportd.xml": ("number", "severity", "row"),
    "opennms/events/srcportd.events.xml": ("notification",),
    "snmptt/snmptt.conf.srcportd": ("notification",),
    "telegraf/srcportd.conf": ("number", "severity", "row"),
    "telegraf/srcportd-traps.conf": ("notification",),
    "grafana/srcportd.json": ("severity",),
    "centreon/srcportd.json": ("number", "severity", "row"),
    "netdata/srcportd.yaml": ("number", "severity", "row"),
    "datadog/srcportd.yaml": ("number", "severity", "row"),
    "checkmk/srcportd.py": ("number", "severity", "row"),
}


def test_new_objects_reach_every_artefact():
    """A scalar, a severity, a table and a notification that the MIB gets are in all that is made
    from it, without a change of what makes it."""
    with open(h.MIB_FILE) as file:
        text = file.read()
    end = text.rindex("END")
    path = nms.write("SRCPORT-MIB.txt", text[:end] + SCALAR + TABLE + NOTIFICATION + text[end:])
    made, said = generate(path)
    root = h.dotted("srcPortMIB")[1:]
    signs = {"number": ("srcPortZebraRemaining", root + ".1.1.92", '"1.92.0"'),
             "severity": ("srcPortZebraSeverity", root + ".1.1.91", '"1.91.0"'),
             "row": ("srcPortZebrasRemaining", "srcPortZebrasTable", root + ".1.91.1"),
             "notification": ("srcPortZebraCritical",)}
    missing = []
    for path, kinds in SHOWS.items():
        if not os.path.exists(os.path.join(made, path)):
            assert said, path
            continue
        with open(os.path.join(made, path)) as file:
            content = file.read()
        missing += [(path, kind) for kind in kinds if not any(sign in content for sign in signs[kind])]
    assert not missing, missing
    graphs = os.path.join(made, "opennms/snmp-graph.properties.d/srcportd-graph.properties")
    with open(graphs) as file:
        assert "spZebrasRemaining" in file.read()


def test_another_root():
    """What `make install` puts into the texts for another OID_ROOT is what would be made with it."""
    elsewhere = (1, 3, 6, 1, 4, 1, 4242, 1)
    with open(h.MIB_FILE) as file:
        text = file.read()
    root = ".".join(map(str, h.root()))
    here, there = "netSnmpPlaypen 7777", "netSnmp 1"
    if here not in text:
        raise h.Skip("this build hangs elsewhere already")
    text = text.replace(here, there).replace("{ enterprises 8072 }", "{ enterprises 4242 }")
    made, _ = generate(nms.write("SRCPORT-MIB.txt", text))
    count = 0
    for path in sorted(glob.glob(os.path.join(made, "**"), recursive=True)):
        if os.path.isfile(path):
            with open(path) as file:
                wanted = file.read()
            adapted = nms.conf(os.path.relpath(path, made)).replace(
                root, ".".join(map(str, elsewhere)))
            assert adapted == wanted, path
            count += 1
    return "%d files" % count


if __name__ == "__main__":
    h.main()
