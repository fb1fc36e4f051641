# SPDX-License-Identifier: ISC
"""snmptt: conf/snmptt/snmptt.conf.srcportd, by the converter that comes with SNMPTT."""
import os
import subprocess
import tempfile

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
    # The converter's own header has the time and the paths of the run; severities and texts are
    # those of the comments in the MIB.
    made = convert(mib)
    made = made[made.index("EVENT "):]
    return {"snmptt/snmptt.conf.srcportd":
            text.header("Events of srcportd for SNMPTT.") + made.strip() + "\n"}
