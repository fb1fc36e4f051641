# SPDX-License-Identifier: ISC
"""librenms: conf/librenms/: sensors for the os_discovery file of linux, and a trap handler."""
import rows
import text

# Generic states of LibreNMS: 0 ok, 1 warning, 2 critical, 3 unknown.
GENERIC = {"normal": 0, "warning": 1, "critical": 2, "unknown": 3}
LOG_SEVERITY = {"critical": "Error", "warning": "Warning", "normal": "Ok"}
# A sensor_index has room for 128 characters, which the names of namespaces and the index of a NAT
# pool do not leave.
TOO_LONG = ("srcPortNatPoolTable", "srcPortNetnsTable", "srcPortNetnsRangeTable",
            "srcPortNetnsPoolTable")
# Indexes as numbers: LibreNMS appends them to num_oid.
FLAGS = "-OQUsbet"

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
        $key = $trap->getOidData($trap->findOid('SRCPORT-MIB::%(key)s'));
        $trap->log($text, Severity::%(severity)s, 'srcport', $key);
    }
}
"""


def _states(item):
    return [{"value": number, "generic": GENERIC[label], "graph": 0, "descr": label}
            for number, label in sorted(item.enum.items())]


def _sensor(item, descr, index, **more):
    return dict({"oid": item.name, "value": item.name,
                 "num_oid": ".%s.{{ $index }}" % item.oid, "descr": descr,
                 "index": "%s.{{ $index }}" % index, "group": "TCP source ports"}, **more)


def _row_sensors(mib, table):
    """State, count and percent of each row."""
    thing, name = rows.thing(table).capitalize(), rows.label(mib, table).name
    found = []
    for sensor, suffix, more in (("state", "Severity", {}), ("count", "Remaining", {}),
                                 ("percent", "Percent", {"warn_limit": 80, "high_limit": 95})):
        item = mib.column(table, suffix)
        if item is None or (sensor == "count" and mib.column(table, "Severity") is None):
            continue
        made = _sensor(item, "%s {{ $%s }}" % (thing, name), item.name, snmp_flags=FLAGS, **more)
        made["oid"] = table.name
        if sensor == "state":
            made.update(state_name="srcPortSeverity", states=_states(item))
        found.append((sensor, made))
    return found


def sensors(mib):
    """{sensor class: list of its sensors}."""
    found = {"state": [], "count": [], "percent": []}
    for name in ("srcPortSystemSeverity", "srcPortLimitsSeverity", "srcPortUdpIpv4Severity",
                 "srcPortUdpIpv6Severity", "srcPortNatSeverity", "srcPortNetnsWorstSeverity",
                 "srcPortInboundSeverity"):
        item = mib.object(name)
        found["state"].append(_sensor(item, text.words(name), name, state_name="srcPortSeverity",
                                      states=_states(item)))
    for name, more in (("srcPortSystemLeastRemaining", {}), ("srcPortRangeFree", {}),
                       ("srcPortUdpIpv4Remaining", {}), ("srcPortUdpIpv6Remaining", {})):
        found["count"].append(_sensor(mib.object(name), text.words(name), name, **more))
    found["percent"].append(_sensor(mib.object("srcPortSystemHighestPercent"),
                                    "Fullest pool", "srcPortSystemHighestPercent",
                                    warn_limit=80, high_limit=95))
    for table in rows.discovered(mib):
        if table.name in TOO_LONG:
            continue
        for sensor, made in _row_sensors(mib, table):
            found[sensor].append(made)
    return found


def _handlers(mib):
    made = {}
    for one in mib.notifications():
        name = one.name[0].upper() + one.name[1:]
        message = rows.position(one, "Message")
        key = rows.position(one, "Key") or rows.position(one, "Subject") or message
        if not message:
            continue
        made["librenms/Handlers/%s.php" % name] = HANDLER % {
            "header": text.header("Trap handler for LibreNMS.", "//").rstrip("\n") + "\n",
            "name": name, "message": one.objects[message - 1], "key": one.objects[key - 1],
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
    tree = {"mib": "SRCPORT-MIB", "modules": {"sensors": {
        sensor: {"data": data} for sensor, data in sensors(mib).items()}}}
    return dict(_handlers(mib), **{
        "librenms/srcportd.yaml":
            text.header("Sensors for LibreNMS, to be merged into os_discovery/linux.yaml.")
            + text.yaml(tree)})
