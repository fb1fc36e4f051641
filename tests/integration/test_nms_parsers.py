#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The MIB as the compilers of other systems take it. libsmi and Net-SNMP are in check-mib."""
import os
import re
import subprocess

import harness as h
import nms


def test_pysmi():
    """pysmi, which pysnmp and others use."""
    mibdump = nms.need("mibdump", "python3-pysmi")
    # It finds modules by file name.
    # Some versions use importlib.machinery and leave its import to chance.
    done = subprocess.run(
        ["/usr/bin/python3", "-c", "import importlib.machinery, runpy, sys; del sys.argv[0]; "
         "runpy.run_path(sys.argv[0], run_name='__main__')", mibdump, "--mib-source=file://" + h.mib_directory(), "--destination-format=json",
         "--destination-directory=" + os.path.join(h.directory(), "json"), "--no-python-compile",
         "--disable-fuzzy-source", "SRCPORT-MIB"], env=dict(h.environment(), HOME=h.directory()),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, check=False)
    out = done.stdout
    assert done.returncode == 0, out
    assert re.search(r"^Created/updated MIBs: .*\bSRCPORT-MIB\b", out, re.M), out
    for what in ("Missing source MIBs", "Failed MIBs"):
        assert re.search(r"^%s: *$" % what, out, re.M), out
    with open(os.path.join(h.directory(), "json", "SRCPORT-MIB.json")) as file:
        made = file.read()
    for name in ("srcPortSystemSeverity", "srcPortPoolRemaining"):
        assert '"%s"' % name in made and h.dotted(name)[1:] in made, name


def test_snmp_exporter_generator():
    """The generator of snmp_exporter parses without an error."""
    generator = nms.need("prometheus-snmp-generator", "prometheus-snmp-exporter")
    nms.write("generator.yml", nms.conf("snmp_exporter/generator-0.22.yml"))
    done = subprocess.run([generator, "parse_errors"], cwd=h.directory(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, check=False,
                          env=dict(h.environment(), MIBS="ALL"))
    if "SIGSEGV" in done.stdout:  # as that of Debian sid did in 2026, with any MIB
        raise h.Skip("the generator of this snmp_exporter crashes")
    assert done.returncode == 0, done.stdout
    assert "SRCPORT" not in done.stdout and "rror" not in done.stdout.replace(
        "parse errors", ""), done.stdout


if __name__ == "__main__":
    h.main()
