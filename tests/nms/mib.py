# SPDX-License-Identifier: ISC
"""mib: SRCPORT-MIB as smidump reads it, in the terms that the files under conf/ are made of."""
import ast
import collections
import os
import re
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NUMERIC = ("gauge", "counter", "enum")

Object = collections.namedtuple("Object", "name oid kind units enum text readable low high optional")
Object.__doc__ = """oid: dotted, of a scalar without its .0; kind: gauge, counter, enum, bits, text,
time or address; enum: {number: label} of enum and bits; text: its description's first sentence;
low, high: the least and the most, of a text its octets, where the
MIB has them; optional: "own" if it may have
no instance while everything is well, "group" if that is so of its whole group, else empty."""

Table = collections.namedtuple("Table", "name entry oid index columns")
Table.__doc__ = """oid: of the entry; index: names; columns: the readable ones, list of Object."""

Notification = collections.namedtuple("Notification", "name oid objects text")

KINDS = {
    "Gauge32": "gauge", "Unsigned32": "gauge", "Integer32": "gauge", "InetPortNumber": "gauge",
    "Counter32": "counter", "SnmpAdminString": "text", "DisplayString": "text",
    "OctetString": "text", "DateAndTime": "date", "TimeStamp": "time", "TimeTicks": "time",
    "InetAddress": "address", "InetAddressType": "enum", "TruthValue": "enum",
    "Enumeration": "enum", "Bits": "bits",
}
KNOWN_ENUMS = {"TruthValue": {1: "true", 2: "false"},
               "InetAddressType": {0: "unknown", 1: "ipv4", 2: "ipv6", 3: "ipv4z", 4: "ipv6z",
                                   16: "dns"}}


def first_sentence(text):
    """Of a DESCRIPTION, on one line."""
    text = " ".join(text.split())
    return re.split(r"(?<=[a-z0-9)])\. (?=[A-Z0-9])", text, maxsplit=1)[0].rstrip(".") + "."


def by_number(oid):
    return [int(part) for part in oid.split(".")]


class Mib:
    def __init__(self, path=os.path.join(ROOT, "build", "SRCPORT-MIB.txt")):
        """Reads the file at path. FileNotFoundError without smidump, OSError without the modules
        that it imports."""
        self.path = path
        with tempfile.TemporaryDirectory() as scratch:
            modules = os.path.join(scratch, "mibs")
            if subprocess.run([os.path.join(ROOT, "tests/base-mibs"), modules],
                              check=False).returncode:
                raise OSError("the standard MIB modules are not on this machine")
            rules = os.path.join(scratch, "smirc")
            open(rules, "w").close()
            text = subprocess.run(["smidump", "-c", rules, "-f", "python", path], check=True,
                                  stdout=subprocess.PIPE, universal_newlines=True,
                                  env=dict(os.environ, SMIPATH=modules)).stdout
        tree = ast.literal_eval(text[text.index("MIB = ") + len("MIB = "):])
        self._nodes, self._types = tree["nodes"], tree["typedefs"]
        self._events = tree.get("notifications", {})
        self.root = self._nodes["srcPortMIB"]["oid"]
        # The whole of a group that says so, and what says of itself that there may be none.
        self._groups = tuple(name[:-len("Available")] for name in self._nodes
                             if name.endswith("Available"))
        self._objects = {name: self._object(name) for name, node in self._nodes.items()
                         if node["nodetype"] in ("scalar", "column")}

    def _object(self, name):
        node = self._nodes[name]
        syntax = node["syntax"]["type"]
        limits = syntax.get("range", {})
        kind, enum = self._kind(syntax)
        if not limits and syntax.get("module") == "SRCPORT-MIB":
            limits = self._types[syntax["name"]].get("range", {})
        low, high = (None if limits.get(one) is None else int(limits[one]) for one in ("min", "max"))
        return Object(name, node["oid"], kind, node.get("units", ""), enum,
                      first_sentence(node["description"]), node["access"] in ("readonly",),
                      low, high, self._optional(name, node))

    def _optional(self, name, node):
        if name.endswith(("Available", "Reason")):
            return ""
        if "No instance" in " ".join(node["description"].split()):
            return "own"
        return "group" if name.startswith(self._groups) else ""

    def _kind(self, syntax):
        """Kind and labels of a SYNTAX, through any textual convention."""
        if syntax.get("module") == "SRCPORT-MIB":
            syntax = self._types[syntax["name"]]
        name = syntax.get("name", syntax.get("basetype"))
        parent = syntax.get("parent module", {}).get("type")
        if parent in KINDS:
            name = parent
        labels = {int(value["number"]): label for label, value in syntax.items()
                  if isinstance(value, dict) and value.get("nodetype") == "namednumber"}
        return KINDS[name], labels or KNOWN_ENUMS.get(name, {})

    def object(self, name):
        return self._objects[name]

    def name_at(self, oid):
        """The name of what has this OID."""
        return next(name for name, node in self._nodes.items() if node["oid"] == oid)

    def __contains__(self, name):
        return name in self._nodes or name in self._events

    def names(self):
        """Every name that the module defines and that has an OID."""
        return set(self._nodes) | set(self._events)

    def _sorted(self, names):
        return sorted(names, key=lambda name: by_number(self._nodes[name]["oid"]))

    def scalars(self):
        return [self.object(name) for name in self._sorted(self._nodes)
                if self._nodes[name]["nodetype"] == "scalar" and self.object(name).readable]

    def tables(self):
        return [self.table(name) for name in self._sorted(self._nodes)
                if self._nodes[name]["nodetype"] == "table"]

    def table(self, name):
        table = self._nodes[name]["oid"] + "."
        entry = next(one for one, node in self._nodes.items()
                     if node["nodetype"] == "row" and node["oid"].startswith(table))
        oid = self._nodes[entry]["oid"]
        columns = [self.object(column) for column in self._sorted(self._nodes)
                   if self._nodes[column]["nodetype"] == "column"
                   and self._nodes[column]["oid"].startswith(oid + ".")]
        return Table(name, entry, oid, list(self._nodes[entry]["linkage"]),
                     [column for column in columns if column.readable])

    def column(self, table, suffix):
        """The column of a table by the end of its name, or None: "Name" is srcPortPoolName."""
        wanted = table.name[:-len("Table")] + suffix
        return next((column for column in table.columns if column.name == wanted), None)

    def notifications(self):
        found = [Notification(name, node["oid"], list(node["objects"]),
                              first_sentence(node["description"]))
                 for name, node in self._events.items()]
        return sorted(found, key=lambda one: by_number(one.oid))
