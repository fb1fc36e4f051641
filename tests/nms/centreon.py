# SPDX-License-Identifier: ISC
"""centreon: conf/centreon/srcportd.json, for the mode that collects what a file says."""
import json
import re

import rows
import text


def _label(item):
    """Names there are letters and digits."""
    return item.name[len("srcPort")].lower() + item.name[len("srcPort") + 1:]


def _label_of(table):
    return table.name[len("srcPort")].lower() + table.name[len("srcPort") + 1:-len("Table")]


def _mapping(item):
    return "severity" if item.name.endswith("Severity") else "cause"


def _entry(item, suffix=""):
    made = {"name": _label(item), "oid": ".%s%s" % (item.oid, suffix)}
    if item.name.endswith(("Severity", "Cause")):
        made["map"] = _mapping(item)
    return made


def _perfdata(item, name, instances, value):
    unit = item.units.replace(" ", "") or "count"
    made = {"nlabel": "sourceports." + (name if name.endswith(unit) else name + "." + unit),
            "value": value, "min": 0}
    if instances:
        made["instances"] = instances
    if item.units == "percent":
        made.update(max=100, unit="%")
    return made


def _judged(severity):
    return {"unknown": "%%(%s) eq 'unknown'" % severity, "warning": "%%(%s) eq 'warning'" % severity,
            "critical": "%%(%s) eq 'critical'" % severity}


def _parts(item):
    """System least remaining as system.least.remaining."""
    return ".".join(re.findall(r"[A-Z][a-z0-9]*", item.name[len("srcPort"):])).lower()


def _name(severity):
    """UDP IPv4 of srcPortUdpIpv4Severity."""
    return text.words(severity.name[:-len("Severity")])


def _group(mib, severity, members):
    """What a severity among the scalars says, and the numbers that it is about; nothing where the
    group is not available."""
    message = severity.name[:-len("Severity")] + "Message"
    shown = ["%(severity)"]
    if message in mib:
        shown.append("%%(snmp.leefs.%s)" % _label(mib.object(message)))
    return dict({
        "name": _name(severity), "expand": {"severity": "%%(snmp.leefs.%s)" % _label(severity)},
        "filter": "%(severity) ne ''",
        "perfdatas": [_perfdata(item, _parts(item), None, "%%(snmp.leefs.%s)" % _label(item))
                      for item in _numbers(severity, members)],
        "formatting": {"printf_msg": "%s %s" % (_name(severity), ": ".join(["%s"] * len(shown))),
                       "printf_var": shown, "display_ok": message == "srcPortSystemMessage"}},
        **_judged("severity"))


def _numbers(severity, members):
    """Those that are there whenever the severity is."""
    return [item for item in members if item.kind == "gauge" and item.optional != "own" and (
        not item.optional or severity.optional)]


def _loop(mib, table):
    name = rows.name_of(mib, table)
    label = _label_of(table)
    severity, cause = mib.column(table, "Severity"), mib.column(table, "Cause")
    values = [item for item in rows.shown(mib, table) if item.kind == "gauge" and (
        item.optional != "own" and not item.name.endswith("TimeLeft"))]  # mostly: never

    def value(item):
        return "%%(%s.%s)" % (label, _label(item))

    left = rows.left_of(mib, table)
    said = [value(name), value(severity)] + [value(left)] + ([value(cause)] if cause else [])
    return dict({
        "name": label, "source": "%%(snmp.tables.%s)" % label,
        "expand_table": {label: "%%(snmp.tables.%s.[%%(%s.instance)])" % (label, label)},
        "perfdatas": [_perfdata(item, _parts(item), [value(name)], value(item))
                      for item in values],
        "formatting": {"printf_msg": "%s '%%s' %%s, %%s %s%s" % (
            rows.words(table), "ports left" if "Remaining" in left.name else "ports used at most",
            ", cause %s" if cause else ""),
                       "printf_var": said, "display_ok": False}},
        **_judged("%s.%s" % (label, _label(severity))))


def _table(mib, table):
    name = rows.name_of(mib, table)
    return {"name": _label_of(table),
            "oid": "." + table.oid,
            # What is behind the column; wherever the module is.
            "used_instance": "^.*?%s\\.\\d+\\.(.*)$" % re.escape(table.oid[len(mib.root):]),
            "entries": [_entry(item) for item in [name] + rows.shown(mib, table)]}


def files(mib):
    """{path below conf/: text}."""
    groups = rows.by_severity(mib)
    severities = [severity for severity, _ in groups]
    leefs = severities + [item for severity, members in groups for item in _numbers(severity, members)]
    leefs += [mib.object(severity.name[:-len("Severity")] + "Message") for severity in severities
              if severity.name[:-len("Severity")] + "Message" in mib]
    tables = [table for table in rows.discovered(mib) if mib.column(table, "Severity")]
    tree = {
        "mapping": {"severity": {str(n): label for n, label in severities[0].enum.items()},
                    "cause": {str(n): label for n, label in mib.object(
                        "srcPortPoolCause").enum.items()}},
        "snmp": {"leefs": [_entry(item, ".0") for item in leefs],
                 "tables": [_table(mib, table) for table in tables]},
        "selection": [_group(mib, *one) for one in groups],
        "selection_loop": [_loop(mib, table) for table in tables],
        "formatting": {"custom_message_global": "No source ports are running out", "separator": "-"}}
    return {"centreon/srcportd.json": json.dumps(tree, indent=1) + "\n"}
