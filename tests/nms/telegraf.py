# SPDX-License-Identifier: ISC
"""telegraf: conf/telegraf/srcportd.conf for inputs.snmp. Numeric OIDs: no MIB is needed there."""
import rows
import text

HEAD = """
[[inputs.snmp]]
  name = "srcport"
  agents = ["udp://192.0.2.1:161"]
  version = 2
  community = "public"
  interval = "60s"
  timeout = "5s"
"""


def _field(kind, item, suffix="", tag=False):
    lines = ["", "  [[inputs.snmp.%s]]" % kind, '    name = "%s"' % item.name,
             '    oid = ".%s%s"' % (item.oid, suffix)]
    return lines + (["    is_tag = true"] if tag else [])


def files(mib):
    """{path below conf/: text}."""
    lines = HEAD.rstrip("\n").splitlines()
    for item in mib.scalars():
        if item.kind in ("gauge", "counter", "enum"):
            lines += _field("field", item, ".0")
    for table in rows.discovered(mib):
        lines += ["", "  [[inputs.snmp.table]]", '    name = "srcport_%s"' % rows.thing(table),
                  "    index_as_tag = true"]
        lines += ["  " + line if line else line for line in _field(
            "table.field", rows.label(mib, table), tag=True)]
        for column in rows.shown(mib, table):
            lines += ["  " + line if line else line for line in _field("table.field", column)]
    return {"telegraf/srcportd.conf": text.header("inputs.snmp of Telegraf.") +
                                      "\n".join(lines) + "\n"}
