#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""SNMP stacks that share nothing with Net-SNMP walk everything, and see what Net-SNMP sees; what is
made for Checkmk on top of what an agent says."""
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import harness as h
import isolate
import nms

NPM_PACKAGE = "net-snmp@3.29.2"
NPM_SECONDS = 90
PYTHON = "/usr/bin/python3"  # Debian's own, which has Debian's modules
# As Net-SNMP names them, and as the others do.
KINDS = {"INTEGER": "Integer", "Gauge32": "Gauge", "Counter32": "Counter", "Timeticks": "TimeTicks",
         "STRING": "OctetString", "OID": "OID"}
MOVING = re.compile(r"srcPort(Poll(Age|Duration|Polls|Cpu|DiscontinuityTime)|Limits|"
                    r"FailuresLast|.*(TimeLeft|SinceAge|Age)$)")


def npm_directory():
    name = "npm-" + re.sub(r"[^a-z0-9.]+", "-", NPM_PACKAGE)
    return os.path.join(h.ROOT, "build", name)


def install_npm():
    """Puts the package below build/. To be called where there is a network; what went wrong is
    written down for the test, which has none."""
    target = npm_directory()
    if os.path.isdir(target) or not shutil.which("npm"):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    scratch = tempfile.mkdtemp(dir=os.path.dirname(target))
    try:
        subprocess.run(["npm", "install", "--prefix", scratch, "--no-audit", "--no-fund",
                        "--ignore-scripts", "--no-save", NPM_PACKAGE], check=True,
                       timeout=NPM_SECONDS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.rename(scratch, target)
    except (OSError, subprocess.SubprocessError):
        shutil.rmtree(scratch, ignore_errors=True)  # the test says what is missing


def moving(oid):
    """True for what changes from one walk to the next."""
    names = {sub: name for name, sub in h.names().items()}
    return any(MOVING.match(names.get(oid[:n], "")) for n in range(len(h.root()) + 2, len(oid)))


def seen_by(command):
    """{OID: (kind, value)} of a walker's output."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          universal_newlines=True, timeout=100)
    assert done.returncode == 0, done.stderr
    found = {}
    for line in done.stdout.splitlines():
        oid, kind, value = json.loads(line)
        if isinstance(value, dict):
            value = value["octets"].encode("latin1")
        found[h.oid(oid)] = kind, value
    return found


def seen_by_net_snmp(version):
    return {bind.oid: (KINDS[bind.type], bind.value)
            for bind in h.walk(h.root(), version=version)}


def agree(version, command):
    mine, theirs = seen_by_net_snmp(version), seen_by(command)
    assert list(mine) == list(theirs), set(mine) ^ set(theirs)
    for oid, what in mine.items():
        assert theirs[oid] == what or moving(oid), (oid, what, theirs[oid])
    return len(mine)


def walks(walker):
    """Every version; walker(version) is the command. How many varbinds it saw."""
    with nms.Host() as host, h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
        host.fill(leave=5)
        daemon.wait_polls()
        counts = {h.wait_for(lambda v=version: agree(v, walker(v)), 30, "version " + version)
                  for version in ("1", "2c", "3")}
        assert min(counts) > 150, counts
        return "%d varbinds, three versions" % min(counts)


def test_npm_net_snmp():
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        raise h.Skip("no node and npm here")
    if not os.path.isdir(npm_directory()):
        raise h.Skip("npm could not install " + NPM_PACKAGE)
    return walks(lambda version: [node, os.path.join(h.ROOT, "tests/nms/walk.js"), npm_directory(),
                                  str(h.PORT), version, h.dotted("srcPortMIB")[1:]])


def test_pysnmp():
    tried = subprocess.run([PYTHON, "-c", "import pysnmp.hlapi"], check=False,
                           stderr=subprocess.PIPE, universal_newlines=True)
    if tried.returncode:
        # Of a release it may be there and not load: pysnmp 4 with a newer Python.
        raise h.Skip("no pysnmp here (Debian package python3-pysnmp4): " + tried.stderr.splitlines()[-1])
    return walks(lambda version: [PYTHON, os.path.join(h.ROOT, "tests/nms/walk.py"), str(h.PORT),
                                  version, h.dotted("srcPortMIB")[1:]])


def test_what_has_gone_is_no_number():
    """A manager that asks for the row of a pool that has gone is told so, by GET and by a walk, and
    one without the MIB reads every text."""
    index = h.inet("127.0.0.1") + (9000,) + h.inet("127.0.0.1")
    remaining = h.oid("srcPortPoolRemaining") + index
    dotted = ".".join(map(str, ("",) + remaining))
    with nms.Host() as host, h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
        daemon.wait_polls()
        assert h.wait_for(lambda: h.get(dotted)[0].value, 10, "the pool") == 60
        plain = subprocess.run(
            ["snmpbulkwalk", "-v2c", "-c", h.COMMUNITY, "-m", "", "-On", "127.0.0.1:%d" % h.PORT,
             h.dotted("srcPortMIB")], env=h.environment(), stdout=subprocess.PIPE,
            universal_newlines=True, check=True).stdout
        texts = {h.oid(line.split(" = ")[0]): line for line in plain.splitlines()}
        for name in ("srcPortSystemMessage.0", "srcPortSystemWorstPool.0"):
            assert ' = STRING: "' in texts[h.oid(name)], texts[h.oid(name)]
        name = texts[h.oid("srcPortPoolName") + index]
        assert name.endswith('= STRING: "127.0.0.1 -> 127.0.0.1:9000"'), name
        host.drain()
        h.wait_for(lambda: h.get(dotted)[0].type == "noSuchInstance", 20, "it has gone")
        assert not h.walk(dotted)


# A stand-in for Checkmk's API, with what it is known to insist on.
CHECKMK = """\
import collections, enum, inspect, re
class State(enum.IntEnum):
    OK, WARN, CRIT, UNKNOWN = range(4)
Result = collections.namedtuple("Result", "state summary")
Metric = collections.namedtuple("Metric", "name value")
Service = collections.namedtuple("Service", "item")
class SNMPTree:
    def __init__(self, *, base, oids):
        assert re.fullmatch(r"(\\.\\d+)+", base) and oids and len(set(oids)) == len(oids), (base, oids)
        assert all(re.fullmatch(r"\\d+(\\.\\d+)*", oid) for oid in oids), oids
        self.base, self.oids = base, oids
def exists(oid):
    assert re.fullmatch(r"(\\.\\d+)+", oid)
    return oid
class SNMPSection:
    def __init__(self, *, name, detect, fetch, parse_function):
        assert re.fullmatch("[a-zA-Z0-9_]+", name)
        self.name, self.detect, self.fetch, self.parse = name, detect, list(fetch), parse_function
class CheckPlugin:
    def __init__(self, *, name, service_name, discovery_function, check_function, sections=None):
        assert re.fullmatch("[a-zA-Z0-9_]+", name) and service_name.count("%s") == 1, name
        assert list(inspect.signature(check_function).parameters) == ["item", "section"]
        assert list(inspect.signature(discovery_function).parameters) == ["section"]
        assert sections in (None, ["srcportd"])
        self.name, self.service = name, service_name
        self.discover, self.check = discovery_function, check_function
"""


def checkmk():
    """The plug-in of conf/, on that stand-in."""
    for path, text in (("cmk/__init__.py", ""), ("cmk/agent_based/__init__.py", ""),
                       ("cmk/agent_based/v2.py", CHECKMK)):
        nms.write(path, text)
    path = nms.write("srcportd_checkmk.py", nms.conf("checkmk/srcportd.py"))
    sys.path.insert(0, os.path.dirname(path))
    return importlib.import_module("srcportd_checkmk")


def string_tables(section):
    """What Checkmk hands to the parse function: a table of texts for each tree."""
    served = {bind.oid: bind.value for bind in h.bulk_walk(h.root())}
    tables = []
    for one in section.fetch:
        columns = [h.oid(one.base + "." + oid) for oid in one.oids]
        if one.oids[0].endswith(".0"):
            rows = [()] if any(oid in served for oid in columns) else []
        else:
            rows = sorted({oid[len(columns[0]):] for oid in served
                           if oid[:len(columns[0])] in columns})
        tables.append([[as_text(served.get(column + row, "")) for column in columns]
                       for row in rows])
    return tables


def as_text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def test_checkmk_plugin():
    """Services of a host with a pool that fills, from what its agent says."""
    plugin = checkmk()
    rows = [one for name, one in vars(plugin).items() if name.startswith("check_plugin_srcportd_")]
    pool = next(one for one in rows if one.name == "srcportd_pool")
    target = next(one for one in rows if one.name == "srcportd_target")
    named = "127.0.0.1 -> 127.0.0.1:9000"
    config = "warningRemaining off\nraisePolls 1\ntarget front 127.0.0.1:9000\n"
    with nms.Host() as host, h.Snmpd() as snmpd, h.Srcportd(snmpd, config=config) as daemon:
        daemon.wait_polls()
        host.fill()

        def critical():
            section = plugin.snmp_section_srcportd.parse(string_tables(
                plugin.snmp_section_srcportd))
            both = section[""].get("1.1.0"), section["pool"].get(named, {}).get("13")
            return section if both == ("3", "3") else None

        section = h.wait_for(critical, 20, "the pool is critical")
        items = [one.item for one in plugin.check_plugin_srcportd.discover(section)]
        assert items[:2] == ["System", "Limits"], items
        said = list(plugin.check_plugin_srcportd.check("System", section))
        assert said[0].state == 2 and said[0].summary.startswith("front: "), said[0]
        assert ("srcport_system_least_remaining", 0) in said, said
        assert named in [one.item for one in pool.discover(section)]
        said = list(pool.check(named, section))
        assert said[0].state == 2 and said[0].summary.startswith("0 ports left, cause: "), said[0]
        assert ("srcport_pool_used", 100) in said, said
        assert [one.item for one in target.discover(section)] == ["front"]
        said = list(pool.check("192.0.2.1 -> 192.0.2.2:1", section))
        assert len(said) == 1 and said[0].state == 0 and "0" not in said[0].summary, said
    assert plugin.snmp_section_srcportd.parse([[] for _ in range(len(plugin.TABLES) + 1)])[""] == {}
    return "%d services" % (len(items) + sum(len(list(one.discover(section))) for one in rows))


if __name__ == "__main__":
    if isolate.INSIDE not in os.environ:
        install_npm()
    h.main()
