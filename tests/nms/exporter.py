# SPDX-License-Identifier: ISC
"""exporter: conf/snmp_exporter/, written by the generator that comes with snmp_exporter 0.21."""
import errno
import os
import subprocess
import tempfile

import rows
import text
from mib import ROOT

# Whose name the rows of another table have.
NAMED_BY = {"srcPortOwnerProcessTable": "srcPortOwnerName", "srcPortAlarmTable": "srcPortAlarmKey"}


def _small(mib, table):
    """Few rows, of which managers want to see each: nothing of the network names them."""
    return not any(mib.object(index).kind == "address" for index in table.index)


def _modules(mib):
    """{module: what it walks}: what every host can be asked often, and the rest."""
    groups = sorted({scalar.oid.rsplit(".", 1)[0] for scalar in mib.scalars()})
    small = [table.name for table in mib.tables() if _small(mib, table)]
    return {"srcport": [mib.name_at(oid) for oid in groups] + small,
            "srcport_pools": [t.name for t in mib.tables() if t.name not in small]}


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


def _row_name(mib, table):
    """The column that is to be a label of a row; None where the index is as good."""
    if table.name in NAMED_BY:
        return NAMED_BY[table.name]
    name = rows.name_of(mib, table)
    by_name = len(table.index) == 1 and mib.object(table.index[0]).kind == "text"
    return None if name is None or by_name else name.name


def _lookups(mib, tables):
    found = []
    for table in mib.tables():
        name = _row_name(mib, table)
        if table.name in tables and name:
            found.append({"source_indexes": [one for one in table.index
                                             if not one.endswith("AddrType")], "lookup": name})
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
        if "SIGSEGV" in done.stdout:  # whatever the MIB
            raise FileNotFoundError(errno.ENOENT, "crashes", "prometheus-snmp-generator that works")
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
                                     "auth_protocol": "MD5", "priv_protocol": "DES",
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
