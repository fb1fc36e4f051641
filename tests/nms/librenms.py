# SPDX-License-Identifier: ISC
"""librenms: conf/librenms/: sensors for the os_discovery file of linux, and a trap handler."""
import rows
import text

# Generic states of LibreNMS: 0 ok, 1 warning, 2 critical, 3 unknown.
GENERIC = {"normal": 0, "warning": 1, "critical": 2, "unknown": 3}
LOG_SEVERITY = {"critical": "Error", "warning": "Warning", "normal": "Ok"}
# What its database has room for: a sensor's index, and an event's reference.
INDEX_MAX, REFERENCE_MAX = 128, 64
# Indexes as numbers, which LibreNMS appends to num_oid, and names with their module.
FLAGS = "-OQUSbet"
MODULE = "SRCPORT-MIB::"

HANDLER = """<?php

%(header)s
namespace LibreNMS\\Snmptrap\\Handlers;

use App\\Models\\Device;
use LibreNMS\\Enum\\Severity;
use LibreNMS\\Interfaces\\SnmptrapHandler;
use LibreNMS\\Snmptrap\\Trap;

class %(name)s implements SnmptrapHandler
{
    public function handle(Device $device, Trap $trap)
    {
        $text = $trap->getOidData($trap->findOid('SRCPORT-MIB::%(message)s'));
%(reference)s        $trap->log($text, Severity::%(severity)s, 'srcport', $reference);
    }
}
"""
# The subject, which the notifications about it have in common; a long one by its digest.
REFERENCE = """\
        $key = $trap->getOidData($trap->findOid('SRCPORT-MIB::%s'));
        $reference = strlen($key) <= %d ? $key : md5($key);
"""
NO_REFERENCE = "        $reference = null;\n"


def _states(item):
    return [{"value": number, "generic": GENERIC[label], "graph": 0, "descr": label}
            for number, label in sorted(item.enum.items())]


def _sensor(item, descr, **more):
    """descr: what the sensor is called, and beside the class what tells it from others."""
    return dict({"oid": MODULE + item.name, "value": MODULE + item.name,
                 "num_oid": ".%s.{{ $index }}" % item.oid, "descr": descr,
                 "index": descr, "group": "Source ports"}, **more)


def _row_sensors(mib, table):
    """State, count and percent of each row, under its name: OIDs are longer than an index may be. A
    name that is too long all the same has no sensor, but its host keeps all others."""
    name = rows.name_of(mib, table)
    thing = rows.title(table) + " "
    room = INDEX_MAX - len(thing)
    found = []
    for sensor, suffix, more in (("state", "Severity", {}), ("count", "Remaining", {}),
                                 ("percent", "Percent", {"warn_limit": 80, "high_limit": 95})):
        item = mib.column(table, suffix)
        if item is None or (sensor == "count" and not rows.stays(mib, table)):
            continue
        made = _sensor(item, "%s{{ %s%s }}" % (thing, MODULE, name.name), snmp_flags=FLAGS, **more)
        made["oid"] = MODULE + table.name
        if sensor == "state":
            made.update(state_name="srcPortSeverity", states=_states(item))
        if name.high is None or name.high > room:
            made["skip_values"] = [{"oid": MODULE + name.name, "op": "regex",
                                    "value": "/^.{%d}/" % (room + 1)}]
        found.append((sensor, made))
    return found


def _left(item):
    """Whether a scalar says what is left, of which 0 is bad."""
    return item.units == "ports" and item.name.endswith(("Remaining", "Free"))


def sensors(mib):
    """{sensor class: list of its sensors}. An instance that has gone reads as 0, which a count of
    ports must not; rows of namespaces' pools are not told apart by their names, and their
    namespaces have a row each that says which is the worst."""
    found = {"state": [], "count": [], "percent": []}
    for item in rows.severities(mib):
        found["state"].append(_sensor(item, text.words(item.name), state_name="srcPortSeverity",
                                      states=_states(item)))
    for item in mib.scalars():
        if _left(item):
            found["count"].append(_sensor(item, text.words(item.name)))
        elif item.units == "percent":
            found["percent"].append(_sensor(item, text.words(item.name), warn_limit=80,
                                            high_limit=95))
    for table in rows.discovered(mib):
        if rows.ambiguous(mib, table):
            continue
        for sensor, made in _row_sensors(mib, table):
            found[sensor].append(made)
    return found


def _handlers(mib):
    made = {}
    for one in mib.notifications():
        name = one.name[0].upper() + one.name[1:]
        message = rows.position(one, "Message")
        key = rows.position(one, "Key") or rows.position(one, "Subject")
        if not message:
            continue
        made["librenms/Handlers/%s.php" % name] = HANDLER % {
            "header": text.header("Trap handler for LibreNMS.", "//").rstrip("\n") + "\n",
            "name": name, "message": one.objects[message - 1],
            "reference": REFERENCE % (one.objects[key - 1], REFERENCE_MAX) if key else NO_REFERENCE,
            "severity": LOG_SEVERITY[rows.severity_of(one)]}
    if made:
        lines = ["        'SRCPORT-MIB::%s' => \\LibreNMS\\Snmptrap\\Handlers\\%s::class," % (
            one.name, one.name[0].upper() + one.name[1:]) for one in mib.notifications()
                 if rows.position(one, "Message")]
        made["librenms/snmptraps.php"] = (
            "<?php\n\n%s\nreturn [\n    'trap_handlers' => [\n%s\n    ],\n];\n" % (
                text.header("To be merged into config/snmptraps.php of LibreNMS.", "//"),
                "\n".join(lines)))
    return made


def files(mib):
    """{path below conf/: text}."""
    tree = {"modules": {"sensors": {
        sensor: {"data": data} for sensor, data in sensors(mib).items()}}}
    return dict(_handlers(mib), **{
        "librenms/srcportd.yaml":
            text.header("Sensors for LibreNMS, to be merged into os_discovery/linux.yaml.")
            + text.yaml(tree)})
