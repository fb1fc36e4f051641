#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""SNMP stacks that share nothing with Net-SNMP walk everything, and see what Net-SNMP sees."""
import json
import os
import re
import shutil
import subprocess
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
    if subprocess.run([PYTHON, "-c", "import pysnmp.hlapi"], check=False,
                      stderr=subprocess.DEVNULL).returncode:
        raise h.Skip("no pysnmp here (Debian package python3-pysnmp4)")
    return walks(lambda version: [PYTHON, os.path.join(h.ROOT, "tests/nms/walk.py"), str(h.PORT),
                                  version, h.dotted("srcPortMIB")[1:]])


if __name__ == "__main__":
    if isolate.INSIDE not in os.environ:
        install_npm()
    h.main()
