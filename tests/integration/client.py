# SPDX-License-Identifier: ISC
"""client: the Net-SNMP command-line tools as functions, and the names of SRCPORT-MIB as OIDs.

Objects are named as in the MIB ("srcPortRangeLow.0") or given as a tuple of sub-identifiers.
Answers are numeric: integers, bytes, OID tuples. Nothing depends on what the machine has
configured for SNMP.
"""
import collections
import functools
import os
import re
import socket
import subprocess

import isolate

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MIB_FILE = os.path.join(ROOT, "build", "SRCPORT-MIB.txt")
PORT = 1610  # of the private snmpd, on 127.0.0.1
COMMUNITY = "public"
USER = ["-l", "authPriv", "-u", "tester", "-a", "SHA", "-A", "authpass123", "-x", "AES",
        "-X", "privpass123"]

# Answers to GET that carry no value.
MISSING = {
    "No Such Object available on this agent at this OID": "noSuchObject",
    "No Such Instance currently exists at this OID": "noSuchInstance",
    "No more variables left in this MIB View (It is past the end of the MIB tree)": "endOfMibView",
}

VarBind = collections.namedtuple("VarBind", "oid type value")
VarBind.__doc__ = """oid: tuple; type: as Net-SNMP prints it ("Gauge32", "STRING", ...) or one of
noSuchObject, noSuchInstance, endOfMibView; value: int, bytes, OID tuple, or None."""


class SnmpError(RuntimeError):
    """An error answer or a time-out; the text is the tool's."""


def environment():
    """For every Net-SNMP program of a test: no file of the machine's own configuration."""
    path = os.path.join(isolate.directory(), "snmp")
    if not os.path.isdir(path):
        for name in ("cert_indexes", "mib_indexes"):
            os.makedirs(os.path.join(path, name))
        with open(os.path.join(path, "snmp.conf"), "w") as file:
            file.write("hexOutputLength 0\n")
    return dict(os.environ, SNMPCONFPATH=path, SNMP_PERSISTENT_DIR=path, MIBS="",
                MIBDIRS=mib_directory(), LC_ALL="C")


@functools.lru_cache(maxsize=None)
def mib_directory():
    """The standard modules and SRCPORT-MIB, under names that Net-SNMP finds."""
    path = os.path.join(isolate.directory(), "mibs")
    subprocess.run([os.path.join(ROOT, "tests/base-mibs"), path], check=True)
    if os.path.exists(MIB_FILE):
        os.symlink(MIB_FILE, os.path.join(path, "SRCPORT-MIB"))
    return path


@functools.lru_cache(maxsize=None)
def names():
    """Object name to OID tuple, for everything below the root of SRCPORT-MIB."""
    listing = subprocess.run(["snmptranslate", "-m", "SRCPORT-MIB", "-Tz"], env=environment(),
                             stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
    found = re.findall(r'^"(srcPort\w*)"\s+"([\d.]+)"', listing, re.M)
    return {name: tuple(int(part) for part in text.split(".")) for name, text in found}


def oid(name):
    """Tuple of "srcPortRangeLow.0", ".1.3.6" or (1, 3, 6)."""
    if isinstance(name, (tuple, list)):
        return tuple(name)
    first, *rest = name.strip(".").split(".")
    head = (int(first),) if first.isdigit() else names()[first]
    return head + tuple(int(part) for part in rest)


def root():
    """Where SRCPORT-MIB hangs."""
    return names()["srcPortMIB"]


def dotted(name):
    return "." + ".".join(str(part) for part in oid(name))


def credentials(version):
    return ["-v3"] + USER if version == "3" else ["-v" + version, "-c", COMMUNITY]


def tool(program, *arguments, version="2c", timeout=2, retries=1, port=PORT, options=(),
         host="127.0.0.1"):
    """Standard output of snmpget and its kin; SnmpError with its complaint if it fails."""
    command = [program] + credentials(version) + [
        "-t", str(timeout), "-r", str(retries), "-Onextb", "-OU", *options,
        "%s:%d" % (host, port), *arguments]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, check=False)
    if done.returncode:
        raise SnmpError(" ".join((done.stderr + done.stdout).split()) or "%s ended with %d" % (
            program, done.returncode))
    return done.stdout


def parse_value(text):
    """VarBind's type and value of what follows the `=`."""
    if text in MISSING:
        return MISSING[text], None
    if text in ('""', ""):
        return "STRING", b""
    kind, _, value = text.partition(": ")
    kind = kind.rstrip(":")
    if kind in ("Hex-STRING", "STRING"):
        return "STRING", bytes.fromhex(value) if kind == "Hex-STRING" else value.strip('"').encode()
    if kind == "OID":
        return kind, oid(value)
    if kind == "IpAddress":
        return kind, value
    if re.fullmatch(r"\d+", text):
        return "Timeticks", int(text)
    return kind, int(value)


def parse(output):
    """A list of VarBind."""
    result = []
    for name, text in re.findall(r"^(\.\d[\d.]*) = ?(.*(?:\n(?!\.\d).*)*)", output, re.M):
        result.append(VarBind(oid(name), *parse_value(text.strip())))
    return result


def get(*objects, **options):
    """VarBinds of one GET."""
    return parse(tool("snmpget", *(dotted(name) for name in objects), **options))


def get_next(*objects, **options):
    return parse(tool("snmpgetnext", *(dotted(name) for name in objects), **options))


def get_bulk(*objects, non_repeaters=0, repetitions=10, **options):
    flags = ["-Cn%d" % non_repeaters, "-Cr%d" % repetitions]
    return parse(tool("snmpbulkget", *flags, *(dotted(name) for name in objects), **options))


def value(name, **options):
    """The value of one instance; SnmpError when it has none."""
    bind = get(name, **options)[0]
    if bind.value is None:
        raise SnmpError("%s: %s" % (name, bind.type))
    return bind.value


def walk(name, **options):
    """VarBinds by GETNEXT, in the order in which they came; fails when the order is not right."""
    return _without_end(parse(tool("snmpwalk", dotted(name), **options)))


def bulk_walk(name, repetitions=10, **options):
    """As walk(), by GETBULK."""
    return _without_end(parse(tool("snmpbulkwalk", "-Cr%d" % repetitions, dotted(name), **options)))


def _without_end(binds):
    """A walk of nothing prints a GET of its root, a walk to the end of everything says so."""
    return [bind for bind in binds if bind.value is not None]


def table(name, **options):
    """Rows of a table: {index tuple: {column name: value}}, from one walk."""
    entry = oid(name) + (1,)
    columns = {sub[-1]: column for column, sub in names().items()
               if sub[:-1] == entry}
    rows = collections.OrderedDict()
    for bind in bulk_walk(entry, **options):
        column, index = bind.oid[len(entry)], bind.oid[len(entry) + 1:]
        rows.setdefault(index, {})[columns[column]] = bind.value
    return rows


def inet(address):
    """InetAddressType, length and octets of an address, as they stand in an index."""
    octets = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    return (2 if ":" in address else 1, len(octets)) + tuple(octets)


def named(program, *arguments, **options):
    """Output with the names of SRCPORT-MIB, as an operator sees it."""
    command = [program] + credentials(options.get("version", "2c")) + [
        "-m", "SRCPORT-MIB", *options.get("options", ()), "127.0.0.1:%d" % PORT, *arguments]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, check=False)
    if done.returncode:
        raise SnmpError(done.stdout.strip())
    return done.stdout
