# SPDX-License-Identifier: ISC
"""snmptt: conf/snmptt/snmptt.conf.srcportd, by the converter that comes with SNMPTT."""
import os
import re
import subprocess
import tempfile

import rows
import text
from mib import ROOT


def convert(mib):
    """What snmpttconvertmib makes of the notifications."""
    with tempfile.TemporaryDirectory() as scratch:
        modules, made = os.path.join(scratch, "mibs"), os.path.join(scratch, "snmptt.conf")
        subprocess.run([os.path.join(ROOT, "tests/base-mibs"), modules], check=True)
        os.symlink(mib.path, os.path.join(modules, "SRCPORT-MIB"))
        done = subprocess.run(
            ["snmpttconvertmib", "--in=" + os.path.join(modules, "SRCPORT-MIB"), "--out=" + made],
            check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True,
            env=dict(os.environ, MIBDIRS=modules, SNMPCONFPATH=scratch,
                     SNMP_PERSISTENT_DIR=scratch))
        if done.returncode or not os.path.exists(made):
            raise RuntimeError(done.stdout)
        with open(made) as file:
            return file.read()


def files(mib):
    """{path below conf/: text}; FileNotFoundError without the converter."""
    if not mib.notifications():
        return {}
    made = convert(mib)
    for one in mib.notifications():
        made = re.sub(r'^(EVENT %s \S+) "[^"]*" \S+$' % one.name,
                      r'\1 "Status Events" %s' % rows.severity_of(one).upper(), made, flags=re.M)
        message = rows.position(one, "Message")
        if message:
            made = re.sub(r"^(EVENT %s .*\n)FORMAT .*$" % one.name, r"\1FORMAT $%d" % message, made,
                          flags=re.M)
    # The converter's own header has the time and the paths of the run.
    made = re.sub(r"\A(#.*\n)+", "", made)
    return {"snmptt/snmptt.conf.srcportd":
            text.header("Events of srcportd for SNMPTT.") + made.strip() + "\n"}
