# SPDX-License-Identifier: ISC
"""rows: what is shown of the MIB's tables and scalars where not everything can be."""

# Ends of column names, in the order in which people want to see them.
COLUMNS = ("Severity", "Remaining", "Used", "Capacity", "Percent", "Cause", "TimeLeft", "HighWater",
           "Failures", "Established", "TimeWait", "CloseWait", "SynSent", "Connections")

SEVERITIES = {1: "normal", 2: "warning", 3: "critical", 4: "unknown"}

# Tables of things that come and go, that a manager discovers.
DISCOVERED = ("srcPortPoolTable", "srcPortPeerTable", "srcPortTargetTable", "srcPortLocalTable")


def shown(mib, table):
    """The columns of a table that are worth a graph or a trigger."""
    found = [mib.column(table, suffix) for suffix in COLUMNS]
    return [column for column in found if column is not None and column.readable]


def discovered(mib):
    return [table for table in mib.tables() if table.name in DISCOVERED]


def thing(table):
    """srcPortPoolTable: "pool"."""
    return table.name[len("srcPort"):-len("Table")].lower()


def label(mib, table):
    """The column that names a row; for targets the name is the index and this is its own text."""
    column = mib.column(table, "Name")
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
