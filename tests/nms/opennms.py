# SPDX-License-Identifier: ISC
"""opennms: conf/opennms/: data collection, graphs, and events with alarms that clear each other."""
from xml.sax.saxutils import escape, quoteattr

import rows
import text

ALIAS_MAX = 19  # RRDtool: names of data sources
SHORT = {"Remaining": "Remain", "Capacity": "Capac", "Connections": "Conn", "Established": "Estab",
         "Percent": "Pct", "Conntrack": "Ct", "Uncertain": "Uncert", "Omitted": "Omit",
         "InsertFailures": "InsFail", "Failures": "Fail", "System": "Sys", "Limits": "Lim",
         "Interval": "Intvl", "Recyclable": "Recyc", "Available": "Avail"}
SEVERITY = {"critical": "Critical", "warning": "Warning", "normal": "Normal"}
UEI = "uei.opennms.org/vendor/srcportd/traps/"
SPACE = "http://xmlns.opennms.org/xsd/"


def alias(name):
    """A name of at most ALIAS_MAX characters."""
    made = "sp" + name[len("srcPort"):]
    for long, short in SHORT.items():
        if len(made) > ALIAS_MAX:
            made = made.replace(long, short)
    return made[:ALIAS_MAX]


def _xml(what, body):
    comment = text.header(what, "").replace("\n ", "\n").strip()
    return '<?xml version="1.0" encoding="UTF-8"?>\n<!--\n%s\n-->\n%s' % (comment, body)


def _object(item, instance):
    return '    <mibObj oid=".%s" instance=%s alias="%s" type="%s"/>' % (
        item.oid, quoteattr(instance), alias(item.name),
        {"counter": "counter", "text": "string"}.get(item.kind, "gauge"))


def _storage(mib, table, name):
    """Below the name of a row, or where two rows may have the same below the index."""
    if rows.ambiguous(mib, table):
        return '    <storageStrategy class="org.opennms.netmgt.collection.support.IndexStorageStrategy"/>'
    return """\
    <storageStrategy class="org.opennms.netmgt.dao.support.SiblingColumnStorageStrategy">
      <parameter key="sibling-column-name" value="%s"/>
      <parameter key="replace-all" value="s/[^A-Za-z0-9.]/_/"/>
    </storageStrategy>""" % name


def _resource_type(mib, table):
    name = alias(rows.name_of(mib, table).name)
    return """\
  <resourceType name="{kind}" label="Source ports: {thing}s" resourceLabel="${{{name}}}">
    <persistenceSelectorStrategy class="org.opennms.netmgt.collection.support.PersistAllSelectorStrategy"/>
{storage}
  </resourceType>""".format(kind=table.entry[:-len("Entry")], name=name, thing=rows.words(table),
                            storage=_storage(mib, table, name))


def _collection(mib):
    tables = rows.discovered(mib)
    lines = ['<datacollection-group xmlns="%sconfig/datacollection" name="srcportd">' % SPACE]
    lines += [_resource_type(mib, table) for table in tables]
    lines.append('  <group name="srcport" ifType="ignore">')
    lines += [_object(item, "0") for item in rows.graphed(mib)]
    lines.append("  </group>")
    for table in tables:
        kind = table.entry[:-len("Entry")]
        lines.append('  <group name="%s" ifType="all">' % kind)
        lines += [_object(item, kind) for item in [rows.name_of(mib, table)] + rows.shown(mib, table)]
        lines.append("  </group>")
    lines += ['  <systemDef name="srcportd on Net-SNMP">', "    <sysoidMask>.1.3.6.1.4.1.8072.3."
              "</sysoidMask>", "    <collect>"]
    lines += ["      <includeGroup>%s</includeGroup>" % name for name in
              ["srcport"] + [table.entry[:-len("Entry")] for table in tables]]
    lines += ["    </collect>", "  </systemDef>", "</datacollection-group>", ""]
    return "\n".join(lines)


COLOURS = ("204a87", "a40000", "4e9a06", "c4a000", "5c3566", "ce5c00", "8f5902", "555753", "729fcf",
           "ef2929", "8ae234", "fce94f", "ad7fa8", "fcaf3e", "e9b96e", "2e3436")


def _graph(name, kind, title, unit, items, row_name=None):
    """A graph of all these, for OpenNMS' RRD graph engine and for its newer one, which reads the
    same."""
    columns = [alias(item.name) for item in items]
    command = ['--title="%s"' % (title + ": {%s}" % row_name if row_name else title),
               '--vertical-label="%s"' % unit]
    command += ["DEF:v%d={rrd%d}:%s:AVERAGE" % (number, number, column)
                for number, column in enumerate(columns, 1)]
    for number, item in enumerate(items, 1):
        words = text.words(item.name).replace(":", "")
        command += ['LINE2:v%d#%s:"%-28s"' % (number, COLOURS[(number - 1) % len(COLOURS)], words),
                    'GPRINT:v%d:AVERAGE:"Avg\\\\: %%8.2lf %%s"' % number,
                    'GPRINT:v%d:MAX:"Max\\\\: %%8.2lf %%s\\\\n"' % number]
    lines = ["report.%s.name=%s" % (name, title), "report.%s.columns=%s" % (name, ",".join(columns)),
             "report.%s.type=%s" % (name, kind)]
    if row_name:
        lines.append("report.%s.propertiesValues=%s" % (name, row_name))
    lines.append("report.%s.command=%s" % (name, " \\\n ".join(command)))
    return "\n".join(lines)


def _unit(item):
    if item.kind == "counter":
        return item.units + "/s"
    return "severity" if item.name.endswith("Severity") else item.units or "value"


def _together(items):
    """{name: (unit, items)} of what belongs into one graph, which OpenNMS shows only while all of it
    is there: what has no instance at times is alone, and so is what has no like."""
    found = {}
    for item in items:
        unit = _unit(item)
        alone = item.optional == "own" or unit == "value"
        name = alias(item.name) if alone else unit.replace("/s", "-rate").replace(" ", "-")
        found.setdefault(name, (unit, []))[1].append(item)
    return found


def _graphs(mib):
    """Every number that is collected is in a graph, with those of its kind."""
    made, groups = {}, {}
    for item in rows.graphed(mib):
        groups.setdefault(mib.name_at(item.oid.rsplit(".", 1)[0]), []).append(item)
    for group, items in groups.items():
        for name, (unit, members) in _together(items).items():
            name = "srcport.%s.%s" % (group[len("srcPort"):].lower(), name)
            made[name] = _graph(name, "nodeSnmp", "Source ports: %s, %s" % (
                text.words(group), unit), unit, members)
    for table in rows.discovered(mib):
        row_name = alias(rows.name_of(mib, table).name)
        for name, (unit, members) in _together(rows.shown(mib, table)).items():
            name = "srcport.%s.%s" % (table.entry[len("srcPort"):-len("Entry")].lower() + "-row", name)
            made[name] = _graph(name, table.entry[:-len("Entry")], "Source ports: %s, %s" % (
                rows.words(table), unit), unit, members, row_name)
    return text.header("Graphs of OpenNMS.") + "reports=%s\n\n%s\n" % (
        ", \\\n ".join(made), "\n\n".join(made.values()))


def _alarm_data(one, key):
    """Critical and warning of one subject are the same alarm; cleared ends it."""
    raised = "srcport:%%dpname%%:%%nodeid%%:%%parm[#%d]%%" % key
    if rows.severity_of(one) == "normal":
        return ('<alarm-data reduction-key="srcport-cleared:%%dpname%%:%%nodeid%%:%%parm[#%d]%%" '
                'alarm-type="2" clear-key="%s" auto-clean="false"/>' % (key, raised))
    return '<alarm-data reduction-key="%s" alarm-type="1" auto-clean="false"/>' % raised


def _event(mib, one):
    specific = one.oid.rsplit(".", 1)[1]
    enterprise = one.oid.rsplit(".", 2)[0]
    message = rows.position(one, "Message") or 1
    key = rows.position(one, "Key") or rows.position(one, "Subject")
    lines = ["  <event>", "    <mask>"]
    for name, value in (("id", "." + enterprise), ("generic", "6"), ("specific", specific)):
        lines.append("      <maskelement><mename>%s</mename><mevalue>%s</mevalue></maskelement>" % (
            name, value))
    lines += ["    </mask>", "    <uei>%s%s</uei>" % (UEI, one.name),
              "    <event-label>SRCPORT-MIB: %s</event-label>" % one.name,
              "    <descr>%s</descr>" % escape("%s %s" % (one.text, " ".join(
                  "%s=%%parm[#%d]%%" % (name, number)
                  for number, name in enumerate(one.objects, 1)
                  if mib.object(name).kind != "address"))),
              '    <logmsg dest="logndisplay">%%parm[#%d]%%</logmsg>' % message,
              "    <severity>%s</severity>" % SEVERITY[rows.severity_of(one)]]
    if key:
        lines.append("    " + _alarm_data(one, key))
    return "\n".join(lines + ["  </event>"])


def files(mib):
    """{path below conf/: text}."""
    made = {"opennms/datacollection/srcportd.xml":
            _xml("Data collection of OpenNMS.", _collection(mib)),
            "opennms/snmp-graph.properties.d/srcportd-graph.properties": _graphs(mib)}
    if mib.notifications():
        events = ['<events xmlns="%seventconf">' % SPACE]
        events += [_event(mib, one) for one in mib.notifications()]
        made["opennms/events/srcportd.events.xml"] = _xml(
            "Events and alarms of OpenNMS.", "\n".join(events + ["</events>", ""]))
    return made
