# SPDX-License-Identifier: ISC
"""opennms: conf/opennms/: data collection and events with alarms that clear each other."""
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


def _resource_type(mib, table):
    kind, name = table.entry[:-len("Entry")], alias(rows.label(mib, table).name)
    return """\
  <resourceType name="{kind}" label="Source ports: {thing}s" resourceLabel="${{{name}}}">
    <persistenceSelectorStrategy class="{base}.collection.support.PersistAllSelectorStrategy"/>
    <storageStrategy class="{base}.dao.support.SiblingColumnStorageStrategy">
      <parameter key="sibling-column-name" value="{name}"/>
      <parameter key="replace-all" value="s/[^A-Za-z0-9.]/_/"/>
    </storageStrategy>
  </resourceType>""".format(kind=kind, name=name, thing=rows.words(table),
                            base="org.opennms.netmgt")


def _collection(mib):
    tables = rows.discovered(mib)
    lines = ['<datacollection-group xmlns="%sconfig/datacollection" name="srcportd">' % SPACE]
    lines += [_resource_type(mib, table) for table in tables]
    lines.append('  <group name="srcport" ifType="ignore">')
    lines += [_object(item, "0") for item in mib.scalars()
              if item.kind in ("gauge", "counter", "enum")]
    lines.append("  </group>")
    for table in tables:
        kind = table.entry[:-len("Entry")]
        lines.append('  <group name="%s" ifType="all">' % kind)
        lines += [_object(item, kind) for item in [rows.label(mib, table)] + rows.shown(mib, table)]
        lines.append("  </group>")
    lines += ['  <systemDef name="srcportd on Net-SNMP">', "    <sysoidMask>.1.3.6.1.4.1.8072.3."
              "</sysoidMask>", "    <collect>"]
    lines += ["      <includeGroup>%s</includeGroup>" % name for name in
              ["srcport"] + [table.entry[:-len("Entry")] for table in tables]]
    lines += ["    </collect>", "  </systemDef>", "</datacollection-group>", ""]
    return "\n".join(lines)


def _alarm_data(one, key):
    """Critical and warning of one subject are the same alarm; cleared ends it."""
    raised = "srcport:%%dpname%%:%%nodeid%%:%%parm[#%d]%%" % key
    if rows.severity_of(one) == "normal":
        return ('<alarm-data reduction-key="srcport-cleared:%%dpname%%:%%nodeid%%:%%parm[#%d]%%" '
                'alarm-type="2" clear-key="%s" auto-clean="false"/>' % (key, raised))
    return '<alarm-data reduction-key="%s" alarm-type="1" auto-clean="false"/>' % raised


def _event(one):
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
                  for number, name in enumerate(one.objects, 1)))),
              '    <logmsg dest="logndisplay">%%parm[#%d]%%</logmsg>' % message,
              "    <severity>%s</severity>" % SEVERITY[rows.severity_of(one)]]
    if key:
        lines.append("    " + _alarm_data(one, key))
    return "\n".join(lines + ["  </event>"])


def files(mib):
    """{path below conf/: text}."""
    made = {"opennms/datacollection/srcportd.xml":
            _xml("Data collection of OpenNMS.", _collection(mib))}
    if mib.notifications():
        events = ['<events xmlns="%seventconf">' % SPACE]
        events += [_event(one) for one in mib.notifications()]
        made["opennms/events/srcportd.events.xml"] = _xml(
            "Events and alarms of OpenNMS.", "\n".join(events + ["</events>", ""]))
    return made
