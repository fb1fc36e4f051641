# SPDX-License-Identifier: ISC
"""rows: what is shown of the MIB's tables and scalars where not everything can be."""
import text

# Ends of column names, in the order in which people want to see them.
COLUMNS = ("Severity", "Remaining", "LeastRemaining", "Used", "MostUsed", "Capacity", "Percent",
           "LossPpm", "Evictable", "Cause", "TimeLeft", "HighWater", "Failures", "Established",
           "TimeWait", "CloseWait", "SynSent", "Connections", "Sockets", "Entries")

SEVERITIES = {1: "normal", 2: "warning", 3: "critical", 4: "unknown"}

# Tables of things that come and go, that a manager discovers.
DISCOVERED = ("srcPortPoolTable", "srcPortPeerTable", "srcPortTargetTable", "srcPortLocalTable",
              "srcPortUdpLocalTable", "srcPortNatPoolTable", "srcPortNetnsTable",
              "srcPortNetnsRangeTable", "srcPortNetnsPoolTable")
THINGS = {"srcPortUdpLocalTable": "udp_local", "srcPortNatPoolTable": "nat_pool",
          "srcPortNetnsTable": "namespace", "srcPortNetnsRangeTable": "namespace_range",
          "srcPortNetnsPoolTable": "namespace_pool"}


def shown(mib, table):
    """The columns of a table that are worth a graph or a trigger."""
    found = [mib.column(table, suffix) for suffix in COLUMNS]
    return [column for column in found if column is not None and column.readable]


def discovered(mib):
    return [table for table in mib.tables() if table.name in DISCOVERED]


def thing(table):
    """srcPortPoolTable: "pool", srcPortNatPoolTable: "nat_pool"."""
    return THINGS.get(table.name, table.name[len("srcPort"):-len("Table")].lower())


def words(table):
    """The same for people: "nat pool"."""
    return thing(table).replace("_", " ")


def of_row(table, column):
    """The name of a column without that of its table, in words."""
    name = text.words("srcPort" + column.name[len(table.name) - len("Table"):])
    return name[0].lower() + name[1:]


def label(mib, table):
    """The column that names a row; for targets the name is the index and this is its own text."""
    for suffix in ("Name", "Label"):
        column = mib.column(table, suffix)
        if column is not None and column.readable:
            return column
    return next(c for c in table.columns if c.kind == "text")


def severity_of(notification):
    """"critical", "warning", "normal": by the notification's name."""
    for word in ("Critical", "Warning"):
        if notification.name.endswith(word):
            return word.lower()
    return "normal" if notification.name.endswith("Cleared") else "warning"


def position(notification, suffix):
    """Number of the varbind, from 1, whose name ends so; None if there is none."""
    for number, name in enumerate(notification.objects, 1):
        if name.endswith(suffix):
            return number
    return None
