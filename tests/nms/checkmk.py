# SPDX-License-Identifier: ISC
"""checkmk: conf/checkmk/srcportd.py, a plug-in of its agent-based API v2."""
import rows
import text

# What is generated is the data; the code is the same for all groups and tables.
PLUGIN = '''\
"""Source ports of a host by SNMP: the host and its groups, and a service for each row."""
from cmk.agent_based.v2 import (CheckPlugin, Metric, Result, Service, SNMPSection, SNMPTree, State,
                                exists)

STATES = {"1": State.OK, "2": State.WARN, "3": State.CRIT, "4": State.UNKNOWN}
CAUSES = {
%(causes)s}
NEVER = "4294967295"  # of a time that does not come

# (group, its severity, its message or none, {metric: its numbers}); OIDs below BASE.
BASE = ".%(base)s"
GROUPS = (
%(groups)s)
# {service: (OID of the rows, name, severity, cause or none, what is left, {metric: column})}.
TABLES = {
%(tables)s}


def _oids():
    """Every scalar, once."""
    found = []
    for _, severity, message, metrics in GROUPS:
        found += [oid for oid in (severity, message, *metrics.values()) if oid and oid not in found]
    return found


def _columns(table):
    _, name, severity, cause, _, metrics = TABLES[table]
    return [name, severity] + ([cause] if cause else []) + list(metrics.values())


def parse_srcportd(string_tables):
    """{"": {OID: text}, table: {name: {column: text}}}, without what has no instance."""
    scalars = dict(zip(_oids(), string_tables[0][0])) if string_tables[0] else {}
    section = {"": {oid: value for oid, value in scalars.items() if value != ""}}
    for table, rows in zip(TABLES, string_tables[1:]):
        columns = _columns(table)
        section[table] = {row[0]: dict(zip(columns, row)) for row in rows if row[1] != ""}
    return section


snmp_section_srcportd = SNMPSection(
    name="srcportd",
    detect=exists(BASE + ".1.1.0"),
    fetch=[SNMPTree(base=BASE, oids=_oids())] + [
        SNMPTree(base=TABLES[table][0], oids=_columns(table)) for table in TABLES],
    parse_function=parse_srcportd,
)


def _metrics(metrics, values):
    for name, key in metrics.items():
        if values.get(key, "") not in ("", NEVER):
            yield Metric(name, int(values[key]))


def discover_srcportd(section):
    for group, severity, _, _ in GROUPS:
        if severity in section[""]:
            yield Service(item=group)


def check_srcportd(item, section):
    for group, severity, message, metrics in GROUPS:
        if group == item and severity in section[""]:
            said = section[""].get(message) or "severity %%s" %% section[""][severity]
            yield Result(state=STATES.get(section[""][severity], State.UNKNOWN), summary=said)
            yield from _metrics(metrics, section[""])


check_plugin_srcportd = CheckPlugin(
    name="srcportd",
    service_name="Source ports %%s",
    discovery_function=discover_srcportd,
    check_function=check_srcportd,
)


def _row_plugin(table):
    def discover(section):
        for name in section[table]:
            yield Service(item=name)

    def check(item, section):
        _, _, severity, cause, left, metrics = TABLES[table]
        row = section[table].get(item)
        if row is None:
            yield Result(state=State.OK, summary="No sockets: it comes back with the next one")
            return
        said = "%%s %%s" %% (row[left[0]], left[1])
        if cause and row[cause] != "1":
            said += ", cause: " + CAUSES.get(row[cause], row[cause])
        yield Result(state=STATES.get(row[severity], State.UNKNOWN), summary=said)
        yield from _metrics(metrics, row)

    return CheckPlugin(
        name="srcportd_" + table.lower().replace(" ", "_"),
        sections=["srcportd"],
        service_name="Source ports of %%s %%%%s" %% table,
        discovery_function=discover,
        check_function=check,
    )


%(plugins)s'''


def _metric(item):
    return "srcport_" + text.words(item.name).lower().replace(" ", "_")


def _metrics(items, end):
    return "{%s}" % ",".join('\n        "%s": "%s"' % (_metric(item), end(item))
                             for item in items if item.kind == "gauge")


def _group(mib, severity, items):
    prefix = severity.name[:-len("Severity")]
    message = prefix + "Message"
    return '    ("%s", "%s", %s, %s),\n' % (
        text.words(prefix), _below(mib, severity),
        '"%s"' % _below(mib, mib.object(message)) if message in mib else None,
        _metrics(items, lambda item: _below(mib, item)))


def _below(mib, item):
    return item.oid[len(mib.root) + len(".1."):] + ".0"


def _arc(item):
    return item.oid.rsplit(".", 1)[1]


def _table(mib, table):
    cause = mib.column(table, "Cause")
    shown = rows.shown(mib, table)
    left = rows.left_of(mib, table)
    return '    "%s": (".%s", "%s", "%s", %s, ("%s", "%s"), %s),\n' % (
        rows.words(table), table.oid, _arc(rows.name_of(mib, table)),
        _arc(mib.column(table, "Severity")), '"%s"' % _arc(cause) if cause else None, _arc(left),
        "ports left" if "Remaining" in left.name else "ports used at most", _metrics(shown, _arc))


def files(mib):
    """{path below conf/: text}."""
    tables = [table for table in rows.discovered(mib)
              if mib.column(table, "Severity") and not rows.ambiguous(mib, table)]
    causes = "".join('    "%d": "%s",\n' % pair for pair in mib.object("srcPortPoolCause").enum.items())
    plugins = "".join("check_plugin_srcportd_%s = _row_plugin(\"%s\")\n" % (
        rows.thing(table), rows.words(table)) for table in tables)
    return {"checkmk/srcportd.py": text.header("Plug-in for Checkmk 2.3 and later.") + PLUGIN % {
        "base": mib.root + ".1", "causes": causes, "plugins": plugins,
        "groups": "".join(_group(mib, *one) for one in rows.by_severity(mib)),
        "tables": "".join(_table(mib, table) for table in tables)}}
