# SPDX-License-Identifier: ISC
"""telegraf: conf/telegraf/: inputs.snmp with numeric OIDs, for which no MIB is needed, and
inputs.snmp_trap, which needs it."""
import rows
import text

# What is asked each minute; each field outside of a table is a request of its own.
OFTEN = ("Severity", "Remaining", "Percent", "ActiveAlarms", "SystemSequence", "RangeCapacity",
         "RangeFree", "FailuresTotal")
OFTEN_MAX = 25

INPUT = """
[[inputs.snmp]]
  name = "srcport"
  agents = ["udp://192.0.2.1:161"]
  version = 2
  community = "public"
  interval = "%s"
  timeout = "5s"
  max_repetitions = 50
  agent_host_tag = "source"
"""
TRAPS = """[[inputs.snmp_trap]]
  service_address = "udp://:162"
  # Where SRCPORT-MIB.txt is, and the modules that it imports.
  path = ["/usr/share/snmp/mibs"]
  # The tag `name` is that of the notification (%s); fields are the MIB's objects
  # with the number of the alarm: srcPortAlarmMessage.3.
"""


def _field(kind, item, suffix="", tag=False):
    lines = ["", "  [[inputs.snmp.%s]]" % kind, '    name = "%s"' % item.name,
             '    oid = ".%s%s"' % (item.oid, suffix)]
    return lines + (["    is_tag = true"] if tag else [])


def _tables(mib):
    lines = []
    for table in rows.discovered(mib):
        lines += ["", "  [[inputs.snmp.table]]", '    name = "srcport_%s"' % rows.thing(table),
                  "    index_as_tag = true"]
        lines += ["  " + line if line else line for line in _field(
            "table.field", rows.name_of(mib, table), tag=True)]
        for column in rows.shown(mib, table):
            lines += ["  " + line if line else line for line in _field("table.field", column)]
    return lines


def files(mib):
    """{path below conf/: text}."""
    often = [item for item in rows.graphed(mib) if item.name.endswith(OFTEN)]
    assert len(often) <= OFTEN_MAX, often
    lines = (INPUT % "60s").rstrip("\n").splitlines()
    for item in often:
        lines += _field("field", item, ".0")
    lines += _tables(mib)
    lines += (INPUT % "600s").rstrip("\n").splitlines()
    for item in rows.graphed(mib):
        if item not in often:
            lines += _field("field", item, ".0")
    return {"telegraf/srcportd.conf": text.header("inputs.snmp of Telegraf.") +
                                      "\n".join(lines) + "\n",
            "telegraf/srcportd-traps.conf": text.header("inputs.snmp_trap of Telegraf.") +
                                            TRAPS % ", ".join(
                                                one.name for one in mib.notifications())}
