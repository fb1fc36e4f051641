# SPDX-License-Identifier: ISC
"""exporter: conf/snmp_exporter/, written by the generator that comes with snmp_exporter 0.21."""
import errno
import os
import subprocess
import tempfile

import text
from mib import ROOT

# What a row is called, by the labels that its index becomes.
_POOL = ("srcPortPoolPeerAddr", "srcPortPoolPeerPort", "srcPortPoolLocalAddr")
NAME_LOOKUPS = {
    "srcPortPoolTable": ("srcPortPoolName", *_POOL),
    "srcPortPeerTable": ("srcPortPeerName", "srcPortPeerAddr"),
    "srcPortLocalTable": ("srcPortLocalName", "srcPortLocalAddr"),
    "srcPortAlarmTable": ("srcPortAlarmKey", "srcPortAlarmId"),
    "srcPortOwnerTable": ("srcPortOwnerName", *_POOL, "srcPortOwnerNumber"),
    "srcPortOwnerProcessTable": ("srcPortOwnerName", *_POOL, "srcPortOwnerNumber"),
    "srcPortUdpLocalTable": ("srcPortUdpLocalName", "srcPortUdpLocalAddr"),
    "srcPortNatPoolTable": ("srcPortNatPoolName", "srcPortNatPoolProtocol",
                            "srcPortNatPoolPeerAddr", "srcPortNatPoolPeerPort",
                            "srcPortNatPoolOutsideAddr", "srcPortNatPoolZone"),
    "srcPortNetnsPoolTable": ("srcPortNetnsPoolName", "srcPortNetnsName", *_POOL),
    "srcPortLowTable": ("srcPortLowName", "srcPortLowAddr"),
}
SMALL = ("srcPortTargetTable", "srcPortAlarmTable", "srcPortNetnsTable", "srcPortNetnsRangeTable")


def _modules(mib):
    """{module: what it walks}: what every host can be asked often, and the rest."""
    groups = sorted({scalar.oid.rsplit(".", 1)[0] for scalar in mib.scalars()})
    name_of = {mib._nodes[name]["oid"]: name for name in mib._nodes}
    tables = [table.name for table in mib.tables()]
    return {"srcport": [name_of[oid] for oid in groups] + [t for t in tables if t in SMALL],
            "srcport_pools": [t for t in tables if t not in SMALL]}


def _overrides(mib):
    """Text changes with every poll and would be a new series each time; a cause is a label."""
    changes = {}
    for item in mib.scalars() + [c for table in mib.tables() for c in table.columns]:
        if item.kind in ("text", "date", "address") or item.name.endswith("AddrType"):
            changes[item.name] = {"ignore": True}
        elif item.name.endswith("Cause"):
            changes[item.name] = {"type": "EnumAsInfo"}
    for table in mib.tables():
        for index in table.index:
            if not mib.object(index).readable:
                changes[index] = {"ignore": True}
    return changes


def _lookups(mib, tables):
    found = []
    for table in tables:
        if table in NAME_LOOKUPS:
            name, *index = NAME_LOOKUPS[table]
            found.append({"source_indexes": index, "lookup": name})
    return found


def generator_input(mib, split):
    """generator.yml; split: for snmp_exporter 0.23 and later."""
    overrides, modules = _overrides(mib), {}
    for module, walk in _modules(mib).items():
        wanted = {one for table in mib.tables() if table.name in walk
                  for one in table.index + [c.name for c in table.columns]}
        wanted |= {scalar.name for scalar in mib.scalars()} if module == "srcport" else set()
        modules[module] = {} if split else {"version": 2, "auth": {"community": "public"}}
        modules[module].update({"max_repetitions": 50, "timeout": "5s", "walk": walk})
        if _lookups(mib, walk):
            modules[module]["lookups"] = _lookups(mib, walk)
        modules[module]["overrides"] = {name: change for name, change in overrides.items()
                                        if name in wanted}
    tree = {"auths": {"public_v2": {"version": 2, "community": "public"}}} if split else {}
    tree["modules"] = modules
    return text.header("Input of the snmp_exporter generator, for %s." % (
        "0.23 and later" if split else "0.22 and earlier")) + text.yaml(tree)


def run_generator(mib, source):
    """snmp.yml that prometheus-snmp-generator makes of source."""
    with tempfile.TemporaryDirectory() as scratch:
        modules = os.path.join(scratch, "mibs")
        subprocess.run([os.path.join(ROOT, "tests/base-mibs"), modules], check=True)
        os.symlink(mib.path, os.path.join(modules, "SRCPORT-MIB"))
        with open(os.path.join(scratch, "generator.yml"), "w") as file:
            file.write(source)
        done = subprocess.run(["prometheus-snmp-generator", "generate"], cwd=scratch, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True,
                              env=dict(os.environ, MIBDIRS=modules, MIBS="ALL",
                                       SNMPCONFPATH=scratch, SNMP_PERSISTENT_DIR=scratch))
        if "field auth not found" in done.stdout:
            raise FileNotFoundError(errno.ENOENT, "too new", "prometheus-snmp-generator before 0.23")
        if done.returncode:
            raise RuntimeError(done.stdout)
        with open(os.path.join(scratch, "snmp.yml")) as file:
            return file.read()


def split_auth(old):
    """The same modules as snmp_exporter 0.23 wants them: indented below `modules`, without
    credentials, which stand once in `auths`."""
    lines, skipping = [], False
    for line in old.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        top = line.startswith("  ") and not line.startswith("   ") and not line.startswith("  -")
        if top or not line.startswith(" "):
            skipping = line.startswith(("  auth:", "  version:"))
        if not skipping:
            lines.append("  " + line)
    auths = {"auths": {"public_v2": {"community": "public", "security_level": "noAuthNoPriv",
                                     "version": 2}}}
    return text.yaml(auths) + "modules:\n" + "\n".join(lines) + "\n"


def files(mib):
    """{path below conf/: text}; FileNotFoundError without the generator."""
    old = run_generator(mib, generator_input(mib, False))
    body = "".join(line + "\n" for line in old.splitlines() if not line.startswith("#")).lstrip()
    return {
        "snmp_exporter/generator-0.22.yml": generator_input(mib, False),
        "snmp_exporter/generator.yml": generator_input(mib, True),
        "snmp_exporter/snmp-0.22.yml":
            text.header("Modules for snmp_exporter 0.22 and earlier.") + body,
        "snmp_exporter/snmp.yml":
            text.header("Modules for snmp_exporter 0.23 and later.") + split_auth(old),
    }
