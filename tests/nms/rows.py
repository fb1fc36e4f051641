# SPDX-License-Identifier: ISC
"""rows: what is shown of the MIB's tables and scalars where not everything can be."""
import text

# Ends of column names, in the order in which people want to see them.
COLUMNS = ("Severity", "Remaining", "LeastRemaining", "Used", "MostUsed", "Capacity", "Percent",
           "LossPpm", "Evictable", "Cause", "TimeLeft", "HighWater", "Failures", "Established",
           "TimeWait", "CloseWait", "SynSent", "Connections", "Sockets", "Entries")

SEVERITIES = {1: "normal", 2: "warning", 3: "critical", 4: "unknown"}

# What a table of things with ports has in one of its columns.
PORTS = ("Remaining", "LeastRemaining", "MostUsed")
# The words of the MIB, where they are not those of people.
WORDS = {"netns": "namespace", "low": "low port"}


def shown(mib, table):
    """The columns of a table that are worth a graph or a trigger."""
    found = [mib.column(table, suffix) for suffix in COLUMNS]
    return [column for column in found if column is not None and column.readable]


def discovered(mib):
    """Tables of things that come and go, that a manager discovers: those with a name and ports."""
    return [table for table in mib.tables() if name_of(mib, table) is not None
            and any(mib.column(table, suffix) for suffix in PORTS)]


def left_of(mib, table):
    """The column that says what is left; of namespaces what is used at most."""
    return next(filter(None, (mib.column(table, suffix) for suffix in PORTS)))


def stays(mib, table):
    """Whether a row stays while nothing is connected: those that the operator has named do. Where a
    missing row reads as 0, only these can have a number of which 0 is bad."""
    return mib.column(table, "CriticalRemaining") is not None


def ambiguous(mib, table):
    """Whether rows may have the same name: within rows of another table each."""
    return len(table.index) > 1 and any(table.index[0] in other.index and other.name != table.name and
                                        len(other.index) == 1 for other in mib.tables())


def words(table):
    """srcPortPoolTable: "pool", srcPortNatPoolTable: "NAT pool"."""
    parts = text.words(table.name[:-len("Table")]).split()
    return " ".join(part if part in text.ACRONYMS.values() else
                    WORDS.get(part.lower(), part.lower()) for part in parts)


def title(table):
    """The same at the beginning of a name: "Pool"."""
    made = words(table)
    return made[0].upper() + made[1:]


def thing(table):
    """The same in a name without spaces: "pool", "nat_pool"."""
    return words(table).lower().replace(" ", "_")


def of_row(table, column):
    """The name of a column without that of its table, in words."""
    name = text.words("srcPort" + column.name[len(table.name) - len("Table"):])
    return name[0].lower() + name[1:]


def name_of(mib, table):
    """The column that names a row, None if there is none; of targets, which are named by their
    index, that is a column with the same text."""
    for suffix in ("Name", "Label"):
        column = mib.column(table, suffix)
        if column is not None and column.readable and column.kind == "text":
            return column
    return None


def severities(mib):
    """Scalars that are severities: of the host, and of each group that has one."""
    return [item for item in mib.scalars() if item.name.endswith("Severity")]


def by_severity(mib):
    """[(severity, scalars that it is about)]; what no other severity is about belongs to the host's."""
    prefixes = {item.name[:-len("Severity")]: item for item in severities(mib)}
    found = {item.name: [] for item in prefixes.values()}
    host = severities(mib)[0]
    for item in mib.scalars():
        prefix = max((one for one in prefixes if item.name.startswith(one)), key=len, default=None)
        found[(prefixes[prefix] if prefix else host).name].append(item)
    return [(item, found[item.name]) for item in prefixes.values()]


def graphed(mib):
    """Scalars that are numbers."""
    return [item for item in mib.scalars() if item.kind in ("gauge", "counter", "enum")]


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
