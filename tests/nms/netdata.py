# SPDX-License-Identifier: ISC
"""netdata: conf/netdata/srcportd.yaml, a profile for the SNMP collector of go.d."""
import rows
import text

LINUX = "1.3.6.1.4.1.8072.3.2.10"
UNITS = {"percent": "%", "seconds": "s", "milliseconds": "ms", "microseconds": "us", "ports": "{port}"}


def _symbol(item, family, suffix=""):
    made = {"OID": item.oid + suffix, "name": item.name}
    unit = UNITS.get(item.units, "{%s}" % (item.units.replace(" ", "_") or "value"))
    if item.enum and item.kind == "enum":
        made["mapping"] = {"items": dict(sorted(item.enum.items()))}
        unit = "{status}"
    if item.kind == "counter":
        unit += "/s"
    made["chart_meta"] = {"description": item.text, "family": "SourcePorts/" + family, "unit": unit}
    return made


def scalars(mib, symbol):
    """Entries of the scalars; symbol(item, group, suffix) makes one."""
    return [{"MIB": "SRCPORT-MIB", "symbol": symbol(
        item, mib.name_at(item.oid.rsplit(".", 1)[0])[len("srcPort"):], ".0")}
            for item in rows.graphed(mib)]


def tables(mib, symbol):
    """Entries of the tables whose rows their names tell apart."""
    found = []
    for table in rows.discovered(mib):
        if rows.ambiguous(mib, table):
            continue
        name = rows.name_of(mib, table)
        base = table.name[len("srcPort"):-len("Table")]
        found.append({
            "MIB": "SRCPORT-MIB",
            "table": {"OID": table.oid.rsplit(".", 1)[0], "name": table.name},
            "symbols": [symbol(item, base, "") for item in rows.shown(mib, table)],
            "metric_tags": [{"tag": "srcport_" + rows.thing(table),
                             "symbol": {"OID": name.oid, "name": name.name}}]})
    return found


def files(mib):
    """{path below conf/: text}."""
    tree = {"selector": [{"sysobjectid": {"include": [LINUX]}}],
            "metrics": scalars(mib, _symbol) + tables(mib, _symbol)}
    return {"netdata/srcportd.yaml":
            text.header("Profile for Netdata's SNMP collector.") + text.yaml(tree)}
